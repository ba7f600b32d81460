"""The page of an operation: GET asks, POST does it once and shows the outcome or the refusal."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from bookings.admin.marks import marks_of
from bookings.admin.operations.base import Operation, OperationForm
from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.columns import Page, row_action
from bookings.admin.parts.house import today_url
from bookings.admin.sentences import outcome_sentences, shown_names, shown_stay
from bookings.models import Booking
from bookings.services.floor.outcomes import FloorOutcome
from capacity.selectors import read_clock
from config.errors import DomainError

# Django's name for the filters of the list that a page was opened from.
LIST_FILTERS = "_changelist_filters"
# In the address of a page that was opened from the timeline, and leads back there.
TIMELINE = "timeline"
# In that of one from the first page.
TODAY = "today"
MAY_CHANGE = ("bookings.change_booking",)


def operation_page(operation: Operation) -> Page:
    """Make an operation a button on the page of a booking, and a page of its own."""

    def page(admin: ModelAdmin[Any], request: HttpRequest, booking: Booking) -> HttpResponse:
        return _serve(admin, request, booking, operation)

    page.__name__ = operation.name
    page.__doc__ = operation.__doc__
    decorate = row_action(operation.label, url_path=operation.path, icon=operation.icon, permissions=("operate",))
    return decorate(page)


def operation_url(name: str, booking: Booking, *, list_filters: str | None = None) -> str:
    """Return the address of an operation; with the filters of a list it leads back there."""
    url = reverse(f"admin:bookings_booking_{name}", args=[booking.pk])
    return url if list_filters is None else f"{url}?{urlencode({LIST_FILTERS: list_filters})}"


def _serve(admin: ModelAdmin[Any], request: HttpRequest, booking: Booking, operation: Operation) -> HttpResponse:
    form = operation.form_class(booking, read_clock(), request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            outcome = operation.write(booking, form, actor_of(request))
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            _say(request, operation, outcome)
            return HttpResponseRedirect(_way_back(request, booking))
    return _ask(admin, request, operation, form)


def _say(request: HttpRequest, operation: Operation, outcome: FloorOutcome) -> None:
    for level, sentence in outcome_sentences(operation.done(outcome), outcome):
        messages.add_message(request, level, sentence)


def _way_back(request: HttpRequest, booking: Booking) -> str:
    if TIMELINE in request.GET:
        evening = reverse("timeline:page", args=[booking.restaurant.slug, booking.business_date])
        return f"{evening}#booking-{booking.pk}"
    if TODAY in request.GET:
        return today_url(booking.restaurant.slug, booking.business_date)
    filters = request.GET.get(LIST_FILTERS)
    if filters is None:
        return reverse("admin:bookings_booking_change", args=[booking.pk])
    return f"{reverse('admin:bookings_booking_changelist')}?{filters}".rstrip("?")


def _ask(admin: ModelAdmin[Any], request: HttpRequest, operation: Operation, form: OperationForm) -> HttpResponse:
    booking = form.booking
    context = {
        **admin.admin_site.each_context(request),
        "title": f"{operation.label}: {booking.reference}",
        "opts": admin.opts,
        "original": booking,
        "booking": booking,
        "tables": shown_names(booking),
        "stay": shown_stay(booking),
        "marks": [mark.said(booking) for mark in marks_of(booking)],
        "operation": operation,
        "question": operation.question(booking, form.now),
        "is_offered": operation.is_offered(booking, form.now),
        "form": form,
        "back": _way_back(request, booking),
    }
    return TemplateResponse(request, "admin/bookings/booking/operation.html", context)
