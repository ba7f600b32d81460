"""The loaded days of decisions, read in a fixed number of queries."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from bookings.decision.computed import ServiceKey, compute_services, day_span, expected_services
from bookings.decision.holds import CountedParty, list_counted_parties, list_expired_holds, without_parties
from bookings.decision.occupied import load_seating_state
from bookings.decision.time_budgets import READING
from capacity.calendar import ONE_DAY, ServiceTimes
from capacity.limits import SLOT_LIMITS
from capacity.models import BookingSlot, ServiceDay
from capacity.policy import ServiceState, SlotState
from capacity.selectors import ServiceSettings
from tables.seating import (
    SeatedParty,
    SeatingOutcome,
    SeatingPlanner,
    SeatingRequest,
    SeatingState,
    Starts,
    TimeBudget,
    TimeLeft,
)
from tables.selectors import load_floor
from tables.spans import TimeSpan

# No turn is longer than a day and no service either: a stay meets services of these dates only.
DATES_BEFORE = ONE_DAY
DATES_AFTER = 2 * ONE_DAY


@dataclass(frozen=True)
class SolvedSeating:
    """An answer of the planner with all that it depends on: it holds wherever state and requests are the same."""

    state: SeatingState
    requests: tuple[SeatingRequest, ...]
    outcome: SeatingOutcome


@dataclass(frozen=True)
class LoadedDays:
    """The loaded days: all that decisions about some business dates depend on, without the holds that are over.

    `without` are bookings that are left out, as if they had never been made.

    `services` are sorted by start; those without a row were computed and have no `service_day_id`. `solved` is the
    planner's answer before the lock, `budget` its time budget now for all questions together.
    """

    settings: ServiceSettings
    services: tuple[ServiceState, ...]
    offered: frozenset[ServiceKey]
    seating: SeatingState
    expired_holds: tuple[CountedParty, ...]
    budget: TimeBudget = READING
    solved: SolvedSeating | None = None
    without: frozenset[int] = frozenset()
    _starts: dict[SeatingRequest, Starts] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def planner(self) -> SeatingPlanner:
        """Return the planner over the seating, its indexes built once."""
        return SeatingPlanner(self.seating)

    @cached_property
    def _time_left(self) -> TimeLeft:
        # Shared by all questions about the loaded days: twenty hard ones must not keep a reader waiting for seconds.
        return TimeLeft(self.budget)

    @cached_property
    def movable(self) -> dict[int, SeatedParty]:
        """Return the parties that a plan may move, by booking id."""
        return {party.booking_id: party for party in self.seating.parties}

    def plan_seating(self, *requests: SeatingRequest, at_most: TimeBudget | None = None) -> SeatingOutcome:
        """Seat requests: as solved before the lock where nothing has changed since, else anew in the time left."""
        solved = self.solved
        if solved is not None and solved.requests == requests and solved.state == self.seating:
            return solved.outcome
        if len(requests) == 1 and requests[0] in self._starts:
            return self._starts[requests[0]].plan(requests[0])
        with self._time_left.thinking(at_most) as budget:
            return self.planner.plan(*requests, budget=budget)

    def expect_starts(self, requests: Collection[SeatingRequest]) -> None:
        """Let the planner settle requests together, once one of them is asked for that has no free seat."""
        if requests:
            starts = self.planner.starts(requests, self._time_left)
            self._starts.update(dict.fromkeys(requests, starts))

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

    def present_slots(self, interval: TimeSpan) -> tuple[SlotState, ...]:
        """Return the slots, of any service day, that a stay touches."""
        low = bisect_left(self._slot_starts, interval.starts_at - LONGEST_SLOT)
        high = bisect_left(self._slot_starts, interval.ends_at)
        return tuple(slot for slot in self.slots[low:high] if interval.overlaps(slot))

    def service(self, period_id: int | None, business_date: date) -> ServiceState | None:
        """Return a service day that is offered, None if there is none."""
        if period_id is None or ServiceKey(period_id, business_date) not in self.offered:
            return None
        return self._services_by_key.get(ServiceKey(period_id, business_date))

    def services_meeting(self, interval: TimeSpan) -> tuple[ServiceState, ...]:
        """Return the service days that a write in an interval locks: those that only touch it too."""
        return tuple(service for service in self.services if interval.touches(service))


def load_days(
    settings: ServiceSettings,
    from_date: date,
    to_date: date,
    *,
    only: TimeSpan | None = None,
    budget: TimeBudget = READING,
    solved: SolvedSeating | None = None,
    without: Collection[int] = (),
) -> LoadedDays:
    """Load the services of business dates (inclusive) and their neighbours, with tables and stays.

    `only` narrows slots to those that meet an interval; the seating is loaded for all dates, since making room may move
    any party. `without` names bookings that are being changed: the loaded days have neither their covers nor their
    tables. Takes no lock. Runs 6 queries, 1 more if an offered service day in that time has no row yet, and 1 more to
    leave bookings out.
    """
    restaurant_id = settings.restaurant.pk
    first, last = from_date - DATES_BEFORE, to_date + DATES_AFTER
    days = _list_days(restaurant_id, first, last)
    expected = expected_services(settings, first, last)
    evening = evening_of(settings, days, expected, from_date, to_date)
    window = only or evening
    changed = list_counted_parties(without)
    expired = list_expired_holds(restaurant_id, first, last, settings.now)
    holds = tuple(hold for hold in expired if hold.booking_id not in without)
    computed = compute_services(settings, _missing(settings, days, expected, window))
    services = _without([*stored_services(restaurant_id, days, window), *computed], changed, holds)
    whole = TimeSpan.around([evening, window])
    gone = frozenset(without) | {hold.booking_id for hold in holds}
    return LoadedDays(
        settings=settings,
        services=tuple(sorted(services, key=lambda service: service.starts_at)),
        offered=frozenset(expected),
        seating=load_seating_state(settings, load_floor(restaurant_id), whole, without=gone),
        expired_holds=holds,
        budget=budget,
        solved=solved,
        without=frozenset(without),
    )


def _without(
    services: Sequence[ServiceState], changed: Sequence[CountedParty], holds: Sequence[CountedParty]
) -> Sequence[ServiceState]:
    # In this order: a hold that is over keeps no place above a limit for the booking that is changed.
    return without_parties(without_parties(services, holds), changed, keeps_limits=True)


def _list_days(restaurant_id: int, first: date, last: date) -> list[ServiceDay]:
    days = ServiceDay.objects.filter(restaurant_id=restaurant_id, business_date__range=(first, last))
    return list(days.select_related("service_period"))


def _key_of(service: ServiceState) -> ServiceKey:
    return ServiceKey(service.period_id, service.business_date)


def _missing(
    settings: ServiceSettings,
    days: Sequence[ServiceDay],
    expected: dict[ServiceKey, ServiceTimes],
    window: TimeSpan,
) -> dict[ServiceKey, ServiceTimes]:
    stored = {ServiceKey(day.service_period_id, day.business_date) for day in days}
    return {
        key: service
        for key, service in expected.items()
        # As widely as days are locked: a write that finds one without a row creates it first.
        if key not in stored and window.touches(day_span(settings, service))
    }


def evening_of(
    settings: ServiceSettings,
    days: Sequence[ServiceDay],
    expected: dict[ServiceKey, ServiceTimes],
    from_date: date,
    to_date: date,
) -> TimeSpan:
    """Return the time in which parties of the wanted dates could be present, buffer included."""
    stored = [TimeSpan(day.starts_at, day.ends_at) for day in days if from_date <= day.business_date <= to_date]
    computed = [
        day_span(settings, service) for key, service in expected.items() if from_date <= key.business_date <= to_date
    ]
    if not stored and not computed:
        midnight = datetime.combine(from_date, time.min, tzinfo=UTC)
        return TimeSpan(midnight, midnight + ONE_DAY)
    evening = TimeSpan.around([*stored, *computed])
    return replace(evening, ends_at=evening.ends_at + timedelta(minutes=settings.restaurant.buffer_minutes))


# As the constraint on Restaurant.slot_minutes has it.
LONGEST_SLOT = timedelta(minutes=240)


def stored_services(restaurant_id: int, days: Sequence[ServiceDay], window: TimeSpan) -> Iterator[ServiceState]:
    """Yield service days that have a row, with the slots that meet a window, in 1 query."""
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
    *(limit.column for limit in SLOT_LIMITS),
    *(limit.counter for limit in SLOT_LIMITS),
)


def _list_slots(restaurant_id: int, window: TimeSpan) -> Iterator[SlotState]:
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
