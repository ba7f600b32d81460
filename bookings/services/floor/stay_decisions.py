"""What the ledger is told of a party that has come: what it asks, and what that was decided on."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bookings.availability import Assessment, DecisionCase, Wish, assess, assess_case, assess_settled
from bookings.choices import CHANNELS, BookingSource, DecisionOperation, EventKind
from bookings.day import DayBook
from bookings.models import Booking
from bookings.services.floor.keeping import TableKeeping
from bookings.services.ledger import DecisionTrail


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
