"""The steps of giving tables by hand: the question to the planner, the checks, the rows."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bookings.choices import CHANNELS, BookingSource, BookingStatus, EventKind
from bookings.decision import CountedParty, LoadedDays, SolvedSeating, load_days
from bookings.decision.touched_days import holds_meeting, loaded_days_meeting
from bookings.errors import BookingNotActive, StayOver
from bookings.models import Booking
from bookings.models.booking import Actor
from bookings.services.floor.chosen_tables import table_taken
from bookings.services.floor.outcomes import FloorOutcome, moved_parties
from bookings.services.one_booking import blocked_interval_of, get_bookings, kept_intervals_of, seating_of
from bookings.services.rows.booking import actor_label, expire_holds, record_event, save_changes
from bookings.services.rows.seating import TablesKept, write_seating
from bookings.services.writes import Draft, PlannedWrite
from capacity.calendar import this_minute
from capacity.selectors import ServiceSettings, get_service_settings
from config import metrics
from tables.seating import SeatingOutcome, SeatingPlan, SeatingRefusal, SeatingRequest, SeatingUndecided, TimeBudget
from tables.selectors import table_numbers
from tables.spans import TimeSpan

# The statuses of bookings that still need a table, or sit at one.
LIVE_STATUSES = (BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.ARRIVED, BookingStatus.SEATED)


@dataclass(frozen=True, kw_only=True)
class TablesDraft(Draft):
    """Some bookings, the loaded days of their dates without them, the requests to the planner and its answer.

    `outcome` is None where nothing was asked. `holds` are over, and stand in the way until they are freed.
    """

    bookings: tuple[Booking, ...]
    loaded: LoadedDays
    requests: tuple[SeatingRequest, ...]
    outcome: SeatingOutcome | None
    holds: tuple[CountedParty, ...]

    @property
    def booking(self) -> Booking:
        """Return the booking that the operation is about."""
        return self.bookings[0]

    @property
    def plan(self) -> SeatingPlan | None:
        """Return the tables planned for each booking; None where nothing was asked, or nothing was found."""
        return self.outcome if isinstance(self.outcome, SeatingPlan) else None

    @property
    def solved(self) -> SolvedSeating | None:
        """Return the planner's question and answer."""
        return None if self.outcome is None else SolvedSeating(self.loaded.seating, self.requests, self.outcome)


class TablesWrite(PlannedWrite[TablesDraft, FloorOutcome]):
    """A write that gives tables by hand to bookings of one restaurant."""

    @property
    @abstractmethod
    def booking_ids(self) -> Sequence[int]:
        """Return the bookings, the one that the outcome is about first."""

    @abstractmethod
    def ask(self, settings: ServiceSettings, bookings: Sequence[Booking]) -> Sequence[SeatingRequest]:
        """Return the requests to the planner for the bookings as they are read: none, or one for each."""

    def draft(self, budget: TimeBudget, before: TablesDraft | None) -> TablesDraft:
        """Load the bookings and their dates without them, and ask the planner.

        Raises: `RecordNotFound`.
        """
        bookings = get_bookings(self.booking_ids)
        settings = get_service_settings(bookings[0].restaurant_id)
        requests = tuple(self.ask(settings, bookings))
        touched = _touched(bookings, requests)
        loaded = load_days(
            settings,
            min(booking.business_date for booking in bookings),
            max(booking.business_date for booking in bookings),
            only=TimeSpan.around(touched),
            budget=budget,
            solved=before.solved if before else None,
            without=[booking.pk for booking in bookings],
        )
        outcome = loaded.plan_seating(*requests) if requests else None
        holds = holds_meeting(loaded, outcome.depends_on) if outcome else ()
        freed = [hold.blocked for hold in holds]
        moved = [outcome.depends_on] if outcome else []
        own_days = [booking.service_day_id for booking in bookings]
        return TablesDraft(
            touched=loaded_days_meeting(loaded, [*touched, *freed, *moved], service_day_ids=own_days),
            is_undecided=isinstance(outcome, SeatingUndecided),
            bookings=bookings,
            loaded=loaded,
            requests=requests,
            outcome=outcome,
            holds=holds,
        )


def _touched(bookings: Iterable[Booking], requests: Iterable[SeatingRequest]) -> list[TimeSpan]:
    stays = (span for booking in bookings for span in (blocked_interval_of(booking), *kept_intervals_of(booking)))
    return [*stays, *(TimeSpan(request.starts_at, request.ends_at) for request in requests)]


@dataclass(frozen=True)
class Given:
    """Tables that a person gives to a booking, and why."""

    table_ids: tuple[int, ...]
    is_pinned: bool
    reason: str = ""


