"""The reads of bookings and availability. They never write, and never create a service day."""

from bookings.selectors.availability import (
    DayAvailability,
    DaysAvailability,
    DayVerdict,
    TimeAvailability,
    Utilization,
    check_time,
    find_restaurant_id,
    get_utilization,
    list_alternatives,
    list_available_days,
    list_day_slots,
)
from bookings.selectors.bookings import find_by_key, get_latest_audit, get_managed_booking
from bookings.selectors.excess import LimitKey, list_authorised, list_excesses

__all__ = [
    "DayAvailability",
    "DayVerdict",
    "DaysAvailability",
    "LimitKey",
    "TimeAvailability",
    "Utilization",
    "check_time",
    "find_by_key",
    "find_restaurant_id",
    "get_latest_audit",
    "get_managed_booking",
    "get_utilization",
    "list_alternatives",
    "list_authorised",
    "list_available_days",
    "list_day_slots",
    "list_excesses",
]
