"""Keep service days and slots there well ahead of the guests."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import structlog
from django.db import connection
from procrastinate.types import JSONDict, JSONValue

from bookings.services.settings.materialization import Materialization, materialize_service_days
from bookings.services.upkeep.deferral import MATERIALIZE_RESTAURANTS, defer_jobs, defer_materializations
from capacity.selectors import read_clock
from tables.models import Restaurant

logger = structlog.stdlib.get_logger(__name__)

DAYS_AHEAD = 60
# A job for each restaurant would cost as much as its one new date; a killed worker's job runs again, and passes by what
# is there.
RESTAURANTS_A_JOB = 100


@dataclass(frozen=True)
class RestaurantDone:
    """The rows that were created for a restaurant, and the error that ended that, if one did."""

    restaurant: Restaurant
    created: Materialization
    error: Exception | None = None


def materialize_restaurants(
    restaurants: Sequence[Restaurant], *, connections: int, from_date: date | None = None, days: int = DAYS_AHEAD
) -> Iterator[RestaurantDone]:
    """Create the missing days of restaurants, several at once; yield each in the order given.

    Of each the first date is today on its wall by default. At most `connections` work at once, each on one of its own.
    One that fails keeps no other back. Locks as `materialize_service_days`.
    """
    create = partial(_materialize_one, from_date=from_date, days=days)
    with ThreadPoolExecutor(connections) as pool:
        try:
            yield from pool.map(create, restaurants)
        finally:
            # Whoever looks no further, as after Ctrl-C, waits for those that have begun.
            pool.shutdown(cancel_futures=True)


def _materialize_one(restaurant: Restaurant, *, from_date: date | None, days: int) -> RestaurantDone:
    try:
        first = from_date or read_clock().astimezone(restaurant.zone).date()
        created = materialize_service_days(
            restaurant_id=restaurant.pk, from_date=first, to_date=first + timedelta(days=days - 1)
        )
    # Whatever it is, the others have their days; the caller names it.
    except Exception as error:
        return RestaurantDone(restaurant, Materialization(), error)
    finally:
        connection.close()
    return RestaurantDone(restaurant, created)


def materialize_coming_days(*, restaurant_id: int) -> Materialization:
    """Create the missing days of a restaurant's next 60 dates, today on its wall included; none if it is gone.

    Locks as `materialize_service_days`.

    Raises: `BookingConflict`.
    """
    restaurant = Restaurant.objects.filter(pk=restaurant_id).first()
    if restaurant is None:
        return Materialization()
    today = read_clock().astimezone(restaurant.zone).date()
    return materialize_service_days(
        restaurant_id=restaurant_id, from_date=today, to_date=today + timedelta(days=DAYS_AHEAD - 1)
    )


def materialize_coming_days_of(*, restaurant_ids: Iterable[int]) -> None:
    """Create the above for restaurants, one after the other; for one that fails a job of its own is deferred."""
    for restaurant_id in restaurant_ids:
        try:
            materialize_coming_days(restaurant_id=restaurant_id)
        # Whatever it is, the others have their days, and the job tries again.
        except Exception:
            logger.warning("coming days not created", restaurant_id=restaurant_id, exc_info=True)
            defer_materializations(restaurant_ids=[restaurant_id])


def defer_coming_days() -> None:
    """Defer the above for every active restaurant, a hundred a job: as many jobs run at once as there are workers."""
    active: list[JSONValue] = list(Restaurant.objects.filter(active=True).order_by("pk").values_list("pk", flat=True))
    arguments: list[JSONDict] = [
        {"restaurant_ids": active[start : start + RESTAURANTS_A_JOB]}
        for start in range(0, len(active), RESTAURANTS_A_JOB)
    ]
    defer_jobs(MATERIALIZE_RESTAURANTS, *arguments)
