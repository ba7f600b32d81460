"""The models of bookings, their history and tables; of decisions, overrides and audits; and of the rollout."""

from bookings.models.access import ApiKey
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
    "RolloutChange",
    "RolloutNote",
    "TableAssignment",
]
