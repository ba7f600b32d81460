"""The outcome of a change of settings, in sentences for the next screen."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo

from django.contrib.messages import constants
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bookings.admin.parts.links import MOST_LISTED, change_link, describe_booking
from bookings.admin.parts.shown import OVER_THE_LIMIT, long_date
from bookings.models import Booking
from bookings.selectors.undecided import Undecided
from bookings.services import MovedParty, PartyLeft, RaisedExcess, SettingsOutcome
from bookings.services.rows.seating import shown_tables
from capacity.calendar.wall_clock import shown_time
from capacity.limits import LIMIT_OF
from capacity.models import BookingSlot, ServiceDay
from capacity.wording import limit_name

Said = tuple[int, str | SafeString]
SlotKey = tuple[int, datetime]


def describe_outcome(outcome: SettingsOutcome, zone: tzinfo) -> Iterator[Said]:
    """Yield (message level, sentence): service days updated, limits passed, bookings to decide about, parties moved.

    Times of slots are shown on the wall clock of `zone`.
    """
    if outcome.service_days:
        yield constants.SUCCESS, _service_days(outcome.service_days)
    if outcome.raised:
        yield constants.WARNING, _raised(outcome.raised, zone)
    if outcome.unnamed:
        one, many = "booking stays in place and waits", "bookings stay in place and wait"
        yield constants.WARNING, _to_decide(outcome.unnamed, f"{one} for your decision", f"{many} for your decision")
    if outcome.rescheduled:
        yield constants.WARNING, _rescheduled(outcome.rescheduled)
    yield from describe_reseating(outcome.moves, outcome.left)
    if outcome.waiting:
        one, many = "booking waits", "bookings wait"
        since = "for your decision since before"
        yield constants.WARNING, _to_decide(outcome.waiting, f"{one} {since}", f"{many} {since}")


def _rescheduled(bookings: Sequence[Booking]) -> SafeString:
    lines = (
        format_html("{}: {}, {}", describe_booking(booking), booking.guest_name, booking.guest_phone or "no phone")
        for booking in bookings
    )
    noun = "booking keeps its" if len(bookings) == 1 else "bookings keep their"
    return _listed(len(bookings), f"{noun} date and time in the new zone; tell the guests", lines, most=len(bookings))


def describe_reseating(moves: Sequence[MovedParty], left: Sequence[PartyLeft]) -> Iterator[Said]:
    """Yield (message level, sentence): the parties at other tables now, and those without a move; 1 query."""
    if moves:
        yield constants.SUCCESS, moved_parties(moves, "has another table now", "have other tables now")
    if left:
        yield constants.WARNING, parties_left(left)


def moved_parties(moves: Sequence[MovedParty], one: str, many: str) -> SafeString:
    """Name parties with their old and new tables, ten at most; 1 query."""
    shown = moves[:MOST_LISTED]
    bookings = Booking.objects.filter(reference__in=[move.booking_reference for move in shown])
    known = {booking.reference: booking for booking in bookings}
    lines = (
        format_html(
            "{}: {} -> {}",
            describe_booking(known[move.booking_reference]),
            shown_tables(move.from_tables),
            shown_tables(move.to_tables),
        )
        for move in shown
        if move.booking_reference in known
    )
    return _listed(len(moves), f"booking {one}" if len(moves) == 1 else f"bookings {many}", lines)


def parties_left(left: Sequence[PartyLeft]) -> SafeString:
    """Name parties that keep their table, with table and reason, ten at most."""
    lines = (
        format_html("{} at {}: {}", describe_booking(party.booking), shown_tables(party.tables), party.reason.words)
        for party in left[:MOST_LISTED]
    )
    noun = "booking keeps its table and waits" if len(left) == 1 else "bookings keep their tables and wait"
    return _listed(len(left), f"{noun} for your decision", lines)


def _listed(count: int, said: str, lines: Iterable[SafeString], *, most: int = MOST_LISTED) -> SafeString:
    return format_html("{} {}:{}", count, said, _lines_of(count, lines, most=most))


def _lines_of(count: int, lines: Iterable[SafeString], *, most: int = MOST_LISTED) -> SafeString:
    more = count - most
    rest = format_html("<li>and {} more</li>", more) if more > 0 else ""
    items = format_html_join("", "<li>{}</li>", ((line,) for line in lines))
    return format_html("<ul>{}{}</ul>", items, rest)


def _service_days(count: int) -> str:
    return f"{count} future service {'day' if count == 1 else 'days'} updated."


def _to_decide(found: Sequence[Undecided], one: str, many: str) -> SafeString:
    lines = (
        format_html("{} {}: {}", describe_booking(each.booking), each.booking.guest_name, each.reason)
        for each in found[:MOST_LISTED]
    )
    count = len(found)
    return format_html("{} {}: {}", count, one if count == 1 else many, _lines_of(count, lines))


def _raised(raised: tuple[RaisedExcess, ...], zone: tzinfo) -> SafeString:
    in_order = sorted(raised, key=lambda item: item.slot_starts_at or item.service_day.starts_at)
    slots = _slots_of(in_order[:MOST_LISTED])
    listed = format_html_join("", "<li>{}</li>", ((_excess(item, slots, zone),) for item in in_order[:MOST_LISTED]))
    more = len(raised) - MOST_LISTED
    rest = format_html("<li>and {} more, listed under Overrides</li>", more) if more > 0 else ""
    return format_html("More is booked than the new limit. The bookings stay:<ul>{}{}</ul>", listed, rest)


def _slots_of(raised: Sequence[RaisedExcess]) -> dict[SlotKey, BookingSlot]:
    """Read the named slots in 1 query."""
    named = [(item.service_day.pk, item.slot_starts_at) for item in raised if item.slot_starts_at]
    rows = BookingSlot.objects.filter(
        service_day__in={day_id for day_id, _ in named}, starts_at__in={starts_at for _, starts_at in named}
    )
    return {(slot.service_day_id, slot.starts_at): slot for slot in rows}


def _excess(item: RaisedExcess, slots: dict[SlotKey, BookingSlot], zone: tzinfo) -> SafeString:
    """Name service, date, slot and limit, its use, and the amount above it."""
    day = item.service_day
    name = f"{day.service_period} on {long_date(day.business_date)}"
    at = f" at {shown_time(item.slot_starts_at, zone)}" if item.slot_starts_at else ""
    owner = slots.get((day.pk, item.slot_starts_at)) if item.slot_starts_at else day
    use = f"{limit_name(item.limit)} {_use_of(item, owner)} {OVER_THE_LIMIT}"
    return format_html("{}{}: {}", change_link(day, name), at, use)


def _use_of(item: RaisedExcess, owner: ServiceDay | BookingSlot | None) -> str:
    limit = LIMIT_OF[item.limit]
    used, most = getattr(owner, limit.counter, None), getattr(owner, limit.column, None)
    # Read after the change was committed: the slot, or its limit, may be gone again.
    if used is None or most is None:
        return f"{item.amount}"
    return f"{used} / {most}, {used - most}"
