"""The panel of the timeline: a booking with its operations, what a move would do, why a request was refused."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest, QueryDict

from bookings.admin.columns import clock_of, status_of
from bookings.admin.operations import OPERATIONS, operation_url
from bookings.admin.operations.pages import TIMELINE
from bookings.admin.operations.table_choice import tables_for_booking
from bookings.admin.sentences import shown_names, shown_stay
from bookings.admin.timeline.moves import Foreseen, MoveForm, may_move
from bookings.choices import CHANNELS, BookingSource
from bookings.errors import RequestRefused
from bookings.insight.explain import Explanation, explain_availability
from bookings.models import Booking, Decision
from bookings.selectors.timeline import list_refusals_at
from capacity.calendar import SlotTime
from capacity.calendar.wall_clock import shown_span, shown_time
from capacity.selectors import get_service_settings
from capacity.wording import recorded_reason
from config.errors import DomainError
from config.values import ValueInvalid, read_instant
from tables.models import Restaurant

# The operations that are one click in the panel; all others ask on a page of their own.
ONE_CLICK = ("arrive", "seat", "leave", "pin", "unpin")


def booking_context(request: HttpRequest, booking: Booking, business_date: date) -> dict[str, Any]:
    """Return a booking in words, its operations, and where it may go."""
    now = clock_of(booking)
    context = {
        "booking": booking,
        "business_date": business_date,
        "status": status_of(booking)[1],
        "tables": shown_names(booking),
        "stay": shown_stay(booking),
    }
    if not may_move(request, booking.restaurant):
        return context
    is_movable = OPERATIONS["assign"].is_offered(booking, now)
    return context | {
        "operations": list(_operations(booking, now)),
        "is_movable": is_movable,
        "groups": tables_for_booking(booking, now) if is_movable else [],
        "own_tables": [row.table_id for row in booking.assignments.all()],
        "starts": list(_starts(booking, business_date)) if is_movable else [],
    }


def _operations(booking: Booking, now: datetime) -> Iterator[dict[str, Any]]:
    for operation in OPERATIONS.values():
        if operation.is_offered(booking, now):
            url = f"{operation_url(operation.name, booking)}?{TIMELINE}=1"
            yield {"operation": operation, "url": url, "is_one_click": operation.name in ONE_CLICK}


def _starts(booking: Booking, business_date: date) -> Iterator[tuple[str, str]]:
    """Yield the starts of the date, and the booking's own where it is none of them, as value and words."""
    settings = get_service_settings(booking.restaurant_id)
    slots = [slot for service in settings.services_on(business_date) for slot in service.slots]
    if booking.starts_at not in {slot.starts_at for slot in slots}:
        yield booking.starts_at.isoformat(), f"{booking.shown_start} (as it is)"
    for slot in slots:
        yield slot.starts_at.isoformat(), _start_in_words(slot, booking)


def _start_in_words(slot: SlotTime, booking: Booking) -> str:
    return shown_time(slot.starts_at, booking.zone) + (" (as it is)" if slot.starts_at == booking.starts_at else "")


def preview_context(
    booking: Booking, form: MoveForm, foreseen: Foreseen | None = None, refusal: DomainError | None = None
) -> dict[str, Any]:
    """Return what a move would do, or every reason against it with other starts; what was asked stays in the form."""
    zone = booking.restaurant.zone
    starts = refusal.alternatives if isinstance(refusal, RequestRefused) else ()
    return {
        "booking": booking,
        "tables": shown_names(booking),
        "stay": shown_stay(booking),
        "foreseen": foreseen,
        "foreseen_stay": _span(foreseen, zone) if foreseen else "",
        "problems": [error for errors in form.errors.values() for error in errors],
        "alternatives": [(start.starts_at.isoformat(), shown_time(start.starts_at, zone)) for start in starts],
        "asked": form,
    }


def _span(foreseen: Foreseen, zone: Any) -> str:
    return " to ".join(shown_span(foreseen.starts_at, foreseen.ends_at, zone))


def refusal_context(restaurant: Restaurant, business_date: date, query: QueryDict) -> dict[str, Any]:
    """Return the refused requests of a start, and what would take the last of them now.

    Raises: `Http404` for no instant, or one without refused requests.
    """
    try:
        starts_at = read_instant(query.get("at"))
    except ValueInvalid as error:
        raise Http404 from error
    refusals = list_refusals_at(restaurant, business_date, starts_at)
    if not refusals:
        raise Http404
    said = [(decision, "; ".join(map(recorded_reason, decision.reasons)) or decision.error) for decision in refusals]
    return {
        "refusals": said,
        "at": shown_time(starts_at, restaurant.zone),
        "party_size": refusals[0].party_size,
        "explanation": _explain(restaurant, refusals[0]),
    }


def _explain(restaurant: Restaurant, decision: Decision) -> Explanation | None:
    """Explain a request as if it came again now; None where it asks for what cannot be decided any more."""
    try:
        return explain_availability(
            restaurant_id=restaurant.pk,
            business_date=decision.business_date,
            party_size=decision.party_size,
            starts_at=decision.starts_at,
            seating=decision.request.get("seating"),
            channel=CHANNELS[BookingSource(decision.source)],
        )
    except DomainError:
        return None