def request_at(settings: ServiceSettings, booking: Booking, table_ids: tuple[int, ...]) -> SeatingRequest:
    """Return the request for chosen tables to the planner, for the rest of a booking's time."""
    wanted = remaining_interval_of(settings, booking)
    return SeatingRequest(
        party_size=booking.party_size,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        seating=booking.seating or None,
        channel=CHANNELS[BookingSource(booking.source)],
        table_ids=table_ids,
    )


def status_at(booking: Booking, now: datetime) -> str:
    """Return the status of a booking, with a hold that is over as expired."""
    is_over = booking.expires_at is not None and booking.expires_at <= now
    return BookingStatus.EXPIRED if booking.status == BookingStatus.HELD and is_over else booking.status


def remaining_interval_of(settings: ServiceSettings, booking: Booking) -> TimeSpan:
    """Return the time for which a booking needs tables that it is given now: none that has passed."""
    blocked = blocked_interval_of(booking)
    return TimeSpan(max(blocked.starts_at, min(this_minute(settings.now), blocked.ends_at)), blocked.ends_at)


def require_live(booking: Booking, now: datetime, operation: str) -> None:
    """Raise `BookingNotActive` unless a booking still needs a table, or sits at one."""
    status = status_at(booking, now)
    if status not in LIVE_STATUSES:
        raise BookingNotActive(status=status, operation=operation)


def require_time_left(draft: TablesDraft, operation: str) -> None:
    """Require that all bookings of a draft are live, and that their time is not over.

    Raises: `BookingNotActive`, `StayOver`.
    """
    for booking in draft.bookings:
        require_live(booking, draft.loaded.settings.now, operation)
        left = remaining_interval_of(draft.loaded.settings, booking)
        if left.starts_at >= left.ends_at:
            raise StayOver(reference=booking.reference)


def give_tables(draft: TablesDraft, given: Sequence[Given], kind: EventKind, *, actor: Actor) -> FloorOutcome:
    """Write the tables of each booking of a draft, and the moves that make room for them.

    Raises: `TableTaken`.
    """
    plan = require_plan(draft)
    metrics.booking_seating_step.labels(step=str(plan.step)).inc()
    expire_holds(hold.booking_id for hold in draft.holds)
    kept = [
        row
        for booking, to in zip(draft.bookings, given, strict=True)
        for row in kept_rows(draft.loaded.settings, booking, to)
    ]
    purpose = _purpose_of(draft.bookings)
    write_seating(draft.loaded, plan.moves, kept=kept, assigned_by=actor_label(actor), purpose=purpose)
    for booking, to in zip(draft.bookings, given, strict=True):
        _record(draft.loaded, booking, to, kind, actor)
    return FloorOutcome(draft.booking, moved_parties(draft.loaded, plan.moves))


def kept_rows(settings: ServiceSettings, booking: Booking, to: Given) -> Iterator[TablesKept]:
    """Yield the tables that a booking keeps: those that it has since it has them, others from now on."""
    wanted = remaining_interval_of(settings, booking)
    since = {row.table_id: row.during.lower for row in booking.assignments.all()}
    for table_id in to.table_ids:
        yield TablesKept(
            booking.pk,
            (table_id,),
            since.get(table_id, wanted.starts_at),
            wanted.ends_at,
            is_pinned=to.is_pinned,
            had_tables=bool(since),
        )


def raise_version(booking: Booking) -> None:
    """Save that a booking has changed, and forget the tables that it had."""
    save_changes(booking)
    booking.refresh_from_db()


def require_plan(draft: TablesDraft) -> SeatingPlan:
    """Return the plan of a draft.

    Raises: `TableTaken` where there is none.
    """
    if isinstance(draft.outcome, SeatingRefusal):
        raise table_taken(draft.loaded, draft.requests, draft.outcome)
    if draft.plan is None:
        raise ValueError("tables are given by a plan")
    return draft.plan


def _purpose_of(bookings: Sequence[Booking]) -> str:
    parties = " and ".join(f"{booking.party_size} at {booking.shown_start}" for booking in bookings)
    return f"to make room for {parties}"


def _record(loaded: LoadedDays, booking: Booking, to: Given, kind: EventKind, actor: Actor) -> None:
    before = _shown(loaded, *seating_of(booking))
    raise_version(booking)
    record_event(
        booking,
        kind,
        actor=actor,
        from_value=before,
        to_value=_shown(loaded, to.table_ids, to.is_pinned),
        reason=to.reason,
    )


def _shown(loaded: LoadedDays, table_ids: tuple[int, ...], is_pinned: bool) -> dict[str, Any]:
    return {"tables": table_numbers(loaded.seating.floor, table_ids), "pinned": is_pinned}
