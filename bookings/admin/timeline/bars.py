"""The bookings of the timeline as buttons, five hundred of them: a template takes several times as long.

Only what a person has written is escaped, and by Python's own function: Django's takes most of the time of a board.
"""

from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString

from bookings.admin.timeline.layout import Bar
from bookings.choices import BookingStatus
from bookings.models import Booking

OVER, CONFLICT = "over", "conflict"
# What tells a status apart beside its words and its colour.
SIGNS = {
    BookingStatus.HELD: "hourglass_top",
    BookingStatus.CONFIRMED: "event_available",
    "late": "alarm",
    BookingStatus.ARRIVED: "how_to_reg",
    BookingStatus.SEATED: "restaurant",
    OVER: "timer_off",
    BookingStatus.COMPLETED: "done_all",
    CONFLICT: "warning",
}
BUTTON = """
<button type="button" id="{key}" class="tl-bar tl-{kind}{conflict}" tabindex="-1" style="{place}" title="{sentence}"
 data-row="{row}" data-booking="{booking}" data-version="{version}" data-tables="{tables}" data-first="{first}"
 data-last="{last}"><span class="tl-who">{before}<span class="tl-time">{time}</span> <b>{name}</b>, {size}{part}</span>
<span class="tl-state"><span class="material-symbols-outlined" aria-hidden="true">{sign}</span>
 {words}{pinned}{after}</span>
<span class="tl-hidden">{more}</span></button>"""
BUFFER = '<i class="tl-buffer" style="{}" title="The table is made ready"></i>'
PART = ' <span class="tl-part">{} of {}</span>'
PINNED = (
    ' <span class="material-symbols-outlined" aria-hidden="true">keep</span><span class="tl-hidden">, pinned</span>'
)
CUT_BEFORE = '<span aria-hidden="true">◂ </span>'
CUT_AFTER = '<span class="tl-cut" aria-hidden="true"> ▸</span>'


@dataclass(frozen=True)
class ShownBar:
    """A booking in words, at its place."""

    bar: Bar
    booking: Booking
    kind: str
    words: str
    time: str
    until: str
    tables: str
    table_ids: tuple[int, ...]
    is_pinned: bool

    @property
    def key(self) -> str:
        """Return the id of the element: of a booking in several parts each has its own."""
        part = f"-{self.bar.part}" if self.bar.part > 1 else ""
        return f"booking-{self.booking.pk}{part}"

    @property
    def sentence(self) -> str:
        """Say all of it."""
        pinned = ", pinned" if self.is_pinned else ""
        who = f"{self.booking.guest_name}, party of {self.booking.party_size}"
        return f"{who}, {self.time} to {self.until}, {self.tables}: {self.words}{pinned}"

    @property
    def markup(self) -> SafeString:
        """Return the button, and the time in which its table is made ready behind it."""
        return SafeString(f"{self._button}{self._buffer}")

    @property
    def _button(self) -> str:
        bar, booking, columns = self.bar, self.booking, self.bar.columns
        return BUTTON.format(
            key=self.key,
            kind=self.kind,
            conflict=" tl-conflict" if bar.is_conflict else "",
            place=_place(bar, columns.first, columns.last),
            sentence=escape(self.sentence),
            row=bar.table_ids[0] if bar.table_ids else "waiting",
            booking=booking.pk,
            version=booking.version,
            tables=" ".join(map(str, self.table_ids)),
            first=columns.first,
            last=columns.last,
            before=CUT_BEFORE if columns.is_cut_before else "",
            time=self.time,
            name=escape(booking.guest_name),
            size=booking.party_size,
            part=PART.format(bar.part, bar.parts) if bar.parts > 1 else "",
            sign=SIGNS[CONFLICT if bar.is_conflict else self.kind],
            words=escape(self.words),
            pinned=PINNED if self.is_pinned else "",
            after=CUT_AFTER if columns.is_cut_after else "",
            more=escape(self._more),
        )

    @property
    def _buffer(self) -> str:
        last, ready = self.bar.columns.last, self.bar.ready
        return BUFFER.format(_place(self.bar, last, ready)) if ready > last else ""

    @property
    def _more(self) -> str:
        """Say what is seen by the place alone."""
        cut = ", goes on after what is shown" if self.bar.columns.is_cut_after else ""
        conflict = ", another party has the table too" if self.bar.is_conflict else ""
        return f"until {self.until}, {self.tables}{cut}{conflict}"


def _place(bar: Bar, first: int, last: int) -> str:
    return f"--r:{bar.line};--n:{bar.lines};--a:{first};--b:{last}"
