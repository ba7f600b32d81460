"""The bookings that wait for a decision, as every page counts them: found again only after a change. Never writes."""

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from threading import Lock

from cachetools import TTLCache, cached
from django.db.models import Count, Max, Sum

from bookings.models import Booking
from bookings.selectors.undecided import Problems, find_undecided
from capacity.calendar import ONE_DAY
from capacity.models import ServiceDay
from tables.models import Restaurant

MOST_COUNTED = 50


def count_undecided(restaurant_ids: Collection[int] | None = None) -> int | None:
    """Count the bookings that wait for a decision, in the queries of `find_undecided_lately`.

    None for all restaurants of an installation of more than MOST_COUNTED, 1 query: each has a list of its own.
    """
    if restaurant_ids is None:
        restaurant_ids = Restaurant.objects.values_list("pk", flat=True)[: MOST_COUNTED + 1]
    return None if len(restaurant_ids) > MOST_COUNTED else len(find_undecided_lately(restaurant_ids))


def find_undecided_lately(restaurant_ids: Collection[int]) -> Problems:
    """Find what `find_undecided` finds: 1 query, those above where anything has changed.

    It is kept in the process, for a minute at most, under the versions of the coming service days: every write of
    bookings, tables, blocks and settings raises one.
    """
    days = ServiceDay.objects.filter(
        restaurant__in=list(restaurant_ids), business_date__gte=datetime.now(UTC).date() - 2 * ONE_DAY
    )
    versions = days.aggregate(Count("pk"), Max("pk"), Sum("version")).values()
    return _problems_as_of(tuple(sorted(restaurant_ids)), *versions)


@cached(TTLCache(maxsize=1000, ttl=60), lock=Lock())
def _problems_as_of(restaurant_ids: tuple[int, ...], *versions: int | None) -> Problems:
    return find_undecided(restaurant_ids)


def count_undecided_by_restaurant(restaurant_ids: Collection[int]) -> dict[int, int]:
    """Count the bookings that wait by restaurant; 1 query more if there are any."""
    found = find_undecided_lately(restaurant_ids)
    owners = Booking.objects.filter(pk__in=found).values_list("restaurant", flat=True) if found else ()
    return dict(Counter(owners))
