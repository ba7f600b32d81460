"""A party that does not come: a person decides, the grace of the house only marks it late."""

from bookings.choices import BookingStatus, EventKind
from bookings.errors import TransitionUntimely
from bookings.models import Booking
from bookings.models.booking import Actor
from bookings.services.floor.transitions import (
    require_status,
    state_of,
    write_transition,
)
from bookings.services.one_booking import BookingDraft, BookingWrite, require_current
from bookings.services.rows.counters import find_counted_stay, take_from_counters
from capacity.selectors import read_clock


def mark_no_show(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> Booking:
    """Mark a party that has not come, from its start on, and free its covers and tables; twice is once.

    Locks the service days in which the booking counts or has a table. A party that has arrived is no no-show.

    Raises: `RecordNotFound`, `EditIsStale`, `TransitionInvalid` (`TransitionUntimely` before its start),
    `BookingConflict`.
    """
    return MarkNoShow(booking_id=booking_id, actor=actor, expected_version=expected_version).run()


class MarkNoShow(BookingWrite[Booking]):
    """A no-show."""

    operation = "mark_no_show"

    def write(self, draft: BookingDraft) -> Booking:
        """Take the booking out of the counters and off its tables."""
        booking = draft.booking
        if booking.status == BookingStatus.NO_SHOW:
            return booking
        require_current(booking, self.expected_version)
        require_status(booking, [BookingStatus.CONFIRMED], BookingStatus.NO_SHOW)
        _require_started(booking)
        before = state_of(booking, booking.assignments.all())
        take_from_counters(find_counted_stay(booking))
        booking.assignments.all().delete()
        booking.status = BookingStatus.NO_SHOW
        write_transition(booking, EventKind.NO_SHOW, fields=["status"], before=before, actor=self.actor)
        return booking


def _require_started(booking: Booking) -> None:
    if read_clock() < booking.starts_at:
        message = f"The party is expected at {booking.shown_start}; before that a booking can only be cancelled"
        raise TransitionUntimely(message, status=booking.status, wanted=BookingStatus.NO_SHOW)
