"""The ledger of decisions: what is kept of a decision, and deciding it again from that. Pure: no Django."""

from bookings.ledger.facts import LimitMet, limits_met_by
from bookings.ledger.replay import Replayed, Verdict, decide_again
from bookings.ledger.wire import StateUnreadable, StoredState, decode_state, encode_state, reason_from

__all__ = [
    "LimitMet",
    "Replayed",
    "StateUnreadable",
    "StoredState",
    "Verdict",
    "decide_again",
    "decode_state",
    "encode_state",
    "limits_met_by",
    "reason_from",
]
