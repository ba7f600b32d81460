"""Write what was decided to the ledger."""

from bookings.services.ledger.trail import DecisionTrail
from bookings.services.ledger.writing import record_stay_override, recording

__all__ = ["DecisionTrail", "record_stay_override", "recording"]
