"""What a use case finds out about its request, noted as it goes, so that its end can be recorded whatever it is."""

from dataclasses import dataclass

from bookings.availability import Assessment, Wish
from bookings.choices import BookingSource, DecisionOperation
from bookings.day import DayBook
from bookings.models import Booking
from capacity.selectors import ServiceSettings


@dataclass
class DecisionTrail:
    """The last that was decided about a request, and on what; `booking` is what was written, or is to be changed.

    `is_written` says that the request was accepted and committed. Where nothing is noted, nothing was decided.
    """

    operation: DecisionOperation
    source: BookingSource = BookingSource.WEB
    settings: ServiceSettings | None = None
    wish: Wish | None = None
    book: DayBook | None = None
    assessment: Assessment | None = None
    booking: Booking | None = None
    is_written: bool = False

    def note_wish(self, settings: ServiceSettings, wish: Wish) -> None:
        """Note what is asked, before it is decided."""
        self.settings, self.wish = settings, wish

    def note(self, book: DayBook, assessment: Assessment) -> None:
        """Note what was decided, and on what; the last that is noted counts."""
        self.note_wish(book.settings, assessment.wish)
        # What an attempt before this one wrote was rolled back.
        self.booking, self.is_written = None, False
        self.book, self.assessment = book, assessment

    def note_written(self, booking: Booking) -> None:
        """Note that the request was accepted and written."""
        self.booking, self.is_written = booking, True
