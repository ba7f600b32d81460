"""What a decision needs of its service days: loaded once, then asked many times."""

from bookings.day.book import READING, DayBook, SolvedSeating, load_day_book
from bookings.day.computed import compute_services, expected_services, last_end, list_stays
from bookings.day.holds import Hold
from bookings.day.keys import Interval, ServiceKey

__all__ = [
    "READING",
    "DayBook",
    "Hold",
    "Interval",
    "ServiceKey",
    "SolvedSeating",
    "compute_services",
    "expected_services",
    "last_end",
    "list_stays",
    "load_day_book",
]
