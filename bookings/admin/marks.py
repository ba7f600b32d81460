"""The marks of a booking: words that the staff must not miss, with their text at hand on every list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bookings.admin.parts.shown import as_typed, in_sentence
from bookings.models import Booking
from config.values import isolated

# What stands on a list; all of it is one click, touch or key away.
SHOWN_CHARACTERS = 60
# A name may be as long as three lines: title and page have all of it.
_GUEST = (
    '<div style="min-width: 8rem; max-width: 20rem"><div title="{}" style="display: -webkit-box; overflow: hidden; '
    '-webkit-box-orient: vertical; -webkit-line-clamp: 3">{}</div>{}</div>'
)
_ICON = '<span class="material-symbols-outlined align-middle text-base!" aria-hidden="true">{}</span>'
_SHORT = '<div class="text-xs {}" title="{}: {}">{} <strong>{}:</strong> {}</div>'
_LONG = (
    '<details class="text-xs {}"><summary class="cursor-pointer" title="{}: {}">{} <strong>{}:</strong> {}</summary>'
    "{}</details>"
)


@dataclass(frozen=True)
class Mark:
    """A kind of words about a booking, with its icon and colour; a booking without them has no mark."""

    label: str
    icon: str
    colour: str
    words: Callable[[Booking], str]

    def shown(self, booking: Booking) -> SafeString:
        """Show the words with the icon; what is long is shortened until it is opened."""
        words = self.words(booking)
        icon, title = format_html(_ICON, self.icon), isolated(words)
        if len(words) <= SHOWN_CHARACTERS and "\n" not in words:
            return format_html(_SHORT, self.colour, self.label, title, icon, self.label, as_typed(words))
        line = " ".join(words.split())
        beginning = as_typed(line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}…")
        return format_html(_LONG, self.colour, self.label, title, icon, self.label, beginning, as_typed(words))

    def said(self, booking: Booking) -> SafeString:
        """Put the words into a sentence."""
        return format_html("<strong>{}:</strong> {}", self.label, in_sentence(self.words(booking)))


# Whoever wants another mark adds it here: lists, the walk-in page and the pages of operations show it.
MARKS = (
    Mark("Allergies", "emergency", "text-red-600 dark:text-red-500", lambda booking: booking.allergies),
    Mark("Notes", "sticky_note_2", "", lambda booking: booking.notes),
)


def marks_of(booking: Booking) -> Iterator[Mark]:
    """Yield the marks that a booking has, the most urgent first."""
    return (mark for mark in MARKS if mark.words(booking))


def guest_of(booking: Booking) -> SafeString:
    """Show the name of the guest with the marks of the booking below it."""
    marks = format_html_join("", "{}", ((mark.shown(booking),) for mark in marks_of(booking)))
    return format_html(_GUEST, isolated(booking.guest_name), as_typed(booking.guest_name), marks)


def party_of(booking: Booking) -> SafeString:
    """Name a party in a sentence: guest, size, reference."""
    return format_html("{}, {} ({})", in_sentence(booking.guest_name), booking.party_size, booking.reference)


def marks_said(booking: Booking) -> SafeString:
    """Put the marks of a booking behind a sentence about it."""
    return format_html_join("", " · {}", ((mark.said(booking),) for mark in marks_of(booking)))
