"""The models of bookings, their history and tables; of decisions, overrides and audits; of the rollout,
and of the people of a restaurant."""

from bookings.models.access import ApiKey, Membership
from bookings.models.booking import IDEMPOTENCY_KEY_LENGTH, Booking, BookingEvent, TableAssignment
from bookings.models.decision import Decision
from bookings.models.oversight import AuditedDay, AuditRun, CapacityOverride
from bookings.models.rollout import RolloutChange, RolloutNote

__all__ = [
    "IDEMPOTENCY_KEY_LENGTH",
    "ApiKey",
    "AuditRun",
    "AuditedDay",
    "Booking",
    "BookingEvent",
    "CapacityOverride",
    "Decision",
    "Membership",
    "RolloutChange",
    "RolloutNote",
    "TableAssignment",
]
