"""The record of a decision: what is kept of it, encoded and decoded. Pure: no Django."""

from bookings.decision.record.limits_met import LimitMet, limits_met_by
from bookings.decision.record.wire import StateUnreadable, StoredState, decode_state, encode_state, reason_from

__all__ = [
    "LimitMet",
    "StateUnreadable",
    "StoredState",
    "decode_state",
    "encode_state",
    "limits_met_by",
    "reason_from",
]
