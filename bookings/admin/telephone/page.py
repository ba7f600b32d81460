"""The page: one form, the starts of its date beside it, and after a refusal what would take the party."""

from typing import Any
from urllib.parse import parse_qsl

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings.admin.filters import TONIGHT_URL
from bookings.admin.operations import MAY_CHANGE
from bookings.admin.override_question import OVERRIDE, ask_to_override, read_override, said_override
from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.links import change_link
from bookings.admin.parts.shown import long_date
from bookings.admin.restaurant_choice import choose_restaurant
from bookings.admin.sentences import clock, shown_names
from bookings.admin.telephone.availability import availability_beside
from bookings.admin.telephone.form import TelephoneForm
from bookings.admin.telephone.remedies import find_remedies
from bookings.errors import RequestRefused
from bookings.models import Booking
from bookings.services import create_booking_with_capacity_check
from capacity.selectors import read_clock
from config.errors import DomainError

# The buttons beside "Book": fill in a start, show the starts of the date, book with other values.
PICK, LOOK, LEVER = "pick", "look", "lever"
CHANGEABLE = frozenset({"wall_time", "starts_at", "party_size", "minutes", "seating"})


def serve_telephone(admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Ask for the party, book it once, and name its table; with several restaurants ask first for the restaurant."""
    restaurant, restaurants = choose_restaurant(request, MAY_CHANGE)
    if restaurant is None:
        return _render(admin, request, {"restaurants": restaurants})
    if request.method != "POST":
        return _ask(admin, request, TelephoneForm(restaurant, read_clock(), asked=request.GET))
    form = TelephoneForm(restaurant, read_clock(), _filled_in(request.POST))
    if PICK in request.POST or LOOK in request.POST:
        return _ask(admin, request, form, is_read_only=True)
    return _book(admin, request, form)


def _filled_in(sent: QueryDict) -> QueryDict:
    """Return what was sent, with the values of the button that was clicked."""
    data = sent.copy()
    for name, value in parse_qsl(sent.get(PICK, "") or sent.get(LEVER, ""), keep_blank_values=True):
        if name in CHANGEABLE:
            data[name] = value
    return data


def _book(admin: ModelAdmin[Any], request: HttpRequest, form: TelephoneForm) -> HttpResponse:
    context: dict[str, Any] = {}
    if form.is_valid():
        try:
            booking = _create(request, form)
        except DomainError as refusal:
            if isinstance(refusal, RequestRefused):
                context = _offers(request, form, refusal)
            form.add_refusal(refusal)
        else:
            return HttpResponseRedirect(reverse("admin:bookings_booking_change", args=[booking.pk]))
    return _ask(admin, request, form, **context)


def _create(request: HttpRequest, form: TelephoneForm) -> Booking:
    """Book, and say what was booked.

    Raises: as `create_booking_with_capacity_check`.
    """
    receipt = create_booking_with_capacity_check(
        **form.booking, actor=actor_of(request), override=read_override(request, form)
    )
    booking = receipt.booking
    messages.success(request, _booked(booking))
    for override in booking.overrides.order_by("pk"):
        messages.warning(request, said_override(override))
    return booking


def _offers(request: HttpRequest, form: TelephoneForm, refusal: RequestRefused) -> dict[str, Any]:
    """Return what would take the party; once a person answers for it, only what that comes to."""
    override = ask_to_override(request, form.restaurant, refusal)
    if OVERRIDE in request.POST:
        return {"override": override}
    return {"override": override, "remedies": find_remedies(request, form, refusal)}


def _booked(booking: Booking) -> SafeString:
    return format_html(
        "{}, party of {}, is booked on {} from {} to {}: {} ({}).",
        booking.guest_name,
        booking.party_size,
        long_date(booking.business_date),
        clock(booking.starts_at, booking.restaurant.zone),
        clock(booking.ends_at, booking.restaurant.zone),
        shown_names(booking),
        change_link(booking),
    )


def _ask(
    admin: ModelAdmin[Any], request: HttpRequest, form: TelephoneForm, *, is_read_only: bool = False, **context: Any
) -> HttpResponse:
    if is_read_only:
        # What was typed stays; whether all of it makes sense is a question for "Book".
        form = form.unjudged()
    return _render(
        admin,
        request,
        {"restaurant": form.restaurant, "form": form, "beside": availability_beside(form), **context},
    )


def _render(admin: ModelAdmin[Any], request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    shared = {
        **admin.admin_site.each_context(request),
        "title": "New booking",
        "opts": admin.opts,
        "back": reverse("admin:bookings_booking_changelist") + TONIGHT_URL,
    }
    return TemplateResponse(request, "admin/bookings/booking/telephone.html", {**shared, **context})
