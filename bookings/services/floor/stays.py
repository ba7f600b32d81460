"""A party that sits: until when it stays, and when it has left."""

from datetime import datetime, timedelta
from functools import partial

from psycopg.types.range import Range

from bookings.choices import BookingStatus, EventKind
from bookings.decision.keeping import TableNeed
from bookings.decision.touched_days import ServiceDayClaim
from bookings.models import Booking, TableAssignment
from bookings.services.floor.keeping import keep_tables
from bookings.services.floor.outcomes import FloorOutcome
from bookings.services.floor.sitting import (
    DraftSitting,
    Sitting,
    claim_sitting,
    keep_and_note,
    load_book,
    sitting_of,
    stay_trail,
    wish_to_stay,
    write_sitting,
)
from bookings.services.floor.transitions import (
    ONE_MINUTE,
    require_status,
    state_of,
    write_transition,
)
from bookings.services.one_booking import claim_booking, get_booking, lock_booking, require_current
from bookings.services.recording import DecisionTrail, recording
from bookings.services.rows.events import Actor
from bookings.services.rows.overrides import count_again
from bookings.services.writes import REACTIONS, Means, counting_undecided, draft_again
from capacity.calendar import this_minute
from capacity.models import LONGEST_TURN
from capacity.selectors import get_service_settings, read_clock
from config.errors import InputInvalid
from config.transactions import capacity_transaction


def extend_stay(
    *, booking_id: int, ends_at: datetime, actor: Actor = None, expected_version: int | None = None
) -> FloorOutcome:
    """Let a seated party stay until `ends_at` (an instant, taken to its minute), longer or shorter; twice is once.

    Nobody is turned away from a table: parties that are to come to it are re-seated where they may be moved, the
    others are `hits` of the outcome, for a person to decide. What passes a limit is authorised in the name of the
    actor. Locks the service days that the stay meets then and of every party that may have to move.

    Raises: `RecordNotFound`, `EditIsStale`, `TransitionInvalid`, `InputInvalid` (an end that has passed, or more than a
    day after the start), `BookingConflict`.
    """
    until, trail = this_minute(ends_at), stay_trail(EventKind.EXTENDED)
    with recording(trail), counting_undecided():
        return _extend_stay(
            booking_id=booking_id, ends_at=until, actor=actor, expected_version=expected_version, trail=trail
        )


def leave_early(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> Booking:
    """Say that a seated party has left, also after its time; its table is free at once, but for the buffer.

    It is out of the counters of the time that it does not stay. Twice is once. Locks the service days in which the
    booking counts or has a table.

    Raises: `RecordNotFound`, `EditIsStale`, `TransitionInvalid`, `BookingConflict`.
    """
    return _leave_early(booking_id=booking_id, actor=actor, expected_version=expected_version)


def _claim_extension(
    *, booking_id: int, ends_at: datetime, actor: Actor, expected_version: int | None, trail: DecisionTrail
) -> ServiceDayClaim:
    booking = get_booking(booking_id)
    if booking.status != BookingStatus.SEATED or ends_at > _latest_end(booking):
        return claim_booking(booking_id)
    return claim_sitting(booking_id, _draft_of(booking, ends_at, trail))


@capacity_transaction(_claim_extension, reactions=REACTIONS)
def _extend_stay(
    claim: ServiceDayClaim,
    *,
    booking_id: int,
    ends_at: datetime,
    actor: Actor,
    expected_version: int | None,
    trail: DecisionTrail,
) -> FloorOutcome:
    booking = lock_booking(claim, booking_id)
    if booking.status == BookingStatus.SEATED and booking.ends_at == ends_at:
        return FloorOutcome(booking)
    require_current(booking, expected_version)
    require_status(booking, [BookingStatus.SEATED], BookingStatus.SEATED)
    _require_possible_end(booking, ends_at, read_clock())
    sitting = draft_again(claim, _draft_of(booking, ends_at, trail))
    before = state_of(booking, booking.assignments.all())
    return write_sitting(claim, sitting, EventKind.EXTENDED, fields=[], before=before, actor=actor, trail=trail)


def _require_possible_end(booking: Booking, ends_at: datetime, now: datetime) -> None:
    if ends_at <= now or ends_at <= booking.starts_at:
        raise InputInvalid.of_field("endsAt", "past", "A party that sits stays at least until the next minute.")
    if ends_at > _latest_end(booking):
        raise InputInvalid.of_field("endsAt", "too_long", "No stay is longer than a day.")


def _latest_end(booking: Booking) -> datetime:
    return booking.starts_at + timedelta(minutes=LONGEST_TURN)


def _draft_of(booking: Booking, ends_at: datetime, trail: DecisionTrail) -> DraftSitting:
    def draft(means: Means) -> Sitting:
        settings = get_service_settings(booking.restaurant_id)
        book = load_book(settings, booking, ends_at, means)
        rows = booking.assignments.all()
        now = this_minute(settings.now)
        need = TableNeed(
            kept_from={row.table_id: row.during.lower for row in rows},
            now=now,
            firm_until=now,
            until=ends_at + timedelta(minutes=booking.buffer_minutes),
            is_pinned=any(row.pinned for row in rows),
        )
        wish = wish_to_stay(booking, ends_at)
        keeping = keep_and_note(trail, booking, book, wish, partial(keep_tables, book, booking, need))
        return sitting_of(book, booking, ends_at, keeping)

    return draft


def _claim_leaving(*, booking_id: int, actor: Actor, expected_version: int | None) -> ServiceDayClaim:
    return claim_booking(booking_id)


@capacity_transaction(_claim_leaving, reactions=REACTIONS)
def _leave_early(claim: ServiceDayClaim, *, booking_id: int, actor: Actor, expected_version: int | None) -> Booking:
    booking = lock_booking(claim, booking_id)
    if booking.status == BookingStatus.COMPLETED:
        return booking
    require_current(booking, expected_version)
    require_status(booking, [BookingStatus.SEATED], BookingStatus.COMPLETED)
    now = read_clock()
    before = state_of(booking, booking.assignments.all())
    _free_tables(booking, this_minute(now))
    count_again(
        booking,
        min(booking.ends_at, max(this_minute(now), booking.starts_at + ONE_MINUTE)),
        is_counted=True,
        service_day_ids=claim.service_day_ids,
        actor=actor,
        reason="Left",
    )
    booking.status, booking.left_at = BookingStatus.COMPLETED, now
    write_transition(booking, EventKind.LEFT, fields=["status", "left_at", "ends_at"], before=before, actor=actor)
    return booking


def _free_tables(booking: Booking, minute: datetime) -> None:
    """End the assignments as the table is ready again; who took it up this minute has had it for one."""
    ready_at = minute + timedelta(minutes=booking.buffer_minutes)
    for row in booking.assignments.all():
        ends_at = max(ready_at, row.during.lower + ONE_MINUTE)
        if ends_at < row.during.upper:
            TableAssignment.objects.filter(pk=row.pk).update(during=Range(row.during.lower, ends_at))
