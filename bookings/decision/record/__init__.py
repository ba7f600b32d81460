"""The record of a decision: its stored values, encoded and decoded. Pure: no Django."""

from bookings.decision.record.wire import (
    StateUnreadable,
    StoredState,
    decode_state,
    encode_state,
    limits_met_by,
    reason_from,
)

__all__ = [
    "StateUnreadable",
    "StoredState",
    "decode_state",
    "encode_state",
    "limits_met_by",
    "reason_from",
]
