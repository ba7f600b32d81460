"""Ask policy and seating: may this party start then? One answer for every caller."""

from bookings.availability.assessment import (
    Assessment,
    assess,
    assess_case,
    assess_settled,
    is_refused_by_limits,
    is_refused_without_a_day,
)
from bookings.availability.judging import DecisionCase, Judgement, judge
from bookings.availability.starts import ALTERNATIVES_WITHIN, assess_slots, find_alternatives
from bookings.availability.wishes import StartTime, Wish, blocked_interval, read_wish, seating_request, stay_interval

__all__ = [
    "ALTERNATIVES_WITHIN",
    "Assessment",
    "DecisionCase",
    "Judgement",
    "StartTime",
    "Wish",
    "assess",
    "assess_case",
    "assess_settled",
    "assess_slots",
    "blocked_interval",
    "find_alternatives",
    "is_refused_by_limits",
    "is_refused_without_a_day",
    "judge",
    "read_wish",
    "seating_request",
    "stay_interval",
]
