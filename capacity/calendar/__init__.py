"""Service periods on the calendar: slot grid, time zones, midnight, turn times.

Pure: knows no Django and no clock. A time of a service is counted in wall-clock minutes from the midnight of its
business date. So 17:00 is 1020, and half past one after that midnight is 1530. An instant is always an aware UTC
datetime; a naive one is a ValueError.
"""

from capacity.calendar.grid import ServiceTimes, SlotTime, service_times
from capacity.calendar.hours import (
    PeriodHours,
    RequestedTime,
    TurnBand,
    find_band_gaps,
    longest_turn_minutes,
    periods_on,
    resolve_instant,
    resolve_time,
    turn_minutes,
)
from capacity.calendar.overlaps import find_overlaps
from capacity.calendar.wall_clock import ONE_DAY, ONE_MINUTE, iso_utc, local_wall_time, this_minute

__all__ = [
    "ONE_DAY",
    "ONE_MINUTE",
    "PeriodHours",
    "RequestedTime",
    "ServiceTimes",
    "SlotTime",
    "TurnBand",
    "find_band_gaps",
    "find_overlaps",
    "iso_utc",
    "local_wall_time",
    "longest_turn_minutes",
    "periods_on",
    "resolve_instant",
    "resolve_time",
    "service_times",
    "this_minute",
    "turn_minutes",
]
