"""What a use case finds out about its request, noted as it goes, so that its end can be recorded whatever it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bookings.choices import BookingSource, DecisionOperation, EventKind
from bookings.decision import Assessment, DayBook, Wish
from bookings.models import Booking
from bookings.selectors import LimitKey
from capacity.selectors import ServiceSettings


@dataclass
class DecisionTrail:
    """The last that was decided about a request, and on what; `booking` is what was written, or is to be changed.

    `is_written` says that the request was accepted and committed. Where nothing is noted, nothing was decided.
    `covers_had` are those of the booking as it is, which no refusal denies; `happening` is what becomes of a party that
    has come, and `raised` by how much that passes limits, as somebody authorised.
    """

    operation: DecisionOperation
    source: BookingSource = BookingSource.WEB
    settings: ServiceSettings | None = None
    wish: Wish | None = None
    book: DayBook | None = None
    assessment: Assessment | None = None
    booking: Booking | None = None
    is_written: bool = False
    covers_had: int = 0
    happening: EventKind | None = None
    raised: Mapping[LimitKey, int] = field(default_factory=dict)
    _assess: Callable[[], Assessment] | None = None

    def note_wish(self, settings: ServiceSettings, wish: Wish) -> None:
        """Note what is asked, before it is decided."""
        self.settings, self.wish = settings, wish

    def note(self, book: DayBook, assessment: Assessment) -> None:
        """Note what was decided, and on what; the last that is noted counts."""
        self.note_wish(book.settings, assessment.wish)
        # What an attempt before this one wrote was rolled back.
        self.booking, self.is_written = None, False
        self.book, self.assessment = book, assessment

    def note_booking(self, booking: Booking) -> None:
        """Note which booking is to be changed, as it is now."""
        self.booking, self.source = booking, BookingSource(booking.source)
        self.covers_had = booking.party_size

    def note_stay(self, booking: Booking, book: DayBook, wish: Wish, assess: Callable[[], Assessment]) -> None:
        """Note what a party that has come asks, and how to say what was decided: asked after the transaction."""
        self.note_wish(book.settings, wish)
        self.book, self.assessment, self._assess = book, None, assess
        self.is_written, self.raised = False, {}
        self.note_booking(booking)

    def note_written(self, booking: Booking, raised: Mapping[LimitKey, int] | None = None) -> None:
        """Note that the request was accepted and written, and what it takes above limits."""
        self.booking, self.is_written, self.raised = booking, True, raised or {}

    def settle(self) -> None:
        """Say what was decided, where that was left for when nobody waits."""
        if self.assessment is None and self._assess is not None:
            self.assessment = self._assess()

    @property
    def covers_denied(self) -> int:
        """Return how many covers a refusal denies: all that are asked, beyond those that the booking has."""
        return max(0, self.wish.party_size - self.covers_had) if self.wish else 0
