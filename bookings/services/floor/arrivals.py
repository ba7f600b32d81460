"""A party comes: it is there, then it sits."""

from bookings.choices import BookingStatus, EventKind
from bookings.locks import REACTIONS, ServiceDayClaim
from bookings.models import Booking
from bookings.services.floor.transitions import (
    claim_booking,
    lock_booking,
    require_current,
    require_its_evening,
    require_status,
    state_of,
    write_transition,
)
from bookings.services.history import Actor
from capacity.selectors import read_clock
from config.transactions import capacity_transaction


def mark_arrived(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> Booking:
    """Mark a party that is there and does not sit yet; no plan moves it from its tables any more. Twice is once.

    Locks the service days in which the booking counts or has a table.

    Raises: `RecordNotFound`, `EditIsStale`, `TransitionInvalid` (`TransitionUntimely` before its date or after its
    service), `BookingConflict`.
    """
    return _mark_arrived(booking_id=booking_id, actor=actor, expected_version=expected_version)


def _claim_arrival(*, booking_id: int, actor: Actor, expected_version: int | None) -> ServiceDayClaim:
    return claim_booking(booking_id)


@capacity_transaction(_claim_arrival, reactions=REACTIONS)
def _mark_arrived(claim: ServiceDayClaim, *, booking_id: int, actor: Actor, expected_version: int | None) -> Booking:
    booking = lock_booking(claim, booking_id)
    if booking.status == BookingStatus.ARRIVED:
        return booking
    require_current(booking, expected_version)
    require_status(booking, [BookingStatus.CONFIRMED], BookingStatus.ARRIVED)
    now = read_clock()
    require_its_evening(booking, now, BookingStatus.ARRIVED)
    before = state_of(booking, booking.assignments.all())
    booking.status, booking.arrived_at = BookingStatus.ARRIVED, now
    write_transition(booking, EventKind.ARRIVED, fields=["status", "arrived_at"], before=before, actor=actor)
    return booking
