"""The page before a change is saved: its consequences, and the same form once more to confirm them or to go back."""

from typing import Any, cast

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.consequences import Call, list_calls, shown_consequences, shown_when
from bookings.admin.parts.csv_files import CSV_VARIANTS, csv_response
from bookings.admin.parts.log_entries import log_rows
from bookings.services import ASKING, ChangeUnconfirmed
from config.values import counted

# The fingerprint of the consequences that were seen; the list of guests as a file or to print; back to the form.
CONFIRMED, CALLS, EDIT = "_confirmed", "_calls", "_edit"
OWN_INPUTS = frozenset({CONFIRMED, CALLS, EDIT, "csrfmiddlewaretoken"})
MAY_SEE_GUESTS = "bookings.view_booking"
CALLS_HEAD = ("date", "time", "name", "phone", "covers", "booking", "why")


def confirmed_in(request: HttpRequest) -> str:
    """Return the fingerprint that a form confirms; asking for the guests to call confirms nothing."""
    return ASKING if CALLS in request.POST else request.POST.get(CONFIRMED, "")


def preview_context(
    request: HttpRequest, unconfirmed: ChangeUnconfirmed, *, sent: list[tuple[str, str]] | None = None
) -> dict[str, Any]:
    """Return what a page needs to show consequences, and to send the same form again: `sent`, else what came."""
    values = [(name, value) for name, found in request.POST.lists() for value in found if name not in OWN_INPUTS]
    return {
        "hidden": values if sent is None else sent,
        "confirmed_name": CONFIRMED,
        "fingerprint": unconfirmed.fingerprint,
        "has_moved_on": bool(request.POST.get(CONFIRMED)),
        **shown_consequences(unconfirmed, shows_guests=request.user.has_perm(MAY_SEE_GUESTS, unconfirmed.restaurant)),
    }


def serve_preview(
    admin: ModelAdmin[Any], request: HttpRequest, unconfirmed: ChangeUnconfirmed, *, verb: str, back: str = ""
) -> HttpResponse:
    """Show the consequences of a change that was not saved, or the guests to call alone.

    The way back is the form as it was filled in, or the address `back`.
    """
    if CALLS in request.POST:
        return serve_calls(admin, request, unconfirmed)
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Before the {admin.opts.verbose_name} is {verb}",
        "opts": admin.opts,
        "restaurant": unconfirmed.restaurant,
        "button": "Save as shown" if verb == "saved" else "Delete, as shown",
        "back": back,
        "edit_name": EDIT,
        **preview_context(request, unconfirmed),
    }
    return TemplateResponse(request, "admin/settings/preview.html", context)


def serve_calls(admin: ModelAdmin[Any], request: HttpRequest, unconfirmed: ChangeUnconfirmed) -> HttpResponse:
    """Return the guests to call as CSV, for a spreadsheet with a byte order mark, or as a page to print."""
    if not request.user.has_perm(MAY_SEE_GUESTS, unconfirmed.restaurant):
        raise PermissionDenied
    calls, variant = list_calls(unconfirmed), request.POST[CALLS]
    said = f"Exported {counted(len(calls), 'guest')} to call."
    log_rows(actor_of(request), [(unconfirmed.restaurant, said)])
    if variant in CSV_VARIANTS:
        # The types of Django's admin know no answer that is streamed.
        return cast(HttpResponse, csv_response("guests-to-call.csv", CALLS_HEAD, map(_line, calls), variant=variant))
    rows = [(call, shown_when(call.booking)) for call in calls]
    return TemplateResponse(
        request, "admin/settings/calls.html", {"restaurant": unconfirmed.restaurant, "rows": rows, "opts": admin.opts}
    )


def _line(call: Call) -> tuple[Any, ...]:
    booking = call.booking
    return (
        booking.business_date.isoformat(),
        booking.shown_start,
        booking.guest_name,
        booking.guest_phone,
        booking.party_size,
        booking.reference,
        "; ".join(call.reasons),
    )
