"""What a decision needs of its service days: loaded once, then asked many times."""

from bookings.day.book import DATES_AFTER, DATES_BEFORE, DayBook, SolvedSeating, evening_of, load_day_book
from bookings.day.computed import compute_services, computed_service, expected_services, last_end, list_stays
from bookings.day.floor import TableUse, seating_state
from bookings.day.holds import CountedParty, without_parties
from bookings.day.keys import Interval, ServiceKey
from bookings.day.rows import LONGEST_SLOT
from bookings.day.solving import LOCKED, READING, SOLVING, WITHOUT_EXACT

__all__ = [
    "DATES_AFTER",
    "DATES_BEFORE",
    "LOCKED",
    "LONGEST_SLOT",
    "READING",
    "SOLVING",
    "WITHOUT_EXACT",
    "CountedParty",
    "DayBook",
    "Interval",
    "ServiceKey",
    "SolvedSeating",
    "TableUse",
    "compute_services",
    "computed_service",
    "evening_of",
    "expected_services",
    "last_end",
    "list_stays",
    "load_day_book",
    "seating_state",
    "without_parties",
]
