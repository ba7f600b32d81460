"""Create the rows of service days and slots that are offered but not yet there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from bookings.choices import COUNTING_STATUSES
from bookings.decision import ServiceKey, compute_services
from bookings.models import Booking
from bookings.selectors import list_authorised
from bookings.services.rows.overrides import record_settings_excess
from capacity.calendar import ServiceTimes, service_times
from capacity.limits import LIMIT_OF
from capacity.locks import lock_service_days
from capacity.models import ServiceDay
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

    Locks the restaurant row FOR SHARE, then the service days of stays that reach into new ones. A transaction creates
    at most 14 dates, so that a change of settings never waits long, and passes by those that are there: a night that
    has one new date is one transaction, and so is a call that has nothing to do.

    Raises: `RecordNotFound`, `BookingConflict`.
    """
    done = Materialization()
    first: date | None = from_date
    while first is not None and first <= to_date:
        created, first = _create_next_dates(restaurant_id, first, to_date)
        done += created
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


@settings_transaction
def _create_next_dates(restaurant_id: int, from_date: date, to_date: date) -> tuple[Materialization, date | None]:
    """Create the first dates that miss a row; return what was created, and the date to go on from if more do."""
    # Before all that is read, also where nothing is missing: a job that is taken up while a change of settings is open
    # stands for what that change wants.
    share_restaurant_settings(restaurant_id)
    settings = get_service_settings(restaurant_id)
    missing = _missing(settings, from_date, to_date)
    dates = sorted({key.business_date for key in missing})
    rest = dates[DATES_PER_TRANSACTION:]
    now = {key: service for key, service in missing.items() if key.business_date not in rest}
    _lock_stays_counted_in(settings, now)
    return insert_services(settings, compute_services(settings, now)), rest[0] if rest else None


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
    """Return the services that are offered and have no row; the grid is worked out for these alone."""
    stored = ServiceDay.objects.filter(
        restaurant_id=settings.restaurant.pk, business_date__range=(first, last)
    ).values_list("service_period_id", "business_date")
    there = {ServiceKey(*key) for key in stored}
    house = settings.restaurant
    dates = (first + timedelta(days=day) for day in range((last - first).days + 1))
    services = {
        ServiceKey(period.period_id, business_date): service_times(
            period, business_date, settings.zone, house.slot_minutes
        )
        for business_date in dates
        for period in settings.periods_on(business_date)
        if ServiceKey(period.period_id, business_date) not in there
    }
    return {key: service for key, service in services.items() if service.slots}


def insert_services(settings: ServiceSettings, services: Sequence[ServiceState]) -> Materialization:
    """Insert computed service days with their slots; a day that another creator just made stays as it is."""
    if not services:
        return Materialization()
    restaurant_id = settings.restaurant.pk
    ServiceDay.objects.bulk_create([_day_row(restaurant_id, service) for service in services], ignore_conflicts=True)
    ids = _ids_by_key(restaurant_id, services)
    slots_created = sum(len(service.slots) for service in services)
    _insert_slots(
        restaurant_id,
        [
            (ids[ServiceKey(service.period_id, service.business_date)], slot)
            for service in services
            for slot in service.slots
        ],
    )
    if _have_excess(services):
        record_settings_excess(
            restaurant_id,
            ids.values(),
            before=list_authorised(ids.values()),
            reason="Service created over earlier bookings",
        )
    return Materialization(len(services), slots_created)


def _have_excess(services: Sequence[ServiceState]) -> bool:
    return any(use.excess for service in services for use in service.uses()) or any(
        use.excess for service in services for slot in service.slots for use in slot.uses()
    )


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


def _insert_slots(restaurant_id: int, slots: Sequence[tuple[int, SlotState]]) -> None:
    """Insert the slots of service days, given by id, in 1 statement; one that is there stays as it is.

    Nearly all that a night writes: by the ORM each of them costs six times as much.
    """
    limits = [_limit_columns(slot.uses()) for _, slot in slots]
    columns: dict[str, tuple[str, list[Any]]] = {
        "service_day_id": ("bigint", [service_day_id for service_day_id, _ in slots]),
        "starts_at": ("timestamptz", [slot.starts_at for _, slot in slots]),
        "ends_at": ("timestamptz", [slot.ends_at for _, slot in slots]),
        **{name: ("int", [row[name] for row in limits]) for name in limits[0]},
    }
    arrays = ", ".join(f"%s::{kind}[]" for kind, _ in columns.values())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO booking_slots (restaurant_id, bookable, version, {', '.join(columns)})"  # noqa: S608 - names of columns
            f" SELECT %s, true, 1, row.* FROM unnest({arrays}) AS row ON CONFLICT DO NOTHING",
            [restaurant_id, *(values for _, values in columns.values())],
        )


def _limit_columns(uses: Iterable[LimitUse]) -> dict[str, int | None]:
    columns: dict[str, int | None] = {}
    for use in uses:
        limit = LIMIT_OF[use.code]
        columns |= {limit.column: use.limit, limit.counter: use.used, limit.excess: use.excess}
    return columns
