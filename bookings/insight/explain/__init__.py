"""Why a party is taken or refused, what holds the tables, and the smallest changes that would make room. Reads only."""

from bookings.insight.explain.explaining import Comparison, ExplainedSeat, Explanation, explain_availability
from bookings.insight.explain.first_fit import FirstFit, first_fit
from bookings.insight.explain.holders import Holder, HolderState
from bookings.insight.explain.levers import Lever, LeverKind, RaisedLimit
from bookings.selectors.plans import ExplainedMove, ExplainedPlan, Names

__all__ = [
    "Comparison",
    "ExplainedMove",
    "ExplainedPlan",
    "ExplainedSeat",
    "Explanation",
    "FirstFit",
    "Holder",
    "HolderState",
    "Lever",
    "LeverKind",
    "Names",
    "RaisedLimit",
    "explain_availability",
    "first_fit",
]
