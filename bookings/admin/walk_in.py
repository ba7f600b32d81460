"""The page for a party without a booking at the door, and for the table that it gets."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from bookings.admin.filters import TONIGHT_URL
from bookings.admin.operations.base import NumberInput, RefusableForm, words_field
from bookings.admin.operations.pages import MAY_CHANGE
from bookings.admin.operations.table_choice import Group, TablesField
from bookings.admin.override_question import OverrideForm, ask_to_override, read_override, said_override
from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.links import change_link
from bookings.admin.parts.shown import in_sentence
from bookings.admin.restaurant_choice import choose_restaurant
from bookings.admin.sentences import clock, shown_names
from bookings.admin.table_states import TableState, list_table_states
from bookings.errors import IdempotencyKeyReused, RequestRefused
from bookings.models import IDEMPOTENCY_KEY_LENGTH, Booking
from bookings.models.booking import LONGEST_ALLERGIES, LONGEST_GUEST_NAME, LONGEST_NOTES
from bookings.services import GuestDetails, seat_walk_in
from capacity.models import LONGEST_TURN
from capacity.selectors import read_clock
from config.errors import DomainError
from config.values import LARGEST_PARTY
from tables.models import Restaurant

LOOKED_AHEAD = timedelta(hours=4)
SEATED_ALREADY = "This page has seated a party already. Open it again for the next one."


class WalkInForm(OverrideForm, RefusableForm):
    """The party, and its tables if a person knows better."""

    # A second click of the same page is the same party.
    idempotency_key = forms.CharField(max_length=IDEMPOTENCY_KEY_LENGTH, widget=forms.HiddenInput)
    party_size = forms.IntegerField(label="Party size", min_value=1, max_value=LARGEST_PARTY, widget=NumberInput)
    minutes = forms.IntegerField(
        label="Minutes at the table",
        min_value=1,
        max_value=LONGEST_TURN,
        required=False,
        widget=NumberInput,
        help_text="Empty: the turn time of the party.",
    )
    name = forms.CharField(
        label="Name", max_length=LONGEST_GUEST_NAME, required=False, widget=UnfoldAdminTextInputWidget
    )
    allergies = words_field("Allergies", LONGEST_ALLERGIES)
    notes = words_field("Notes", LONGEST_NOTES)
    tables = TablesField(required=False, help_text="None ticked: the best that is open to the party.")
    fields_of_service: ClassVar[dict[str, str]] = {
        "partySize": "party_size",
        "minutes": "minutes",
        "tableIds": "tables",
        "name": "name",
        "allergies": "allergies",
        "notes": "notes",
        **OverrideForm.override_fields,
    }

    def __init__(self, restaurant: Restaurant, now: datetime, data: Any = None) -> None:
        super().__init__(data, initial={"idempotency_key": str(uuid.uuid4())})
        field: Any = self.fields["tables"]
        states = list_table_states(restaurant, now, now + LOOKED_AHEAD, now=now)
        field.choices = list(_grouped(states, restaurant, now))

    @property
    def questions(self) -> list[Any]:
        """Return the fields about the party, in their order."""
        return [field for field in self.visible_fields() if field.name not in self.override_fields.values()]

    @property
    def guest(self) -> GuestDetails | None:
        """Return the guest, None without a name."""
        name = self.cleaned_data["name"]
        return GuestDetails(name=name) if name else None

    def add_refusal(self, refusal: DomainError) -> None:
        if isinstance(refusal, IdempotencyKeyReused):
            self.add_error(None, SEATED_ALREADY)
        else:
            super().add_refusal(refusal)


def _grouped(states: list[TableState], restaurant: Restaurant, now: datetime) -> Iterator[Group]:
    """Yield the tables that stay free, the tables with a party to come, and the tables with a party at them."""
    zone = restaurant.zone
    taken = [state for state in states if any(holding.starts_at <= now for holding in state.holdings)]
    awaited = [state for state in states if state.holdings and state not in taken]
    for title, group in (
        (f"Free until {clock(now + LOOKED_AHEAD, zone)} at least", [state for state in states if state.is_free]),
        ("Free now, until somebody comes", awaited),
        ("Taken now", taken),
    ):
        if group:
            yield title, [(state.table.pk, state.in_words(zone)) for state in group]


def serve_walk_in(admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Ask for the party, seat it once, and name its table; with several restaurants ask first for the restaurant."""
    restaurant, restaurants = choose_restaurant(request, MAY_CHANGE)
    if restaurant is None:
        return _render(admin, request, {"restaurants": restaurants})
    form = WalkInForm(restaurant, read_clock(), request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"restaurant": restaurant, "form": form}
    if form.is_valid():
        try:
            booking = _seat(request, restaurant, form)
        except DomainError as refusal:
            form.add_refusal(refusal)
            # Whoever has named tables wants these: nobody answers for two parties at one of them.
            if isinstance(refusal, RequestRefused) and not form.cleaned_data["tables"]:
                context["override"] = ask_to_override(request, restaurant, refusal)
        else:
            messages.success(request, _seated(booking))
            for override in booking.overrides.order_by("pk"):
                messages.warning(request, said_override(override))
            return HttpResponseRedirect(reverse("admin:bookings_booking_changelist") + TONIGHT_URL)
    return _render(admin, request, context)


def _seat(request: HttpRequest, restaurant: Restaurant, form: WalkInForm) -> Booking:
    receipt = seat_walk_in(
        restaurant_id=restaurant.pk,
        party_size=form.cleaned_data["party_size"],
        minutes=form.cleaned_data["minutes"],
        table_ids=form.cleaned_data["tables"] or None,
        guest=form.guest,
        notes=form.cleaned_data["notes"],
        allergies=form.cleaned_data["allergies"],
        idempotency_key=form.cleaned_data["idempotency_key"],
        actor=actor_of(request),
        override=read_override(request, form),
    )
    return receipt.booking


def _seated(booking: Booking) -> SafeString:
    return format_html(
        "{}, party of {}, sits at {} until {} ({}).",
        in_sentence(booking.guest_name),
        booking.party_size,
        shown_names(booking),
        clock(booking.ends_at, booking.zone),
        change_link(booking),
    )


def _render(admin: ModelAdmin[Any], request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    shared = {
        **admin.admin_site.each_context(request),
        "title": "Seat a walk-in",
        "opts": admin.opts,
        "back": reverse("admin:bookings_booking_changelist") + TONIGHT_URL,
    }
    return TemplateResponse(request, "admin/bookings/booking/walk_in.html", {**shared, **context})
