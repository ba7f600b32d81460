"""The consequences of a change before it is saved, as people read them: limits, moves, and guests to call."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings.admin.parts.shown import as_typed, long_date
from bookings.admin.settings.words import SHORT_WEEKDAYS
from bookings.models import Booking
from bookings.services import ChangeUnconfirmed, SettingsOutcome
from bookings.services.rows.seating import shown_tables
from capacity.limits import LIMIT_OF
from capacity.service_changes import ChangedSpan, in_spans
from config.values import counted

MOST_ROWS = 50
# Lighter in the dark than other links: a table has the darker ground.
LINK = '<a class="text-primary-600 underline dark:text-primary-400" href="{}">{}</a>'
LIMIT_HEAD = ("Service", "Days", "Starts", "What", "Now", "Then", "Dates")
MOVE_HEAD = ("Booking", "When", "Covers", "Guest", "Table now", "Table then")
CALL_HEAD = ("Guest", "Phone", "When", "Covers", "Booking", "Why")


@dataclass(frozen=True)
class Call:
    """A guest to call, with the reasons in words."""

    booking: Booking
    reasons: tuple[str, ...]


def list_calls(unconfirmed: ChangeUnconfirmed) -> list[Call]:
    """List the guests of bookings over a limit, stranded, left at their tables or rescheduled, by start."""
    reasons: dict[Booking, list[str]] = {}
    for booking, reason in _reasons(unconfirmed):
        reasons.setdefault(booking, []).append(reason)
    # A start is shown by the clock of its restaurant: 1 query for all.
    prefetch_related_objects(list(reasons), "restaurant")
    calls = (Call(booking, tuple(found)) for booking, found in reasons.items())
    return sorted(calls, key=lambda call: (call.booking.starts_at, call.booking.pk))


def _reasons(unconfirmed: ChangeUnconfirmed) -> Iterator[tuple[Booking, str]]:
    outcome = unconfirmed.outcome
    for found in outcome.unnamed:
        yield found.booking, found.reason
    for party in outcome.left:
        yield party.booking, f"keeps {shown_tables(party.tables)}: {party.reason.words}"
    for over in unconfirmed.over_limits:
        yield over.booking, f"over the limit: {', '.join(LIMIT_OF[code].name for code in over.limits)}"
    for booking in outcome.rescheduled:
        yield booking, "keeps its date and time in the new zone"


def shown_consequences(unconfirmed: ChangeUnconfirmed, *, shows_guests: bool) -> dict[str, Any]:
    """Return the tables of a preview, each of at most 50 rows, and what they come to in sentences; 1 query."""
    outcome, calls = unconfirmed.outcome, list_calls(unconfirmed)
    spans = in_spans(outcome.changes, slot_minutes=unconfirmed.restaurant.slot_minutes)
    return {
        "summary": list(_summary(unconfirmed, spans)),
        "tables": [
            _table("Limits and start times that change", LIMIT_HEAD, _limit_rows(spans), len(spans)),
            _table("Bookings that get other tables", MOVE_HEAD, _move_rows(outcome, shows_guests), len(outcome.moves)),
            _table("Guests to call", CALL_HEAD, _call_rows(calls, shows_guests), len(calls)),
        ],
        "has_calls": bool(calls) and shows_guests,
    }


def _table(title: str, headers: Sequence[str], rows: Iterable[Sequence[Any]], count: int) -> dict[str, Any]:
    return {"title": title, "headers": headers, "rows": list(rows), "more": max(count - MOST_ROWS, 0)}


def _summary(unconfirmed: ChangeUnconfirmed, spans: Sequence[ChangedSpan]) -> Iterator[str]:
    outcome = unconfirmed.outcome
    counts = (
        (len(unconfirmed.over_limits), "booking is", "bookings are", "over the new limit"),
        (len(outcome.unnamed), "booking waits", "bookings wait", "for your decision"),
        (len(outcome.left), "booking keeps its table and waits", "bookings keep their tables and wait", "for you"),
        (len(outcome.moves), "booking gets another table", "bookings get other tables", ""),
        (len(outcome.rescheduled), "booking keeps its", "bookings keep their", "date and time in the new zone"),
    )
    if spans:
        dates = {on for span in spans for on in span.dates}
        yield f"Limits or start times change on {counted(len(dates), 'date')}."
    for count, one, many, rest in counts:
        if count:
            yield f"{count} {one if count == 1 else many} {rest}".rstrip() + "."


def _limit_rows(spans: Sequence[ChangedSpan]) -> Iterator[Sequence[str]]:
    for span in spans[:MOST_ROWS]:
        starts = " to ".join(span.times) or "whole service"
        yield span.period, _days_of(span), starts, span.what, span.before, span.after, str(len(span.dates))


def _days_of(span: ChangedSpan) -> str:
    if len(span.dates) == 1:
        return long_date(span.dates[0])
    every = len(span.weekdays) == 7
    return "every day" if every else " ".join(SHORT_WEEKDAYS[day] for day in span.weekdays)


def _move_rows(outcome: SettingsOutcome, shows_guests: bool) -> Iterator[Sequence[Any]]:
    shown = outcome.moves[:MOST_ROWS]
    references = [move.booking_reference for move in shown]
    known = Booking.objects.select_related("restaurant").in_bulk(references, field_name="reference")
    for move in shown:
        booking = known[move.booking_reference]
        tables = shown_tables(move.from_tables), shown_tables(move.to_tables)
        yield (*_booking_cells(booking), _guest(booking, shows_guests), *tables)


def _call_rows(calls: Sequence[Call], shows_guests: bool) -> Iterator[Sequence[Any]]:
    for call in calls[:MOST_ROWS]:
        booking = call.booking
        phone = booking.guest_phone if shows_guests else ""
        link, when, covers = _booking_cells(booking)
        yield _guest(booking, shows_guests), phone, when, covers, link, "; ".join(call.reasons)


def _booking_cells(booking: Booking) -> tuple[SafeString, str, int]:
    url = reverse("admin:bookings_booking_change", args=[booking.pk])
    return format_html(LINK, url, booking.reference), shown_when(booking), booking.party_size


def _guest(booking: Booking, shows_guests: bool) -> SafeString | str:
    return as_typed(booking.guest_name) if shows_guests else ""


def shown_when(booking: Booking) -> str:
    """Show date and wall time of a booking."""
    return f"{long_date(booking.business_date)}, {booking.shown_start}"
