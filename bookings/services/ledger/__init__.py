"""Write what was decided to the ledger."""

from bookings.services.ledger.trail import DecisionTrail
from bookings.services.ledger.writing import recording

__all__ = ["DecisionTrail", "recording"]
