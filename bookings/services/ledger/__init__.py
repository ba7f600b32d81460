"""Write what was decided to the ledger."""

from bookings.services.ledger.recording import record_stay_override, recording
from bookings.services.ledger.trail import DecisionTrail

__all__ = ["DecisionTrail", "record_stay_override", "recording"]
