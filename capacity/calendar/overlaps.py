"""Periods of one restaurant must be disjoint: the weekly cycle, validity, special hours, midnight.

Judged on the wall clock. That makes slots disjoint in every zone, since an instant has one wall time only.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import combinations

from capacity.calendar.hours import PeriodHours
from capacity.calendar.wall_clock import MINUTES_PER_DAY
from config.values import FIRST_DATE, LAST_DATE


def find_overlaps(periods: Sequence[PeriodHours]) -> tuple[tuple[PeriodHours, PeriodHours], ...]:
    """Return every pair of periods of one restaurant that meet on some date, also across midnight.

    Special hours take the whole of their date. Back to back is no overlap.
    """
    special_dates = frozenset(period.on_date for period in periods if period.on_date)
    return tuple(pair for pair in combinations(periods, 2) if _overlap(*pair, special_dates))


def _overlap(first: PeriodHours, second: PeriodHours, special_dates: frozenset[date]) -> bool:
    # No period is longer than 24 hours: only dates next to each other can meet.
    return any(_meet(first, second, days) and _share_date(first, second, days, special_dates) for days in (-1, 0, 1))


def _meet(first: PeriodHours, second: PeriodHours, days: int) -> bool:
    shift = days * MINUTES_PER_DAY
    return first.start_minute < second.end_minute + shift and second.start_minute + shift < first.end_minute


def _share_date(first: PeriodHours, second: PeriodHours, days: int, special_dates: frozenset[date]) -> bool:
    """Say whether there is a date on which `first` is offered and, `days` later, `second`."""
    later = timedelta(days=days)
    (first_from, first_to), (second_from, second_to) = _validity(first), _validity(second)
    from_date, to_date = max(first_from, second_from - later), min(first_to, second_to - later)
    # A shared weekday comes once a week, and a special date can spoil one of its weeks: one week more always tells.
    span = min(7 * (1 + len(special_dates)), (to_date - from_date).days + 1)
    return any(
        _is_offered(first, candidate, special_dates) and _is_offered(second, candidate + later, special_dates)
        for candidate in (from_date + timedelta(days=day) for day in range(span))
    )


def _is_offered(period: PeriodHours, business_date: date, special_dates: frozenset[date]) -> bool:
    if period.on_date is not None:
        return period.on_date == business_date
    return business_date not in special_dates and period.is_regular_on(business_date)


def _validity(period: PeriodHours) -> tuple[date, date]:
    """Return the first and last date of a period; an open end is that of all business dates."""
    first = period.on_date or period.valid_from or FIRST_DATE
    last = period.on_date or period.valid_to or LAST_DATE
    return max(first, FIRST_DATE), min(last, LAST_DATE)
