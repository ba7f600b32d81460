"""The bookings that wait for a decision, as every page counts them: found again only after a change. Never writes."""

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from cachetools import TTLCache, cached
from django.db.models import Count, DateField, F, Max, QuerySet, Sum

from bookings.models import Booking
from bookings.selectors.undecided import Problems, find_undecided
from capacity.calendar import ONE_DAY
from capacity.models import ServiceDay
from config.statements import AnyOf, Parameter, Statement, ids
from tables.models import Restaurant

MOST_COUNTED = 50


def count_undecided(restaurant_ids: Collection[int] | None = None) -> int | None:
    """Count the bookings that wait for a decision, in the queries of `find_undecided_lately`.

    None for all restaurants of an installation of more than MOST_COUNTED, 1 query: each has a list of its own.
    """
    if restaurant_ids is None:
        restaurant_ids = [pk for (pk,) in _RESTAURANTS.run()]
    return None if len(restaurant_ids) > MOST_COUNTED else len(find_undecided_lately(restaurant_ids))


_RESTAURANTS = Statement.of("first_restaurants", lambda: Restaurant.objects.values_list("pk")[: MOST_COUNTED + 1])


def find_undecided_lately(restaurant_ids: Collection[int]) -> Problems:
    """Find what `find_undecided` finds: 1 query, those above where anything has changed.

    It is kept in the process, for a minute at most, under the versions of the coming service days: every write of
    bookings, tables, blocks and settings raises one.
    """
    asked = tuple(sorted(restaurant_ids))
    versions = _VERSIONS.run(restaurant_ids=list(asked), since=datetime.now(UTC).date() - 2 * ONE_DAY)
    return _problems_as_of(asked, *sorted(versions))


def _versions() -> QuerySet[ServiceDay, tuple[Any, ...]]:
    coming = ServiceDay.objects.filter(
        AnyOf(F("restaurant_id"), ids("restaurant_ids")), business_date__gte=Parameter("since", DateField())
    )
    by_restaurant = coming.order_by().values("restaurant_id")
    return by_restaurant.annotate(days=Count("pk"), last=Max("pk"), versions=Sum("version")).values_list(
        "restaurant_id", "days", "last", "versions"
    )


_VERSIONS = Statement.of("versions_of_coming_days", _versions)


@cached(TTLCache(maxsize=1000, ttl=60), lock=Lock())
def _problems_as_of(restaurant_ids: tuple[int, ...], *versions: tuple[Any, ...]) -> Problems:
    return find_undecided(restaurant_ids)


def count_undecided_by_restaurant(restaurant_ids: Collection[int]) -> dict[int, int]:
    """Count the bookings that wait by restaurant; 1 query more if there are any."""
    found = find_undecided_lately(restaurant_ids)
    owners = Booking.objects.filter(pk__in=found).values_list("restaurant", flat=True) if found else ()
    return dict(Counter(owners))
