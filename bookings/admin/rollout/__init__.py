"""The rollout in the admin, for owners: its standing, its steps and its history."""

from bookings.admin.rollout.history import RolloutChangeAdmin, RolloutNoteAdmin

__all__ = ["RolloutChangeAdmin", "RolloutNoteAdmin"]
