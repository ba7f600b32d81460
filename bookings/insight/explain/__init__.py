"""The reasons for taking or refusing a party, the holders of the tables, and the smallest changes that make room."""

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
