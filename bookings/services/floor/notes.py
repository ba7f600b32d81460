"""The words about a party: what it wants, and what its guests must not eat."""

from dataclasses import dataclass

from bookings.choices import EventKind
from bookings.models import Booking
from bookings.services.floor.seats import require_live
from bookings.services.guests import read_words
from bookings.services.one_booking import BookingDraft, BookingWrite, require_current
from bookings.services.rows.events import Actor, record_event
from capacity.selectors import read_clock


def note_booking(
    *, booking_id: int, notes: str, allergies: str, actor: Actor = None, expected_version: int | None = None
) -> Booking:
    """Write the notes and allergies of a booking that is live; the same words are no change.

    The history says which words changed, and keeps none of them: they are about a person's health. Locks the service
    days in which the booking counts or has a table.

    Raises: `InputInvalid`, `RecordNotFound`, `EditIsStale`, `BookingNotActive`, `BookingConflict`.
    """
    return NoteBooking(
        booking_id=booking_id,
        words={"notes": read_words("notes", notes), "allergies": read_words("allergies", allergies)},
        actor=actor,
        expected_version=expected_version,
    ).run()


@dataclass(kw_only=True)
class NoteBooking(BookingWrite[Booking]):
    """A change of the words about a party."""

    operation = "note_booking"
    words: dict[str, str]

    def write(self, draft: BookingDraft) -> Booking:
        """Write the words that differ, and their names into the history."""
        booking = draft.booking
        different = sorted(name for name, text in self.words.items() if getattr(booking, name) != text)
        if not different:
            return booking
        require_current(booking, self.expected_version)
        require_live(booking, read_clock(), "noted")
        for name in different:
            setattr(booking, name, self.words[name])
        booking.version += 1
        booking.save(update_fields=[*different, "version", "updated_at"])
        record_event(booking, EventKind.CHANGED, actor=self.actor, to_value=dict.fromkeys(different, "changed"))
        return booking
