"""Bookings that could not be made again, and that a person keeps as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from bookings.choices import EventKind
from bookings.decision.stranded import Problem, in_words
from bookings.models import Booking
from bookings.models.booking import Actor
from bookings.selectors.undecided import find_undecided
from bookings.services.floor.seats import raise_version, require_live
from bookings.services.one_booking import BookingDraft, BookingWrite, get_booking, require_current
from bookings.services.rows.booking import record_event
from bookings.services.rows.seating import REASON_LENGTH
from capacity.selectors import read_clock
from config.errors import InputInvalid


def keep_booking(*, booking_id: int, reason: str, actor: Actor = None, expected_version: int | None = None) -> Booking:
    """Keep a booking as it is, in spite of all that keeps it from being made again; twice is once.

    It waits for a decision no more, until its problem becomes another one. Locks the service days in which it counts or
    has a table.

    Raises: `InputInvalid` without a reason, `RecordNotFound`, `EditIsStale`, `BookingNotActive`, `BookingConflict`.
    """
    said = reason.strip()
    if not said:
        raise InputInvalid.of_field("reason", "required", "Say why: the history of the booking names it.")
    if len(said) > REASON_LENGTH:
        raise InputInvalid.of_field("reason", "too_long", f"At most {REASON_LENGTH} characters.")
    # Before the transaction, which would conflict with all who book a table meanwhile.
    found = find_undecided((get_booking(booking_id).restaurant_id,)).get(booking_id, ())
    keeping = KeepBooking(
        booking_id=booking_id, actor=actor, expected_version=expected_version, problems=found, reason=said
    )
    return keeping.run() if found else get_booking(booking_id)


@dataclass(kw_only=True)
class KeepBooking(BookingWrite[Booking]):
    """A booking that stays as it is."""

    operation = "keep_booking"
    problems: Sequence[Problem]
    reason: str

    def write(self, draft: BookingDraft) -> Booking:
        """Note in the history the problems that a person has decided about."""
        booking = draft.booking
        require_current(booking, self.expected_version)
        require_live(booking, read_clock(), "kept as it is")
        raise_version(booking)
        record_event(
            booking,
            EventKind.KEPT,
            actor=self.actor,
            from_value={"problem": in_words(self.problems)},
            to_value={"kept": sorted(problem.key for problem in self.problems)},
            reason=self.reason,
        )
        return booking
