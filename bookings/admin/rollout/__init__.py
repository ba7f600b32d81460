"""The rollout in the admin, for owners: where it stands, what changes it, and its history."""

from bookings.admin.rollout.history import RolloutChangeAdmin, RolloutNoteAdmin

__all__ = ["RolloutChangeAdmin", "RolloutNoteAdmin"]
