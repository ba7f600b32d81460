"""Screens of bookings and of everything that was decided about them."""

from bookings.admin.booking import BookingAdmin
from bookings.admin.jobs import JobAdmin
from bookings.admin.ledger import DecisionAdmin
from bookings.admin.oversight import AuditRunAdmin, CapacityOverrideAdmin
from bookings.admin.rollout import RolloutChangeAdmin, RolloutNoteAdmin

__all__ = [
    "AuditRunAdmin",
    "BookingAdmin",
    "CapacityOverrideAdmin",
    "DecisionAdmin",
    "JobAdmin",
    "RolloutChangeAdmin",
    "RolloutNoteAdmin",
]
