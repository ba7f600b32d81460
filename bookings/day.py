"""Load what decisions need of their service days, in a fixed number of queries."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from bookings.choices import COUNTING_STATUSES, BookingStatus
from bookings.models import Booking, TableAssignment
from capacity.calendar import ServiceTimes, longest_turn_minutes
from capacity.counting import Counts, SlotSpan, Stay, count_stays
from capacity.limits import day_limits, slot_limits
from capacity.models import BookingSlot, ServiceDay
from capacity.policy import ServiceState, SlotState
from capacity.selectors import ServiceSettings, get_service_settings
from tables.seating import Occupancy, OccupiedInterval, SeatingTable
from tables.selectors import list_seating_tables

ONE_DAY = timedelta(days=1)
# As the constraint on Restaurant.slot_minutes has it.
LONGEST_SLOT = timedelta(minutes=240)
# No turn is longer than a day and no service either: a stay meets services of these dates only.
DATES_BEFORE = ONE_DAY
DATES_AFTER = 2 * ONE_DAY


class ServiceKey(NamedTuple):
    """A service day by what it is, whether or not its row is there."""

    period_id: int
    business_date: date


@dataclass(frozen=True)
class Interval:
    """`[starts_at, ends_at)` in UTC."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Hold:
    """A hold that is over but still in the counters."""

    booking_id: int
    key: ServiceKey
    party_size: int
    starts_at: datetime
    ends_at: datetime
    blocked_until: datetime

    def meets(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Say whether the hold, its buffer included, meets an interval."""
        return self.starts_at < ends_at and starts_at < self.blocked_until


@dataclass(frozen=True)
class DayBook:
    """All that decisions about some business dates depend on, without the holds that are over.

    `services` are sorted by start; those without a row were computed and have no `service_day_id`.
    """

    settings: ServiceSettings
    services: tuple[ServiceState, ...]
    offered: frozenset[ServiceKey]
    tables: tuple[SeatingTable, ...]
    occupancy: Occupancy
    expired_holds: tuple[Hold, ...]

    @cached_property
    def slots(self) -> tuple[SlotState, ...]:
        """Return all slots of all services, sorted by start."""
        every = (slot for service in self.services for slot in service.slots)
        return tuple(sorted(every, key=lambda slot: slot.starts_at))

    @cached_property
    def _slot_starts(self) -> list[datetime]:
        return [slot.starts_at for slot in self.slots]

    @cached_property
    def _services_by_key(self) -> dict[ServiceKey, ServiceState]:
        return {_key_of(service): service for service in self.services}

    def present_slots(self, interval: Interval) -> tuple[SlotState, ...]:
        """Return the slots, of any service day, that a stay touches."""
        low = bisect_left(self._slot_starts, interval.starts_at - LONGEST_SLOT)
        high = bisect_left(self._slot_starts, interval.ends_at)
        return tuple(slot for slot in self.slots[low:high] if slot.is_touched_by(interval.starts_at, interval.ends_at))

    def service(self, period_id: int | None, business_date: date) -> ServiceState | None:
        """Return a service day that is offered, None if there is none."""
        if period_id is None or ServiceKey(period_id, business_date) not in self.offered:
            return None
        return self._services_by_key.get(ServiceKey(period_id, business_date))

    def services_meeting(self, interval: Interval) -> tuple[ServiceState, ...]:
        """Return the service days whose [starts_at, ends_at] meets an interval."""
        return tuple(
            service
            for service in self.services
            if service.starts_at <= interval.ends_at and service.ends_at >= interval.starts_at
        )


def load_day_book(restaurant_id: int, from_date: date, to_date: date, *, only: Interval | None = None) -> DayBook:
    """Load the services of business dates (inclusive) and of their neighbours, with tables and stays.

    `only` narrows slots and assignments to what meets an interval. Takes no lock. Runs 10 queries,
    and 1 more if a service day that is offered has no row yet.

    Raises: `RecordNotFound`.
    """
    settings = get_service_settings(restaurant_id)
    first, last = from_date - DATES_BEFORE, to_date + DATES_AFTER
    days = list(
        ServiceDay.objects.filter(restaurant_id=restaurant_id, business_date__range=(first, last)).select_related(
            "service_period"
        )
    )
    expected = expected_services(settings, first, last)
    window = only or _window_of(settings, days, expected, from_date, to_date)
    holds = tuple(_list_expired_holds(restaurant_id, (first, last), settings.now))
    services = [*_stored_services(restaurant_id, days, window), *_missing_services(settings, days, expected)]
    return DayBook(
        settings=settings,
        services=tuple(sorted(_without_holds(services, holds), key=lambda it: it.starts_at)),
        offered=frozenset(expected),
        tables=list_seating_tables(restaurant_id),
        occupancy=_load_occupancy(restaurant_id, window, holds),
        expired_holds=holds,
    )


def _key_of(service: ServiceState) -> ServiceKey:
    return ServiceKey(service.period_id, service.business_date)


def expected_services(settings: ServiceSettings, first: date, last: date) -> dict[ServiceKey, ServiceTimes]:
    """Return the services that are offered on business dates (inclusive), by key."""
    dates = (first + timedelta(days=day) for day in range((last - first).days + 1))
    return {
        ServiceKey(service.period_id, service.business_date): service
        for business_date in dates
        for service in settings.services_on(business_date)
    }


def last_end(settings: ServiceSettings, service: ServiceTimes) -> datetime:
    """Return the last possible end of a stay that starts in a service."""
    longest = longest_turn_minutes(settings.bands, service.period_id)
    return service.slots[-1].starts_at + timedelta(minutes=longest)


def _window_of(
    settings: ServiceSettings,
    days: Sequence[ServiceDay],
    expected: dict[ServiceKey, ServiceTimes],
    from_date: date,
    to_date: date,
) -> Interval:
    """Return the time in which parties of the wanted dates could be present, buffer included."""
    buffer = timedelta(minutes=settings.restaurant.buffer_minutes)
    stored = [(day.starts_at, day.ends_at + buffer) for day in days if from_date <= day.business_date <= to_date]
    computed = [
        (service.slots[0].starts_at, last_end(settings, service) + buffer)
        for key, service in expected.items()
        if from_date <= key.business_date <= to_date
    ]
    spans = stored + computed or [_midnight_span(from_date)]
    return Interval(min(start for start, _ in spans), max(end for _, end in spans))


def _midnight_span(business_date: date) -> tuple[datetime, datetime]:
    midnight = datetime(business_date.year, business_date.month, business_date.day, tzinfo=UTC)
    return midnight, midnight + ONE_DAY


def _stored_services(restaurant_id: int, days: Sequence[ServiceDay], window: Interval) -> Iterator[ServiceState]:
    slots: dict[int, list[SlotState]] = {day.pk: [] for day in days}
    for slot in _list_slots(restaurant_id, window):
        if slot.service_day_id in slots:
            slots[slot.service_day_id].append(slot)
    for day in days:
        yield ServiceState(
            period_id=day.service_period_id,
            period_name=day.service_period.name,
            business_date=day.business_date,
            starts_at=day.starts_at,
            ends_at=day.ends_at,
            slots=tuple(slots[day.pk]),
            service_day_id=day.pk,
            max_covers=day.max_covers,
            max_parties=day.max_parties,
            booked_covers=day.booked_covers,
            booked_parties=day.booked_parties,
            version=day.version,
        )


SLOT_COLUMNS = (
    "starts_at",
    "ends_at",
    "pk",
    "service_day_id",
    "bookable",
    "pacing_covers",
    "pacing_parties",
    "occupancy_covers",
    "occupancy_parties",
    "starting_covers",
    "starting_parties",
    "present_covers",
    "present_parties",
)


def _list_slots(restaurant_id: int, window: Interval) -> Iterator[SlotState]:
    rows = (
        BookingSlot.objects.filter(
            restaurant_id=restaurant_id,
            # Without the lower bound the scan would read every slot of the past.
            starts_at__range=(window.starts_at - LONGEST_SLOT, window.ends_at),
            ends_at__gt=window.starts_at,
        )
        .order_by("starts_at")
        .values_list(*SLOT_COLUMNS)
    )
    return (SlotState(*columns) for columns in rows)


def _missing_services(
    settings: ServiceSettings, days: Iterable[ServiceDay], expected: dict[ServiceKey, ServiceTimes]
) -> list[ServiceState]:
    stored = {ServiceKey(day.service_period_id, day.business_date) for day in days}
    missing = {key: service for key, service in expected.items() if key not in stored}
    return compute_services(settings, missing)


def compute_services(settings: ServiceSettings, missing: dict[ServiceKey, ServiceTimes]) -> list[ServiceState]:
    """Compute service days that have no row, with the bookings that reach into them; 1 query if any."""
    if not missing:
        return []
    spans = {
        key: [SlotSpan(slot.starts_at, slot.ends_at) for slot in service.slots] for key, service in missing.items()
    }
    reach = Interval(
        min(service.slots[0].starts_at for service in missing.values()),
        max(service.slots[-1].ends_at for service in missing.values()),
    )
    counts = count_stays(list_stays(settings.restaurant.pk, reach), spans)
    return [_computed_service(settings, key, service, counts) for key, service in missing.items()]


def _computed_service(
    settings: ServiceSettings, key: ServiceKey, service: ServiceTimes, counts: Counts[ServiceKey]
) -> ServiceState:
    limits = day_limits(settings.rules, key.period_id, key.business_date)
    return ServiceState(
        period_id=key.period_id,
        period_name=service.name,
        business_date=key.business_date,
        starts_at=service.slots[0].starts_at,
        ends_at=last_end(settings, service),
        slots=tuple(_computed_slots(settings, key, service, counts)),
        max_covers=limits.max_covers,
        max_parties=limits.max_parties,
        booked_covers=counts.covers[key],
        booked_parties=counts.parties[key],
    )


def _computed_slots(
    settings: ServiceSettings, key: ServiceKey, service: ServiceTimes, counts: Counts[ServiceKey]
) -> Iterator[SlotState]:
    for slot in service.slots:
        limits = slot_limits(settings.rules, key.period_id, key.business_date, slot.minute)
        yield SlotState(
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            pacing_covers=limits.pacing_covers,
            pacing_parties=limits.pacing_parties,
            occupancy_covers=limits.occupancy_covers,
            occupancy_parties=limits.occupancy_parties,
            starting_covers=counts.starting_covers[slot.starts_at],
            starting_parties=counts.starting_parties[slot.starts_at],
            present_covers=counts.present_covers[slot.starts_at],
            present_parties=counts.present_parties[slot.starts_at],
        )


def list_stays(restaurant_id: int, reach: Interval) -> list[Stay[ServiceKey]]:
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


def _list_expired_holds(restaurant_id: int, dates: tuple[date, date], now: datetime) -> Iterator[Hold]:
    holds = Booking.objects.filter(
        restaurant_id=restaurant_id, business_date__range=dates, status=BookingStatus.HELD, expires_at__lte=now
    ).select_related("service_day")
    for hold in holds:
        yield Hold(
            booking_id=hold.pk,
            key=ServiceKey(hold.service_day.service_period_id, hold.service_day.business_date),
            party_size=hold.party_size,
            starts_at=hold.starts_at,
            ends_at=hold.ends_at,
            blocked_until=hold.ends_at + timedelta(minutes=hold.buffer_minutes),
        )


def _without_holds(services: Sequence[ServiceState], holds: Sequence[Hold]) -> Sequence[ServiceState]:
    for hold in holds:
        services = [_without_hold(service, hold) for service in services]
    return services


def _without_hold(service: ServiceState, hold: Hold) -> ServiceState:
    is_own = _key_of(service) == hold.key
    starting = service.starting_slot(hold.starts_at) if is_own else None
    slots = tuple(_slot_without_hold(slot, hold, starts_here=slot is starting) for slot in service.slots)
    if not is_own:
        return replace(service, slots=slots)
    return replace(
        service,
        slots=slots,
        booked_covers=service.booked_covers - hold.party_size,
        booked_parties=service.booked_parties - 1,
    )


def _slot_without_hold(slot: SlotState, hold: Hold, *, starts_here: bool) -> SlotState:
    if starts_here:
        slot = replace(
            slot,
            starting_covers=slot.starting_covers - hold.party_size,
            starting_parties=slot.starting_parties - 1,
        )
    if slot.is_touched_by(hold.starts_at, hold.ends_at):
        slot = replace(
            slot,
            present_covers=slot.present_covers - hold.party_size,
            present_parties=slot.present_parties - 1,
        )
    return slot


def _load_occupancy(restaurant_id: int, window: Interval, holds: Sequence[Hold]) -> Occupancy:
    over = {hold.booking_id for hold in holds}
    rows = TableAssignment.objects.filter(
        restaurant_id=restaurant_id, during__overlap=(window.starts_at, window.ends_at)
    ).values_list("table_id", "during", "booking_id")
    return Occupancy(
        OccupiedInterval(table_id, during.lower, during.upper)
        for table_id, during, booking_id in rows
        if booking_id not in over
    )
