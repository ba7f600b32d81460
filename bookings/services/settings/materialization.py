"""Create the rows of service days and slots that are offered but not yet there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from bookings.choices import COUNTING_STATUSES
from bookings.decision import ServiceKey, compute_services, expected_services
from bookings.models import Booking
from bookings.selectors import list_authorised
from bookings.services.rows.overrides import record_settings_excess
from capacity.calendar import ONE_DAY, ServiceTimes
from capacity.limits import LIMIT_OF
from capacity.locks import lock_service_days
from capacity.models import BookingSlot, ServiceDay
from capacity.policy import LimitUse, ServiceState, SlotState
from capacity.selectors import ServiceSettings, get_service_settings
from config.transactions import settings_transaction
from tables.locks import share_restaurant_settings

DATES_PER_TRANSACTION = 14


@dataclass(frozen=True)
class Materialization:
    """The numbers of rows that were, or would be, created."""

    days_created: int = 0
    slots_created: int = 0

    def __add__(self, other: "Materialization") -> "Materialization":
        return Materialization(self.days_created + other.days_created, self.slots_created + other.slots_created)


def materialize_service_days(*, restaurant_id: int, from_date: date, to_date: date) -> Materialization:
    """Create the missing rows of business dates (inclusive); existing rows stay untouched.

    Locks the restaurant row FOR SHARE, then the service days of stays that reach into new ones. Each 14 dates have a
    transaction of their own, so that a change of settings never waits long.

    Raises: `RecordNotFound`, `BookingConflict`.
    """
    done = Materialization()
    for first, last in date_batches(from_date, to_date):
        done += _create_service_days(restaurant_id, first, last)
    return done


def materialize_missing(*, restaurant_id: int, keys: Iterable[ServiceKey]) -> Materialization:
    """Create the missing rows on the dates of some service days; see above."""
    dates = [key.business_date for key in keys]
    return materialize_service_days(restaurant_id=restaurant_id, from_date=min(dates), to_date=max(dates))


def plan_materialization(*, restaurant_id: int, from_date: date, to_date: date) -> Materialization:
    """Return the numbers of rows that `materialize_service_days` would create; writes nothing.

    Raises: `RecordNotFound`.
    """
    settings = get_service_settings(restaurant_id)
    missing = _missing(settings, from_date, to_date)
    return Materialization(len(missing), sum(len(service.slots) for service in missing.values()))


def date_batches(from_date: date, to_date: date) -> Iterator[tuple[date, date]]:
    """Yield the dates (inclusive) in spans of 14."""
    step = timedelta(days=DATES_PER_TRANSACTION)
    while from_date <= to_date:
        yield from_date, min(from_date + step - ONE_DAY, to_date)
        from_date += step


@settings_transaction
def _create_service_days(restaurant_id: int, from_date: date, to_date: date) -> Materialization:
    share_restaurant_settings(restaurant_id)
    settings = get_service_settings(restaurant_id)
    missing = _missing(settings, from_date, to_date)
    _lock_stays_counted_in(settings, missing)
    return insert_services(settings, compute_services(settings, missing))


def _lock_stays_counted_in(settings: ServiceSettings, missing: Mapping[ServiceKey, ServiceTimes]) -> None:
    """Lock the service days of the stays that reach into new ones.

    A stay that is cancelled between count and insert would be counted there for ever. New stays need no lock: a booking
    that touches a service waits until it has a row.
    """
    if not missing:
        return
    meets = (
        Q(starts_at__lt=service.slots[-1].ends_at, ends_at__gt=service.slots[0].starts_at)
        for service in missing.values()
    )
    reaching = Booking.objects.filter(
        Q(*meets, _connector=Q.OR), restaurant_id=settings.restaurant.pk, status__in=COUNTING_STATUSES
    )
    if ids := set(reaching.order_by().values_list("service_day_id", flat=True)):
        lock_service_days(ids)


def _missing(settings: ServiceSettings, first: date, last: date) -> dict[ServiceKey, ServiceTimes]:
    stored = ServiceDay.objects.filter(
        restaurant_id=settings.restaurant.pk, business_date__range=(first, last)
    ).values_list("service_period_id", "business_date")
    there = {ServiceKey(*key) for key in stored}
    expected = expected_services(settings, first, last)
    return {key: service for key, service in expected.items() if key not in there}


def insert_services(settings: ServiceSettings, services: Sequence[ServiceState]) -> Materialization:
    """Insert computed service days with their slots; a day that another creator just made stays as it is."""
    if not services:
        return Materialization()
    restaurant_id = settings.restaurant.pk
    ServiceDay.objects.bulk_create([_day_row(restaurant_id, service) for service in services], ignore_conflicts=True)
    ids = _ids_by_key(restaurant_id, services)
    slots = [
        _slot_row(restaurant_id, ids[ServiceKey(service.period_id, service.business_date)], slot)
        for service in services
        for slot in service.slots
    ]
    BookingSlot.objects.bulk_create(slots, ignore_conflicts=True, batch_size=2000)
    record_settings_excess(
        restaurant_id,
        ids.values(),
        before=list_authorised(ids.values()),
        reason="Service created over earlier bookings",
    )
    return Materialization(len(services), len(slots))


def _ids_by_key(restaurant_id: int, services: Sequence[ServiceState]) -> dict[ServiceKey, int]:
    wanted = {ServiceKey(service.period_id, service.business_date) for service in services}
    rows = ServiceDay.objects.filter(
        restaurant_id=restaurant_id, business_date__in={key.business_date for key in wanted}
    ).values_list("service_period_id", "business_date", "pk")
    ids = {ServiceKey(period_id, business_date): pk for period_id, business_date, pk in rows}
    return {key: ids[key] for key in wanted}


def _day_row(restaurant_id: int, service: ServiceState) -> ServiceDay:
    return ServiceDay(
        restaurant_id=restaurant_id,
        service_period_id=service.period_id,
        business_date=service.business_date,
        starts_at=service.starts_at,
        ends_at=service.ends_at,
        **_limit_columns(service.uses()),
    )


def _slot_row(restaurant_id: int, service_day_id: int, slot: SlotState) -> BookingSlot:
    return BookingSlot(
        restaurant_id=restaurant_id,
        service_day_id=service_day_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        **_limit_columns(slot.uses()),
    )


def _limit_columns(uses: Iterable[LimitUse]) -> dict[str, int | None]:
    columns: dict[str, int | None] = {}
    for use in uses:
        limit = LIMIT_OF[use.code]
        columns |= {limit.column: use.limit, limit.counter: use.used, limit.excess: use.excess}
    return columns
