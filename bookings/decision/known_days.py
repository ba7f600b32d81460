"""The rows of service days by their keys and times, which change with the settings alone: kept in the process."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock
from uuid import UUID

from cachetools import LRUCache

from bookings.decision.computed import ServiceKey
from capacity.models import ServiceDay
from capacity.selectors import ServiceSettings
from tables.spans import TimeSpan


@dataclass(frozen=True, slots=True)
class KnownDay(TimeSpan):
    """A service day that has a row: its id, its key, the name of its period; as a span it lasts as the row says."""

    service_day_id: int
    key: ServiceKey
    period_name: str


# By version of the settings and business date. A row that is created is of an offered service, and one that is moved or
# deleted goes with a change of the settings: so all that may be unknown is a service without a row, and whoever needs
# one looks again.
_kept: LRUCache[tuple[UUID, date], tuple[KnownDay, ...]] = LRUCache(maxsize=16_384)
_keeping = Lock()


def list_known_days(
    settings: ServiceSettings, first: date, last: date, needed: Collection[ServiceKey]
) -> tuple[KnownDay, ...]:
    """List the service days with a row on business dates (inclusive); 1 query unless they are known, all of the needed.

    `needed` are the services of these dates whose row must not be missed.
    """
    dates = [first + timedelta(days=day) for day in range((last - first).days + 1)]
    with _keeping:
        kept = [_kept.get((settings.version, on)) for on in dates]
    known = [day for days in kept for day in days or ()]
    if None not in kept and {day.key for day in known}.issuperset(needed):
        return tuple(known)
    found: defaultdict[date, list[KnownDay]] = defaultdict(list)
    for day in _read_days(settings.restaurant.pk, first, last):
        found[day.key.business_date].append(day)
    with _keeping:
        _kept.update({(settings.version, on): tuple(found[on]) for on in dates})
    return tuple(day for on in dates for day in found[on])


def _read_days(restaurant_id: int, first: date, last: date) -> Iterator[KnownDay]:
    rows = ServiceDay.objects.filter(restaurant_id=restaurant_id, business_date__range=(first, last)).values_list(
        "starts_at", "ends_at", "pk", "service_period_id", "business_date", "service_period__name"
    )
    for starts_at, ends_at, pk, period_id, business_date, period_name in rows.order_by("pk"):
        yield KnownDay(starts_at, ends_at, pk, ServiceKey(period_id, business_date), period_name)
