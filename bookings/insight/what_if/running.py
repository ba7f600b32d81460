"""The run of a what-if: a past period decided again, under two settings. Nothing is written."""

from collections.abc import Callable
from datetime import date

from bookings.insight.what_if.comparing import compare
from bookings.insight.what_if.house import KnownIds, house_of
from bookings.insight.what_if.loading import count_requests, load_record
from bookings.insight.what_if.proposal import read_proposal
from bookings.insight.what_if.results import WhatIf
from bookings.insight.what_if.simulation import simulate
from bookings.restaurant_file.stored import load_stored, to_file
from capacity.selectors import read_clock
from config.errors import InputInvalid
from config.replica import reads_replica
from config.values import FIRST_DATE, LAST_DATE, counted
from tables.models import Restaurant

LONGEST_DAYS = 366
Progress = Callable[[int], Callable[[], object]]


class TooManyRequests(InputInvalid):
    """There are more requests in the period than may be simulated at once."""

    def __init__(self, found: int, at_most: int) -> None:
        self.found, self.at_most = found, at_most
        problem = {"code": "too_many", "message": f"{counted(found, 'request')} in this period; at most {at_most}"}
        super().__init__({"to": [problem]})


@reads_replica
def run_what_if(
    *,
    slug: str,
    from_date: date,
    to_date: date,
    content: bytes,
    at_most: int | None = None,
    progress: Progress = lambda _total: lambda: None,
) -> WhatIf:
    """Decide the requests for business dates (inclusive) anew: as the settings are, and as a file would have them.

    A run reads in at most 22 queries and writes nothing. `progress` gets the number of decisions and returns the
    function to call after each.

    Raises: `RecordNotFound`, `RestaurantFileInvalid`, `TooManyRequests` for more than `at_most` requests,
    `InputInvalid` for dates that are none.
    """
    _require_dates(from_date, to_date)
    stored = load_stored(slug)
    current = to_file(stored)
    proposed = read_proposal(content, current)
    restaurant: Restaurant = stored.restaurant.row if stored.restaurant else Restaurant()
    found = count_requests(restaurant.pk, from_date, to_date)
    if at_most is not None and found > at_most:
        raise TooManyRequests(found, at_most)
    record, known, now = load_record(restaurant.pk, from_date, to_date), KnownIds.of(stored), read_clock()
    tick = progress(2 * (len(record.requests) + len(record.changes)))
    today, other = (
        simulate(record, house_of(restaurant.pk, file, known, now=now), tick=tick) for file in (current, proposed)
    )
    return compare(restaurant, record, today, other)


def _require_dates(from_date: date, to_date: date) -> None:
    for field, on in (("from", from_date), ("to", to_date)):
        if not FIRST_DATE <= on <= LAST_DATE:
            years = f"{FIRST_DATE.year} to {LAST_DATE.year}"
            raise InputInvalid.of_field(field, "out_of_range", f"Must be a date of the years {years}.")
    if to_date < from_date:
        raise InputInvalid.of_field("to", "before_from", "The last date must not be before the first.")
    if (to_date - from_date).days >= LONGEST_DAYS:
        raise InputInvalid.of_field("to", "too_long", f"At most {LONGEST_DAYS} days at once.")
