"""How a party sits from now on: drafted before the lock to find what to lock, and under it to be written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bookings.choices import CHANNELS, BookingSource, DecisionOperation, EventKind
from bookings.contract import instant_answer
from bookings.decision import (
    Assessment,
    CountedParty,
    DayBook,
    DecisionCase,
    Interval,
    SolvedSeating,
    Wish,
    assess,
    assess_case,
    assess_settled,
    load_day_book,
)
from bookings.decision.touched_days import Reach, ServiceDayClaim, holds_meeting, looked_at, reach_of_intervals
from bookings.errors import RequestRefused
from bookings.models import Booking
from bookings.services.floor.keeping import TableKeeping
from bookings.services.floor.outcomes import FloorOutcome, moved_parties
from bookings.services.floor.transitions import write_transition
from bookings.services.one_booking import blocked_interval_of, claim_booking, kept_intervals_of, tables_of
from bookings.services.recording import DecisionTrail
from bookings.services.rows.events import Actor, actor_label
from bookings.services.rows.expired_holds import expire_holds
from bookings.services.rows.overrides import count_again
from bookings.services.rows.seating import TablesKept, write_seating
from bookings.services.writes import Means, claim_draft
from capacity.calendar import local_wall_time
from capacity.selectors import ServiceSettings
from tables.seating import SeatingUndecided


@dataclass(frozen=True)
class Sitting:
    """A booking, the book of its date without it, until when it stays, and what becomes of the tables."""

    booking: Booking
    book: DayBook
    ends_at: datetime
    keeping: TableKeeping
    holds: tuple[CountedParty, ...]
    reach: Reach

    @property
    def solved(self) -> SolvedSeating | None:
        """Return what was asked of the planner and answered, to be used again where nothing has changed."""
        return self.keeping.solved

    @property
    def is_decision(self) -> bool:
        """Say whether more is asked than to sit as booked: a longer stay, or other tables than the booking has."""
        kept = {table_id for it in self.keeping.kept for table_id in it.table_ids}
        return self.ends_at > self.booking.ends_at or not kept.issubset(tables_of(self.booking))

    @property
    def is_undecided(self) -> bool:
        """Say whether the party has no table for want of time to plan."""
        last = self.keeping.outcomes[-1:]
        return not self.keeping.kept and any(isinstance(outcome, SeatingUndecided) for outcome in last)


# Made of a booking, before the lock and under it.
DraftSitting = Callable[[Means], Sitting]


def load_book(settings: ServiceSettings, booking: Booking, ends_at: datetime, means: Means) -> DayBook:
    """Load the date of a booking without it, with every slot of its service and of its stay until `ends_at`."""
    whole = Interval.around(_touched(booking, ends_at, ()))
    day = booking.service_day
    return load_day_book(
        settings,
        booking.business_date,
        booking.business_date,
        only=whole.joined(Interval(day.starts_at, day.ends_at)).joined(Interval(settings.now, settings.now)),
        limits=means.limits,
        solved=means.solved,
        without=[booking.pk],
    )


def sitting_of(book: DayBook, booking: Booking, ends_at: datetime, keeping: TableKeeping) -> Sitting:
    """Put together what is to be written, with the service days that it reaches and the holds that it frees."""
    touched = _touched(booking, ends_at, keeping.kept)
    planned = [looked_at(outcome) for outcome in keeping.outcomes]
    holds = holds_meeting(book, _with_slots(book, Interval.around([*touched, *planned])))
    freed = [Interval(hold.starts_at, hold.blocked_until) for hold in holds]
    reach = reach_of_intervals(
        book,
        [*touched, *planned, *freed],
        own=blocked_interval_of(booking),
        service_day_ids=[booking.service_day_id],
    )
    return Sitting(booking, book, ends_at, keeping, holds, reach)


def claim_sitting(booking_id: int, draft: DraftSitting) -> ServiceDayClaim:
    """Name the service days that a draft reaches; those of the booking alone where it is refused.

    What is refused here may be possible under the lock: it is decided there.

    Raises: `SeatingNotDecided`, `RecordNotFound`.
    """
    try:
        return claim_draft(draft)
    except RequestRefused:
        return claim_booking(booking_id)


def write_sitting(
    claim: ServiceDayClaim,
    sitting: Sitting,
    kind: EventKind,
    *,
    fields: Sequence[str],
    before: dict[str, Any],
    actor: Actor,
    trail: DecisionTrail,
) -> FloorOutcome:
    """Write a drafted sitting of a booking that is in the counters: stay, tables, those who move, history."""
    booking, keeping, is_decision = sitting.booking, sitting.keeping, sitting.is_decision
    expire_holds(hold.booking_id for hold in sitting.holds)
    until = f"{local_wall_time(sitting.ends_at, booking.restaurant.zone):%H:%M}"
    raised = count_again(
        booking,
        sitting.ends_at,
        is_counted=True,
        service_day_ids=claim.service_day_ids,
        actor=actor,
        reason=f"Stays until {until}",
    )
    write_tables(sitting, actor=actor, purpose=f"as {booking.party_size} sit there until {until}")
    moves = moved_parties(sitting.book, keeping.moves)
    write_transition(
        booking, kind, fields=[*fields, "ends_at"], before=before, actor=actor, beside=_hits_in_history(keeping)
    )
    if is_decision:
        trail.note_written(booking, raised)
    return FloorOutcome(booking, moves, keeping.hits)


def _hits_in_history(keeping: TableKeeping) -> dict[str, Any]:
    hits = [
        {"booking": hit.booking.reference, "tables": list(hit.tables), "starts_at": instant_answer(hit.starts_at)}
        for hit in keeping.hits
    ]
    return {"hits": hits} if hits else {}


def write_tables(sitting: Sitting, *, actor: Actor, purpose: str) -> None:
    """Write the tables that a party keeps and those of who moves; rows that stay as they are keep their origin."""
    booking, keeping = sitting.booking, sitting.keeping
    rows = booking.assignments.all()
    stored = {(row.table_id, row.during.lower, row.during.upper, row.pinned) for row in rows}
    wanted = {
        (table_id, kept.starts_at, kept.ends_at, kept.is_pinned) for kept in keeping.kept for table_id in kept.table_ids
    }
    write_seating(
        sitting.book,
        keeping.moves,
        kept=() if stored == wanted else keeping.kept,
        assigned_by=actor_label(actor),
        purpose=purpose,
    )


def _touched(booking: Booking, ends_at: datetime, kept: Iterable[TablesKept]) -> list[Interval]:
    blocked_until = ends_at + timedelta(minutes=booking.buffer_minutes)
    return [
        blocked_interval_of(booking),
        Interval(booking.starts_at, blocked_until),
        *kept_intervals_of(booking),
        *(Interval(it.starts_at, it.ends_at) for it in kept),
    ]


def _with_slots(book: DayBook, interval: Interval) -> Interval:
    """Widen an interval to the slots that it touches: two stays that do not meet can be counted in the same one."""
    slots = (Interval(slot.starts_at, slot.ends_at) for slot in book.present_slots(interval))
    return Interval.around([interval, *slots])


def stay_trail(happening: EventKind) -> DecisionTrail:
    """Return the trail of what becomes of a party that has come."""
    return DecisionTrail(DecisionOperation.STAY, happening=happening)


def wish_to_stay(booking: Booking, ends_at: datetime) -> Wish:
    """Return what a party asks that stays until an end; that it may start then was answered as it was booked."""
    return Wish(
        party_size=booking.party_size,
        business_date=booking.business_date,
        starts_at=booking.starts_at,
        wall_time=booking.wall_time,
        period_id=booking.service_day.service_period_id,
        seating=booking.seating or None,
        channel=CHANNELS[BookingSource(booking.source)],
        turn_minutes=(ends_at - booking.starts_at) // timedelta(minutes=1),
        keeps_start=True,
    )


def keep_and_note(
    trail: DecisionTrail,
    booking: Booking,
    book: DayBook,
    wish: Wish,
    keep: Callable[[], TableKeeping],
    case_of: Callable[[], DecisionCase] | None = None,
) -> TableKeeping:
    """Find out what becomes of the tables of a party, and note what was decided, on the book without it.

    A refusal is about limits and tables; of a party that is given its tables only the limits are left to say, which
    somebody may authorise. `case_of` says what is decided on, where the wish does not say it all.

    Raises: as `keep`.
    """

    def refused() -> Assessment:
        return assess_case(book, wish, case_of()) if case_of else assess(book, wish)

    def settled() -> Assessment:
        outcome = keeping.outcomes[-1] if keeping.outcomes else None
        return assess_settled(book, wish, outcome, case=case_of() if case_of else None)

    trail.note_stay(booking, book, wish, refused)
    keeping = keep()
    trail.note_stay(booking, book, wish, settled)
    return keeping
