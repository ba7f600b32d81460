"""How a party sits from now on: drafted before the lock to find what to lock, and under it to be written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from bookings.answers.values import instant_answer
from bookings.choices import EventKind
from bookings.day import LOCKED, SOLVING, CountedParty, DayBook, Interval, SolvedSeating, load_day_book
from bookings.errors import RequestRefused, SeatingNotDecided
from bookings.locks import Reach, ServiceDayClaim
from bookings.models import Booking
from bookings.services.expiry import expire_holds
from bookings.services.floor.counting import count_again
from bookings.services.floor.evening import blocked_interval_of, reach_of_intervals
from bookings.services.floor.keeping import TableKeeping
from bookings.services.floor.outcomes import FloorOutcome, moved_parties
from bookings.services.floor.transitions import claim_booking, write_transition
from bookings.services.history import Actor, actor_label
from bookings.services.materialization import materialize_missing
from bookings.services.seating_rows import TablesKept, write_seating
from capacity.calendar import local_wall_time
from capacity.selectors import ServiceSettings
from config.transactions import PlanOutdated
from tables.seating import SeatingLimits, SeatingUndecided


@dataclass(frozen=True)
class Means:
    """What a draft may spend on the planner, and what the planner said before the lock."""

    limits: SeatingLimits = SOLVING
    solved: SolvedSeating | None = None


@dataclass(frozen=True)
class Sitting:
    """A booking, the book of its date without it, until when it stays, and what becomes of the tables."""

    booking: Booking
    book: DayBook
    ends_at: datetime
    keeping: TableKeeping
    holds: tuple[CountedParty, ...]
    reach: Reach


# Made of a booking, before the lock and under it.
Draft = Callable[[Means], Sitting]


def load_book(settings: ServiceSettings, booking: Booking, ends_at: datetime, means: Means) -> DayBook:
    """Load the date of a booking without it, with every slot of its service and of its stay until `ends_at`."""
    whole = reduce(Interval.joined, _touched(booking, ends_at, ()))
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
    looked_at = [Interval(it.depends_on.starts_at, it.depends_on.ends_at) for it in keeping.outcomes]
    holds = _holds_in(book, reduce(Interval.joined, [*touched, *looked_at]))
    freed = [Interval(hold.starts_at, hold.blocked_until) for hold in holds]
    reach = reach_of_intervals(
        book,
        [*touched, *looked_at, *freed],
        own=blocked_interval_of(booking),
        service_day_ids=[booking.service_day_id],
    )
    return Sitting(booking, book, ends_at, keeping, holds, reach)


def claim_sitting(booking_id: int, draft: Draft) -> ServiceDayClaim:
    """Name the service days that a draft reaches, creating those that are not there.

    What needs the exact model is solved here, where nobody waits for a lock. What is refused here may be possible
    under the lock: it is decided there.

    Raises: `SeatingNotDecided`, `RecordNotFound`.
    """
    try:
        found = draft(Means())
        if found.reach.missing:
            materialize_missing(restaurant_id=found.booking.restaurant_id, keys=found.reach.missing)
            found = draft(Means())
    except RequestRefused:
        return claim_booking(booking_id)
    if is_undecided(found):
        raise SeatingNotDecided
    return found.reach.as_claim(found.keeping.solved)


def draft_locked(claim: ServiceDayClaim, draft: Draft) -> Sitting:
    """Draft under the lock.

    Raises: `ClaimTooSmall` or `PlanOutdated`, and the call runs again; whatever the draft raises.
    """
    found = draft(Means(LOCKED, claim.solved))
    if is_undecided(found):
        raise PlanOutdated
    claim.require(found.reach)
    return found


def is_undecided(sitting: Sitting) -> bool:
    """Say whether a party has no table for want of time to plan."""
    last = sitting.keeping.outcomes[-1:]
    return not sitting.keeping.kept and any(isinstance(outcome, SeatingUndecided) for outcome in last)


def write_sitting(
    claim: ServiceDayClaim,
    sitting: Sitting,
    kind: EventKind,
    *,
    fields: Sequence[str],
    before: dict[str, Any],
    actor: Actor,
) -> FloorOutcome:
    """Write a drafted sitting of a booking that is in the counters: stay, tables, those who move, history."""
    booking, keeping = sitting.booking, sitting.keeping
    expire_holds(hold.booking_id for hold in sitting.holds)
    until = f"{local_wall_time(sitting.ends_at, booking.restaurant.zone):%H:%M}"
    count_again(
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
        *(Interval(row.during.lower, row.during.upper) for row in booking.assignments.all()),
        *(Interval(it.starts_at, it.ends_at) for it in kept),
    ]


def _holds_in(book: DayBook, touched: Interval) -> tuple[CountedParty, ...]:
    """Return the holds that are over and that stand at a table or in a slot of the time touched."""
    slots = [Interval(slot.starts_at, slot.ends_at) for slot in book.present_slots(touched)]
    whole = reduce(Interval.joined, slots, touched)
    return tuple(hold for hold in book.expired_holds if hold.meets(whole.starts_at, whole.ends_at))
