"""The form of a booking by telephone: the party, its start, and as much of the guest as it tells."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSelectWidget

from bookings.admin.guest_fields import GuestForm
from bookings.admin.operations.base import NumberInput, RefusableForm
from bookings.admin.override_question import OverrideForm
from bookings.admin.parts.forms import ClockField, ClockInput, DayInput
from bookings.choices import BookingSource
from bookings.errors import IdempotencyKeyReused, RequestRefused
from bookings.services.floor.change_requests import LONGEST_STAY_MINUTES
from capacity.wording import reason_in_words
from config.errors import DomainError
from config.values import LARGEST_PARTY
from tables.choices import SeatingType
from tables.models import Restaurant

BOOKED_ALREADY = "This page has booked a party already. Open it again for the next one."
# The fields that say which starts there are.
ASKED = ("business_date", "party_size", "minutes", "seating")


class TelephoneForm(GuestForm, OverrideForm, RefusableForm):
    """The party that calls; a second click of the same page is the same party."""

    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    # Of a clock that is turned back: which of two starts with one name.
    starts_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    business_date = forms.DateField(label="Date", widget=DayInput)
    party_size = forms.IntegerField(label="Party size", min_value=1, max_value=LARGEST_PARTY, widget=NumberInput)
    wall_time = ClockField(label="Time", widget=ClockInput)
    minutes = forms.IntegerField(
        label="Minutes at the table",
        min_value=1,
        max_value=LONGEST_STAY_MINUTES,
        required=False,
        widget=NumberInput,
        help_text="Empty: the turn time of the party.",
    )
    seating = forms.ChoiceField(
        label="Seating wish",
        choices=[("", "No wish"), *SeatingType.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    fields_of_service: ClassVar[dict[str, str]] = {
        **GuestForm.guest_fields,
        **OverrideForm.override_fields,
        "date": "business_date",
        "time": "wall_time",
        "startsAt": "wall_time",
        "partySize": "party_size",
        "turnMinutes": "minutes",
        "seating": "seating",
    }

    def __init__(self, restaurant: Restaurant, now: datetime, data: Any = None, asked: Any = None) -> None:
        first = {
            "idempotency_key": str(uuid.uuid4()),
            "business_date": now.astimezone(restaurant.zone).date().isoformat(),
            "party_size": "2",
        }
        known = {name: asked[name] for name in (*ASKED, "wall_time") if name in asked} if asked else {}
        super().__init__(data, initial={**first, **known})
        self.restaurant, self.now = restaurant, now
        self.fields["wall_time"].help_text = f"On the clock of the restaurant ({restaurant.zone})."

    @property
    def booking(self) -> dict[str, Any]:
        """Return the booking of a valid form, by the names of the service."""
        values = self.cleaned_data
        return {
            "restaurant_id": self.restaurant.pk,
            "business_date": values["business_date"],
            "wall_time": values["wall_time"],
            "starts_at": values["starts_at"],
            "party_size": values["party_size"],
            "turn_minutes": values["minutes"],
            "seating": values["seating"] or None,
            "guest": self.guest,
            **self.words,
            "source": BookingSource.PHONE,
            "idempotency_key": values["idempotency_key"],
        }

    @property
    def questions(self) -> dict[str, list[Any]]:
        """Return the fields about the table, and those about the guest."""
        groups = {"table": (*ASKED, "wall_time"), "guest": tuple(self.guest_fields)}
        return {name: [self[field] for field in fields] for name, fields in groups.items()}

    def add_refusal(self, refusal: DomainError) -> None:
        """Show the refusal with its reasons; what would do instead are buttons below."""
        if isinstance(refusal, IdempotencyKeyReused):
            self.add_error(None, BOOKED_ALREADY)
        elif isinstance(refusal, RequestRefused):
            reasons = "; ".join(reason_in_words(reason) for reason in refusal.reasons)
            self.add_error(None, ValidationError(f"{refusal.message}: {reasons}.", code=refusal.code))
        else:
            super().add_refusal(refusal)

    def unjudged(self) -> "TelephoneForm":
        """Return the form with all that was typed, before anything of it is judged."""
        known = {name: self.data.get(name, "") for name in self.fields}
        form = TelephoneForm(self.restaurant, self.now)
        form.initial = known
        return form

    @property
    def asked(self) -> dict[str, Any] | None:
        """Return date, size, stay and wish as far as they stand on the page; None where they make no sense yet."""
        values = {name: self.fields[name].widget.value_from_datadict(self.data, {}, name) for name in ASKED}
        shown = values if self.is_bound else {name: self.initial.get(name) for name in ASKED}
        try:
            return {name: self.fields[name].clean(shown[name]) for name in ASKED}
        except ValidationError:
            return None
