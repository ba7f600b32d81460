"""What a decision needs of its service days: loaded once, then asked many times."""

from bookings.day.book import DATES_AFTER, DATES_BEFORE, DayBook, SolvedSeating, load_day_book
from bookings.day.computed import compute_services, expected_services, last_end, list_stays
from bookings.day.holds import CountedParty
from bookings.day.keys import Interval, ServiceKey
from bookings.day.solving import LOCKED, READING, SOLVING, WITHOUT_EXACT

__all__ = [
    "DATES_AFTER",
    "DATES_BEFORE",
    "LOCKED",
    "READING",
    "SOLVING",
    "WITHOUT_EXACT",
    "CountedParty",
    "DayBook",
    "Interval",
    "ServiceKey",
    "SolvedSeating",
    "compute_services",
    "expected_services",
    "last_end",
    "list_stays",
    "load_day_book",
]
