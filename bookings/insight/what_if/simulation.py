"""Decide every request of a period again, on one house, by the functions that decide a booking."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from bookings.choices import CHANNELS, BookingSource, BookingStatus, EventKind
from bookings.decision import Assessment, assess, blocked_interval
from bookings.decision.changes import Place, assess_change, may_keep_unplanned
from bookings.decision.service_days import interval_to_load
from bookings.insight.what_if.evening import apply_happening
from bookings.insight.what_if.record import FixedBooking, Happening, Record, Request
from bookings.insight.what_if.room import NO_PERIOD, Party, Room
from bookings.insight.what_if.timeline import Timeline
from bookings.insight.what_if.wishes import wish_of_change, wish_of_request
from capacity.calendar import resolve_instant
from capacity.selectors import ServiceSettings
from tables.spans import TimeSpan

# Beside the codes of the policy: the planner ran out of time.
UNDECIDED = "UNDECIDED"


@dataclass(frozen=True)
class Outcome:
    """The answer of a simulation to one request; the reasons are codes, in their order.

    `is_answered` marks a request that was not asked: this party was taken at the start that it had wanted first.
    """

    request: Request
    is_accepted: bool
    reasons: tuple[str, ...] = ()
    is_answered: bool = False


@dataclass(frozen=True)
class Simulation:
    """The result of a period on one house: the outcome of each request, and the parties booked at the end."""

    room: Room
    outcomes: dict[int, Outcome]
    changes_refused: int


def simulate(record: Record, house: ServiceSettings, *, tick: Callable[[], object] = lambda: None) -> Simulation:
    """Run a period through a house; `tick` is called after each decision."""
    run = _Run(record, Room(house, record.blocks))
    run.take_in_fixed()
    for step in run.timeline:
        if isinstance(step, Happening):
            run.happen(step)
        else:
            run.decide(step)
            tick()
    return Simulation(run.room, run.outcomes, run.changes_refused)


class _Run:
    def __init__(self, record: Record, room: Room) -> None:
        self.record, self.room = record, room
        self.outcomes: dict[int, Outcome] = {}
        self.changes_refused = 0
        self.timeline = Timeline(record)
        self._by_booking: dict[int, Party] = {}
        self._seen_leaving = {event.booking_id for event in record.happenings if event.kind == EventKind.LEFT}
        self._changes = {change.decision_id for change in record.changes}
        # The refused request that each accepted one answers.
        self._first_wishes = {answer: refused for refused, answer in record.answers.items()}

    def take_in_fixed(self) -> None:
        for booking in self.record.fixed:
            party = _fixed_party(booking, self.room.house)
            self._by_booking[booking.booking_id] = party
            self.timeline.follow(booking.booking_id, party.starts_at, timedelta(0))
            self.room.add(party)

    def happen(self, happening: Happening) -> None:
        party = self._by_booking.get(happening.booking_id)
        if party is not None:
            apply_happening(self.room, party, happening)

    def decide(self, request: Request) -> None:
        if request.decision_id in self._changes:
            self._change(request)
            return
        taken = self._taken_already(request)
        if taken is not None:
            # What became of the booking that was made then is what became of this party.
            self._note_booking(request, taken)
            self.outcomes[request.decision_id] = Outcome(request, is_accepted=False, is_answered=True)
            return
        assessment = self._assess(request)
        if assessment.is_available:
            self._accept(request, assessment)
        self.outcomes[request.decision_id] = Outcome(request, assessment.is_available, _reasons(assessment))

    def _taken_already(self, request: Request) -> Party | None:
        first = self._first_wishes.get(request.decision_id)
        return None if first is None else self.room.parties.get(-first)

    def _note_booking(self, request: Request, party: Party) -> None:
        if request.booking_id is not None:
            self._by_booking[request.booking_id] = party
            party.is_seen_leaving = request.booking_id in self._seen_leaving
            self._follow(request, party)

    def _follow(self, request: Request, party: Party) -> None:
        """Apply the events of the real booking, as a request left it, to a party: as long after its start."""
        party.real_minutes, party.real_starts_at = request.stay_minutes, request.starts_at
        if request.booking_id is not None:
            self.timeline.follow(request.booking_id, party.starts_at, party.later)

    def _assess(self, request: Request) -> Assessment:
        settings = replace(self.room.house, now=request.decided_at)
        wish = wish_of_request(settings, request)
        is_walk_in = request.source == BookingSource.WALK_IN
        only = interval_to_load(settings, wish) if is_walk_in else blocked_interval(settings, wish)
        loaded = self.room.loaded(wish.business_date, request.decided_at, only, channel=wish.channel)
        return assess(loaded, wish)

    def _accept(self, request: Request, assessment: Assessment) -> None:
        plan = assessment.plan
        kept = assessment.blocked
        party = replace(
            _party_of(assessment, key=_key_of(request)),
            source=request.source,
            status=BookingStatus.SEATED if request.source == BookingSource.WALK_IN else BookingStatus.CONFIRMED,
            held=dict.fromkeys(plan.table_ids, kept) if plan else {},
        )
        self.room.move(plan.moves if plan else ())
        self.room.add(party)
        if request.was_accepted:
            self._note_booking(request, party)

    def _change(self, request: Request) -> None:
        party = self._by_booking.get(request.booking_id or 0)
        if party is None or party.is_fixed or not party.is_counted:
            return
        settings = replace(self.room.house, now=request.decided_at)
        wish = wish_of_change(settings, request, party)
        if wish is None:
            return
        only = blocked_interval(settings, wish)
        promised = party.table_ids if wish.keeps_start else ()
        loaded = self.room.loaded(
            *(wish.business_date, request.decided_at, only), without=party, channel=wish.channel, promised=promised
        )
        way_in = CHANNELS[BookingSource(party.source)]
        place = Place(party.table_ids, party.is_pinned, way_in, party.buffer_minutes)
        assessment = assess_change(loaded, wish, place)
        if not assessment.is_available:
            self.changes_refused += 1
            self._follow(request, party)
            return
        plan = assessment.plan
        is_kept = wish.asks_no_more or may_keep_unplanned(loaded, wish, party.table_ids)
        own = party.table_ids if is_kept else ()
        self.room.move(plan.moves if plan else ())
        changed = _changed(party, assessment, plan.table_ids if plan else own)
        self.room.change(party, changed)
        self._by_booking |= {pk: changed for pk, former in self._by_booking.items() if former is party}
        self._follow(request, changed)


def _reasons(assessment: Assessment) -> tuple[str, ...]:
    if assessment.is_undecided:
        return (UNDECIDED,)
    return tuple(str(reason.code) for reason in assessment.decision.reasons)


def _key_of(request: Request) -> int:
    """Return the id of the booking that was made, so that the planner tells parties apart in the same order as then."""
    if request.was_accepted and request.booking_id is not None:
        return request.booking_id
    return -request.decision_id


def _party_of(assessment: Assessment, *, key: int) -> Party:
    wish = assessment.wish
    return Party(
        key=key,
        party_size=wish.party_size,
        business_date=wish.business_date,
        period_id=wish.period_id or NO_PERIOD,
        starts_at=wish.starts_at,
        ends_at=assessment.ends_at,
        buffer_minutes=assessment.buffer_minutes,
        source="",
        seating=wish.seating or "",
        turn_minutes=assessment.turn_minutes,
    )


def _changed(party: Party, assessment: Assessment, table_ids: tuple[int, ...]) -> Party:
    """Return a party after a change; a table that it keeps with its start it has had since it had it."""
    wish = assessment.wish
    since = {table_id: kept.starts_at for table_id, kept in party.held.items() if wish.keeps_start}
    begins_at = wish.seated_from or wish.starts_at
    until = assessment.blocked_until
    return replace(
        _party_of(assessment, key=party.key),
        source=party.source,
        status=party.status,
        is_pinned=party.is_pinned and table_ids == party.table_ids,
        held={table_id: TimeSpan(since.get(table_id, begins_at), until) for table_id in table_ids},
        is_seen_leaving=party.is_seen_leaving,
        past=party.past,
    )


def _fixed_party(booking: FixedBooking, settings: ServiceSettings) -> Party:
    """Return a booking that is there anyway, in the service that holds its start, at those of its tables that exist."""
    tables = [held for held in booking.tables if held.table_id in settings.floor.by_id]
    has_all = len(tables) == len(booking.tables)
    start = resolve_instant(
        settings.periods_on(booking.business_date),
        booking.business_date,
        booking.starts_at,
        settings.zone,
        settings.restaurant.slot_minutes,
    )
    return Party(
        key=booking.booking_id,
        party_size=booking.party_size,
        business_date=booking.business_date,
        period_id=start.period.period_id if start.period else NO_PERIOD,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        buffer_minutes=booking.buffer_minutes,
        source=booking.source,
        seating=booking.seating,
        held={held.table_id: TimeSpan(held.starts_at, held.ends_at) for held in tables} if has_all else {},
        is_pinned=has_all and bool(tables) and all(held.is_pinned for held in tables),
        is_fixed=True,
    )
