"""Service days by the settings alone: those with a row, known to the process, and others as they would be created."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID

from cachetools import LRUCache
from django.db.models import BigIntegerField, DateField, QuerySet

from bookings.choices import COUNTING_STATUSES
from bookings.decision.requests import Wish, blocked_interval
from bookings.models import Booking
from capacity.calendar import ServiceTimes, longest_turn_minutes
from capacity.counting import Counts, Stay, count_stays
from capacity.limits import day_limits, slot_limits
from capacity.models import ServiceDay
from capacity.policy import ServiceState, SlotState
from capacity.selectors import ServiceSettings
from config.statements import Parameter, Statement
from tables.spans import TimeSpan


class ServiceKey(NamedTuple):
    """A service day by its period and date, whether or not its row is there."""

    period_id: int
    business_date: date


def expected_services(settings: ServiceSettings, first: date, last: date) -> dict[ServiceKey, ServiceTimes]:
    """Return the services that are offered on business dates (inclusive), by key."""
    dates = (first + timedelta(days=day) for day in range((last - first).days + 1))
    return {
        ServiceKey(service.period_id, service.business_date): service
        for business_date in dates
        for service in settings.services_on(business_date)
    }


def last_end(settings: ServiceSettings, service: ServiceTimes) -> datetime:
    """Return the last possible end of a stay that starts in a service, and not before its last slot ends.

    A slot may be longer than a turn: a party that is present in it must find the service to lock.
    """
    last = service.slots[-1]
    longest = timedelta(minutes=longest_turn_minutes(settings.bands, service.period_id))
    return max(last.starts_at + longest, last.ends_at)


def day_span(settings: ServiceSettings, service: ServiceTimes) -> TimeSpan:
    """Return the time of the service day that a service has, or would have."""
    return TimeSpan(service.slots[0].starts_at, last_end(settings, service))


def interval_to_load(settings: ServiceSettings, wish: Wish) -> TimeSpan:
    """Return the time whose slots decide a walk-in, and others behind a wish: its stay, and its whole service."""
    services = (service for service in settings.services_on(wish.business_date) if service.period_id == wish.period_id)
    own = (day_span(settings, service) for service in services)
    return TimeSpan.around([blocked_interval(settings, wish), *own])


def compute_services(settings: ServiceSettings, missing: dict[ServiceKey, ServiceTimes]) -> list[ServiceState]:
    """Compute service days that have no row, with the bookings that reach into them; 1 query if any."""
    if not missing:
        return []
    slots = {key: service.slots for key, service in missing.items()}
    reach = TimeSpan.around(slot for of_service in slots.values() for slot in of_service)
    counts = count_stays(list_stays(settings.restaurant.pk, reach), slots)
    return [computed_service(settings, key, service, counts) for key, service in missing.items()]


def computed_service(
    settings: ServiceSettings, key: ServiceKey, service: ServiceTimes, counts: Counts[ServiceKey]
) -> ServiceState:
    """Compute one service day with the limits of the rules and these counters."""
    limits = day_limits(settings.rules, key.period_id, key.business_date)
    span = day_span(settings, service)
    return ServiceState(
        period_id=key.period_id,
        period_name=service.name,
        business_date=key.business_date,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        slots=tuple(_computed_slots(settings, key, service, counts)),
        **limits._asdict(),
        **counts.of_service(key),
    )


def _computed_slots(
    settings: ServiceSettings, key: ServiceKey, service: ServiceTimes, counts: Counts[ServiceKey]
) -> Iterator[SlotState]:
    for slot in service.slots:
        limits = slot_limits(settings.rules, key.period_id, key.business_date, slot.minute)
        yield SlotState(
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            **limits._asdict(),
            **counts.of_slot(slot.starts_at),
        )


def list_stays(restaurant_id: int, reach: TimeSpan) -> list[Stay[ServiceKey]]:
    """List the stays in the counters that meet an interval, in 1 query.

    A hold that is over stands in the counters until a write frees it, so it is listed too.
    """
    rows = (
        Booking.objects.filter(
            restaurant_id=restaurant_id,
            status__in=COUNTING_STATUSES,
            starts_at__lt=reach.ends_at,
            ends_at__gt=reach.starts_at,
        )
        .order_by()
        .values_list(
            "service_day__service_period_id",
            "service_day__business_date",
            "party_size",
            "starts_at",
            "ends_at",
        )
    )
    return [
        Stay(ServiceKey(period_id, business_date), party_size, starts_at, ends_at)
        for period_id, business_date, party_size, starts_at, ends_at in rows
    ]


# Those with a row, which change with the settings alone: kept in the process


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


def _days_query() -> QuerySet[ServiceDay, tuple[Any, ...]]:
    first, last = Parameter("first", DateField()), Parameter("last", DateField())
    days = ServiceDay.objects.filter(
        restaurant_id=Parameter("restaurant_id", BigIntegerField()), business_date__range=(first, last)
    )
    return days.order_by("pk").values_list(
        "starts_at", "ends_at", "pk", "service_period_id", "business_date", "service_period__name"
    )


DAYS_OF_RESTAURANT = Statement.of("days_of_restaurant", _days_query)


def _read_days(restaurant_id: int, first: date, last: date) -> Iterator[KnownDay]:
    rows = DAYS_OF_RESTAURANT.run(restaurant_id=restaurant_id, first=first, last=last)
    for starts_at, ends_at, pk, period_id, business_date, period_name in rows:
        yield KnownDay(starts_at, ends_at, pk, ServiceKey(period_id, business_date), period_name)
