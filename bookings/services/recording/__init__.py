"""Write what was decided to the ledger."""

from bookings.services.recording.notes import DecisionTrail
from bookings.services.recording.writing import recording

__all__ = ["DecisionTrail", "recording"]
