"""The parties of the first page: who comes next, who is late or over time, who was moved, refused, or is undecided."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bookings.admin.columns import BUTTON, standing_at, tables_of
from bookings.admin.filters import TO_DECIDE_URL, TONIGHT
from bookings.admin.marks import marks_of
from bookings.admin.operations import MAY_CHANGE, OPERATIONS, operation_url
from bookings.admin.operations.pages import TODAY
from bookings.admin.parts.house import PARAMETER
from bookings.admin.parts.shown import as_typed
from bookings.decision.occupied import grace_ends_at
from bookings.models import Booking, BookingEvent
from bookings.selectors.running_over import RunningOver
from bookings.selectors.today import HouseDay, HouseParties, Refused
from bookings.selectors.undecided import undecided_of
from bookings.selectors.undecided_count import find_undecided_lately
from capacity.calendar import iso_utc
from capacity.calendar.wall_clock import shown_time
from capacity.wording import reason_name, recorded_reason
from config.values import isolated

# The first of those to be decided: the list has all.
MOST_UNDECIDED = 3
STANDINGS = (
    ("to_come", "to come", "to_come"),
    ("late", "late", "late"),
    ("arrived", "waiting for a table", "waiting"),
    ("seated", "seated", "seated"),
    ("left", "left", ""),
    ("no_shows", "no-show", ""),
)


def parties_context(request: HttpRequest, of: HouseDay, parties: HouseParties) -> dict[str, Any]:
    """Return the parties of a business date for a user who may see bookings, with what he or she may do at once."""
    restaurant, now = of.settings.restaurant, of.settings.now
    may_change = request.user.has_perms(MAY_CHANGE, restaurant)
    return {
        "sees_parties": True,
        "may_change": may_change,
        "standing": list(_standing(of, parties)),
        "groups": [
            ("Late", [_party(booking, now, ("arrive",), may_change) for booking in parties.late]),
            ("Next arrivals", [_party(booking, now, ("arrive",), may_change) for booking in parties.arrivals]),
        ],
        "over": [_over(of, late) for late in parties.over],
        "online_from": shown_time(grace_ends_at(restaurant, now), of.settings.zone),
        "moves": [_move(event, now, may_change) for event in parties.moves],
        "refused": [_refused(of, refused) for refused in parties.refused],
        **_undecided(of),
    }


def _standing(of: HouseDay, parties: HouseParties) -> Iterator[dict[str, Any]]:
    """Yield how many parties stand how; those of the running date lead to their list."""
    slug, numbers = of.settings.restaurant.slug, parties.standing._asdict()
    for name, words, listed in STANDINGS:
        if numbers[name]:
            query = {PARAMETER: slug, "when": TONIGHT, "party": listed}
            url = f"{reverse('admin:bookings_booking_changelist')}?{urlencode(query)}"
            yield {"key": name, "number": numbers[name], "words": words, "url": url if listed and of.is_running else ""}


def _party(booking: Booking, now: datetime, operations: Collection[str], may_change: bool) -> dict[str, Any]:
    return {
        "booking": booking,
        "guest": as_typed(booking.guest_name),
        "time": shown_time(booking.starts_at, booking.zone),
        "standing": standing_at(booking, now, booking.restaurant.grace_minutes),
        "tables": tables_of(booking),
        "marks": format_html_join("", "{}", ((mark.shown(booking),) for mark in marks_of(booking))),
        "buttons": format_html_join("", "{}", _buttons(booking, now, operations) if may_change else ()),
    }


def _buttons(booking: Booking, now: datetime, names: Iterable[str]) -> Iterator[tuple[SafeString]]:
    """Yield a button for each operation that can begin: one tap does it, and leads back here."""
    for name in names:
        operation = OPERATIONS[name]
        if operation.is_offered(booking, now):
            url = f"{operation_url(name, booking)}?{TODAY}=1"
            guest = isolated(booking.guest_name)
            yield (format_html(BUTTON, url, booking.version, operation.label, guest, operation.label),)


def _over(of: HouseDay, late: RunningOver) -> dict[str, Any]:
    next_at = late.next_starts_at
    return {"at": late, "next_at": shown_time(next_at, of.settings.zone) if next_at else ""}


def _move(event: BookingEvent, now: datetime, may_change: bool) -> dict[str, Any]:
    """Return an automatic move; its party is moved no more once it is pinned."""
    party = _party(event.booking, now, ("pin",), may_change)
    return {**party, "said": event.reason, "at": shown_time(event.created_at, event.booking.zone)}


def _refused(of: HouseDay, refused: Refused) -> dict[str, Any]:
    """Return the requests refused for a reason, with the address of what would have taken the last one."""
    latest, restaurant = refused.latest, of.settings.restaurant
    levers = reverse("timeline:refusals", args=[restaurant.slug, of.day.business_date])
    return {
        "name": reason_name(refused.code),
        "requests": refused.requests,
        "covers": refused.covers,
        "latest": latest,
        "at": shown_time(latest.starts_at, of.settings.zone),
        "said": "; ".join(map(recorded_reason, latest.reasons)) or latest.error,
        "levers": f"{levers}?{urlencode({'at': iso_utc(latest.starts_at)})}",
    }


def _undecided(of: HouseDay) -> dict[str, Any]:
    """Return the number of the bookings to be decided, of any date, and the first of them."""
    problems = find_undecided_lately((of.settings.restaurant.pk,))
    first = undecided_of(problems)[:MOST_UNDECIDED]
    return {
        "to_decide": len(problems),
        "to_decide_url": f"{TO_DECIDE_URL}&{urlencode({PARAMETER: of.settings.restaurant.slug})}",
        "undecided": [{"booking": each.booking, "why": each.reason} for each in first],
    }
