"""The loaded days of decisions, read in a fixed number of queries."""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from bookings.decision.holds import CountedParty, list_counted_parties, list_expired_holds, without_parties
from bookings.decision.occupied import list_table_uses, next_overrun_at, seating_state
from bookings.decision.service_days import (
    KnownDay,
    ServiceKey,
    compute_services,
    day_span,
    expected_services,
    list_known_days,
)
from bookings.decision.stored_days import LONGEST_SLOT, StoredDays, read_days
from bookings.decision.time_budgets import READING
from capacity.calendar import ONE_DAY, ServiceTimes
from capacity.policy import IN_HOUSE, ServiceState, SlotState
from capacity.selectors import ServiceSettings
from config.cached import cached_property
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

    `next_hold_ends_at` is the expiry of the first hold, which may be over; from `next_overrun_at` on a seated party
    keeps its table longer.

    `without` are bookings that are left out, as if they had never been made.

    `services` are sorted by start, with the slots that meet the `window`; those without a row were computed and have no
    `service_day_id`. `solved` is the planner's answer before the lock, `budget` its time budget now for all questions
    together.
    """

    settings: ServiceSettings
    services: tuple[ServiceState, ...]
    offered: frozenset[ServiceKey]
    seating: SeatingState
    expired_holds: tuple[CountedParty, ...]
    window: TimeSpan | None = None
    budget: TimeBudget = READING
    solved: SolvedSeating | None = None
    without: frozenset[int] = frozenset()
    next_hold_ends_at: datetime | None = None
    next_overrun_at: datetime | None = None
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

    @property
    def versions(self) -> dict[int, int]:
        """Return the version of each service day that was read, by id: of those outside the loaded time none was."""
        return {day.service_day_id: day.version for day in self.services if day.service_day_id and day.version}

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

    def stored_service(self, period_id: int, business_date: date) -> ServiceState | None:
        """Return a service day that has a row, whether or not it is offered any more; None if there is none."""
        service = self._services_by_key.get(ServiceKey(period_id, business_date))
        return service if service and service.service_day_id else None

    def hold_slots_of(self, interval: TimeSpan) -> bool:
        """Say whether every slot that meets an interval was read."""
        window = self.window
        return window is not None and window.starts_at <= interval.starts_at and interval.ends_at <= window.ends_at

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
    needs_tables: bool = True,
    channel: str = IN_HOUSE,
    promised: Collection[int] = (),
) -> LoadedDays:
    """Load the services of business dates (inclusive) and their neighbours, with tables and stays.

    Making room may move any party, so all of the dates are loaded with their seating. A question that `needs_tables`
    not is content with the slots that meet the interval `only`.
    `without` names bookings that are being changed: the loaded days have neither their covers nor their tables.
    `channel` is the way in of who asks, `promised` the tables that they have already: see `seating_state`. Takes no
    lock. Runs 2 queries: the service days with their slots, and the seating; 1 more each for service days that the
    process does not know or that have no row yet, for holds that are over, to leave bookings out.

    Raises: `SettingsOutdated` where the settings were presumed, and are others now.
    """
    first, last = from_date - DATES_BEFORE, to_date + DATES_AFTER
    expected = expected_services(settings, first, last)
    known = list_known_days(settings, first, last, _needed(settings, expected, from_date, to_date, only))
    evening = evening_of(settings, known, expected, from_date, to_date)
    window = only or evening
    whole = TimeSpan.around([evening, window]) if needs_tables else window
    state = read_days(settings, [day for day in known if whole.touches(day)], whole, holds_of=known)
    settings = state.settings
    changed = list_counted_parties(without)
    holds = _holds_over(state, first, last, without)
    computed = compute_services(settings, _missing(settings, known, expected, window))
    elsewhere = (_beyond(day) for day in known if not whole.touches(day))
    services = _without([*state.services, *elsewhere, *computed], changed, holds)
    gone = frozenset(without) | {hold.booking_id for hold in holds}
    uses = [use for use in list_table_uses(settings, whole) if use.booking_id not in gone] if needs_tables else []
    return LoadedDays(
        settings=settings,
        services=tuple(sorted(services, key=lambda service: service.starts_at)),
        offered=frozenset(expected),
        seating=seating_state(settings, settings.floor, whole, uses, channel=channel, promised=promised),
        expired_holds=holds,
        window=window,
        budget=budget,
        solved=solved,
        without=frozenset(without),
        next_hold_ends_at=state.next_hold_ends_at,
        next_overrun_at=next_overrun_at(settings, uses),
    )


def _holds_over(state: StoredDays, first: date, last: date, without: Collection[int]) -> tuple[CountedParty, ...]:
    """List the holds that are over but of some bookings, in 1 query, in none where no hold is."""
    settings, next_hold = state.settings, state.next_hold_ends_at
    if next_hold is None or next_hold > settings.now:
        return ()
    expired = list_expired_holds(settings.restaurant.pk, first, last, settings.now)
    return tuple(hold for hold in expired if hold.booking_id not in without)


def _without(
    services: Sequence[ServiceState], changed: Sequence[CountedParty], holds: Sequence[CountedParty]
) -> Sequence[ServiceState]:
    # In this order: a hold that is over keeps no place above a limit for the booking that is changed.
    return without_parties(without_parties(services, holds), changed, keeps_limits=True)


def _key_of(service: ServiceState) -> ServiceKey:
    return ServiceKey(service.period_id, service.business_date)


def _beyond(day: KnownDay) -> ServiceState:
    """Return a service day outside the loaded time, of which its place in time alone matters."""
    return ServiceState(
        *(day.key.period_id, day.period_name, day.key.business_date, day.starts_at, day.ends_at, ()),
        service_day_id=day.service_day_id,
    )


def _needed(
    settings: ServiceSettings,
    expected: Mapping[ServiceKey, ServiceTimes],
    from_date: date,
    to_date: date,
    only: TimeSpan | None,
) -> set[ServiceKey]:
    """Return the services that the dates, or an interval, may meet, a buffer between included."""
    spans = {key: day_span(settings, service) for key, service in expected.items()}
    wanted = [
        *([only] if only else []),
        *(span for key, span in spans.items() if from_date <= key.business_date <= to_date),
    ]
    if not wanted:
        return set()
    buffer, whole = timedelta(minutes=settings.restaurant.buffer_minutes), TimeSpan.around(wanted)
    near = TimeSpan(whole.starts_at - buffer, whole.ends_at + buffer)
    return {key for key, span in spans.items() if near.touches(span)}


def _missing(
    settings: ServiceSettings,
    known: Sequence[KnownDay],
    expected: dict[ServiceKey, ServiceTimes],
    window: TimeSpan,
) -> dict[ServiceKey, ServiceTimes]:
    stored = {day.key for day in known}
    return {
        key: service
        for key, service in expected.items()
        # As widely as days are locked: a write that finds one without a row creates it first.
        if key not in stored and window.touches(day_span(settings, service))
    }


def evening_of(
    settings: ServiceSettings,
    known: Sequence[KnownDay],
    expected: dict[ServiceKey, ServiceTimes],
    from_date: date,
    to_date: date,
) -> TimeSpan:
    """Return the time in which parties of the wanted dates could be present, buffer included."""
    computed = [
        day_span(settings, service) for key, service in expected.items() if from_date <= key.business_date <= to_date
    ]
    stored = [day for day in known if from_date <= day.key.business_date <= to_date]
    if not stored and not computed:
        midnight = datetime.combine(from_date, time.min, tzinfo=UTC)
        return TimeSpan(midnight, midnight + ONE_DAY)
    evening = TimeSpan.around([*stored, *computed])
    return replace(evening, ends_at=evening.ends_at + timedelta(minutes=settings.restaurant.buffer_minutes))
