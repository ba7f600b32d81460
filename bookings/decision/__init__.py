"""The loaded days of a decision: read once, then asked many times."""

from bookings.decision.assessment import (
    Assessment,
    DecisionCase,
    Judgement,
    assess,
    assess_settled,
    is_refused_by_limits,
    is_refused_without_a_day,
    judge,
    needs_table,
    solved_seating,
)
from bookings.decision.holds import CountedParty, without_parties
from bookings.decision.loaded_days import (
    DATES_AFTER,
    DATES_BEFORE,
    LoadedDays,
    SolvedSeating,
    evening_of,
    load_days,
)
from bookings.decision.occupied import TableUse, seating_state
from bookings.decision.requests import StartTime, Wish, blocked_interval, read_wish, seating_request, stay_interval
from bookings.decision.service_days import (
    ServiceKey,
    compute_services,
    computed_service,
    expected_services,
    last_end,
    list_stays,
)
from bookings.decision.starts import ALTERNATIVES_WITHIN, assess_slots, dates_near, find_alternatives
from bookings.decision.stored_days import LONGEST_SLOT
from bookings.decision.time_budgets import LOCKED, READING, SOLVING, WITHOUT_EXACT

__all__ = [
    "ALTERNATIVES_WITHIN",
    "DATES_AFTER",
    "DATES_BEFORE",
    "LOCKED",
    "LONGEST_SLOT",
    "READING",
    "SOLVING",
    "WITHOUT_EXACT",
    "Assessment",
    "CountedParty",
    "DecisionCase",
    "Judgement",
    "LoadedDays",
    "ServiceKey",
    "SolvedSeating",
    "StartTime",
    "TableUse",
    "Wish",
    "assess",
    "assess_settled",
    "assess_slots",
    "blocked_interval",
    "compute_services",
    "computed_service",
    "dates_near",
    "evening_of",
    "expected_services",
    "find_alternatives",
    "is_refused_by_limits",
    "is_refused_without_a_day",
    "judge",
    "last_end",
    "list_stays",
    "load_days",
    "needs_table",
    "read_wish",
    "seating_request",
    "seating_state",
    "solved_seating",
    "stay_interval",
    "without_parties",
]
