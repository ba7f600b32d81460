"""Cancel a booking."""

from datetime import timedelta

from bookings.choices import CANCELLABLE_STATUSES, BookingStatus, EventKind
from bookings.errors import CancellationTooLate, TransitionInvalid
from bookings.models import Booking
from bookings.models.booking import Actor
from bookings.services.one_booking import BookingDraft, BookingWrite, require_current
from bookings.services.rows.booking import record_event, save_changes
from bookings.services.rows.counters import find_counted_stay, take_from_counters
from capacity.selectors import read_clock


def cancel_booking(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> Booking:
    """Cancel a booking and free its covers and tables; a cancelled one is returned as it is.

    Locks the service days in which the booking counts or has a table. Without an `actor` a guest cancels, bound by the
    restaurant's cut-off.

    Raises: `RecordNotFound`, `EditIsStale`, `TransitionInvalid`, `CancellationTooLate`, `BookingConflict`.
    """
    return CancelBooking(booking_id=booking_id, actor=actor, expected_version=expected_version).run()


class CancelBooking(BookingWrite[Booking]):
    """A cancellation."""

    operation = "cancel_booking"

    def write(self, draft: BookingDraft) -> Booking:
        """Take the booking out of the counters and off its tables."""
        booking = draft.booking
        if booking.status == BookingStatus.CANCELLED:
            return booking
        _require_cancellable(booking, self.actor, self.expected_version)
        take_from_counters(find_counted_stay(booking))
        booking.assignments.all().delete()
        _write_cancelled(booking, self.actor)
        return booking


def _require_cancellable(booking: Booking, actor: Actor, expected_version: int | None) -> None:
    require_current(booking, expected_version)
    if booking.status not in CANCELLABLE_STATUSES:
        raise TransitionInvalid(status=booking.status, wanted=BookingStatus.CANCELLED)
    cutoff = timedelta(minutes=booking.restaurant.cancel_cutoff_minutes)
    if actor is None and cutoff and read_clock() > booking.starts_at - cutoff:
        raise CancellationTooLate(cutoff_minutes=booking.restaurant.cancel_cutoff_minutes)


def _write_cancelled(booking: Booking, actor: Actor) -> None:
    before = booking.status
    booking.status = BookingStatus.CANCELLED
    save_changes(booking, "status")
    record_event(
        booking,
        EventKind.CANCELLED,
        actor=actor,
        from_value={"status": before},
        to_value={"status": BookingStatus.CANCELLED},
    )
