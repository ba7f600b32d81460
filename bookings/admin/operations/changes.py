"""The change of a booking to another time, size or wish."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from unfold.widgets import UnfoldAdminSelectWidget

from bookings.admin.operations.base import NumberInput, Operation, OperationForm
from bookings.admin.operations.table_choice import blocked_until
from bookings.admin.parts.forms import ClockField, ClockInput, DayField
from bookings.admin.parts.passings import PassingField, asked_of, list_passings, offer_passings
from bookings.admin.parts.shown import long_date
from bookings.admin.sentences import shown_names
from bookings.models import Booking
from bookings.services import FloorOutcome, change_booking
from bookings.services.floor.change_requests import LONGEST_STAY_MINUTES, stay_minutes
from bookings.services.floor.seats import LIVE_STATUSES
from capacity.calendar.wall_clock import shown_span
from config.values import LARGEST_PARTY
from tables.choices import SeatingType


class ChangeForm(OperationForm):
    """The booking's present values; a field without a change keeps its value."""

    business_date = DayField(label="Date")
    wall_time = ClockField(label="Time", widget=ClockInput)
    passing = PassingField()
    party_size = forms.IntegerField(label="Party size", min_value=1, max_value=LARGEST_PARTY, widget=NumberInput)
    turn_minutes = forms.IntegerField(
        label="Minutes at the table",
        min_value=1,
        max_value=LONGEST_STAY_MINUTES,
        widget=NumberInput,
        help_text="Left as it is, another size or start gets its own turn time.",
    )
    seating = forms.ChoiceField(
        label="Seating wish",
        choices=[("", "No wish"), *SeatingType.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    fields_of_service: ClassVar[dict[str, str]] = {
        "date": "business_date",
        "time": "wall_time",
        "startsAt": "passing",
        "partySize": "party_size",
        "turnMinutes": "turn_minutes",
        "seating": "seating",
    }

    def prepare(self) -> None:
        booking = self.booking
        zone = booking.zone
        self.fields["wall_time"].help_text = f"On the clock of the restaurant ({zone})."
        self.initial = {
            **self.initial,
            "business_date": booking.business_date,
            "wall_time": booking.wall_time,
            "party_size": booking.party_size,
            "turn_minutes": stay_minutes(booking),
            "seating": booking.seating,
            "passing": booking.starts_at.isoformat(),
        }
        asked = [asked_of(self, name) for name in ("business_date", "wall_time")]
        passings = list_passings(booking.restaurant, *asked) if None not in asked else ()
        offer_passings(self, "passing", passings, zone)

    @property
    def changes(self) -> dict[str, Any]:
        """Return the values that differ from the booking, by the names of the service."""
        names = ("business_date", "wall_time", "party_size", "turn_minutes", "seating")
        changed = {name: self.cleaned_data[name] for name in names if self.cleaned_data[name] != self.initial[name]}
        passing = self.cleaned_data.get("passing")
        return changed | ({"starts_at": passing} if passing not in (None, self.booking.starts_at) else {})


class Change(Operation):
    """The party comes at another time, or in another number."""

    # Django's own page of a row has the other name.
    name = "rebook"
    label = "Change"
    icon = "edit_calendar"
    submit = "Change the booking"
    statuses = LIVE_STATUSES
    form_class = ChangeForm

    def is_offered(self, booking: Booking, now: datetime) -> bool:
        return super().is_offered(booking, now) and now < blocked_until(booking)

    def question(self, booking: Booking, now: datetime) -> str:
        return (
            "It is decided as a new booking is, and never collides with itself. The party keeps "
            f"{shown_names(booking)} if that suits and is free; others may be moved to make room."
        )

    def write(self, booking: Booking, form: ChangeForm, actor: User) -> FloorOutcome:
        return change_booking(booking_id=booking.pk, actor=actor, expected_version=form.version, **form.changes)

    def done(self, outcome: FloorOutcome) -> str:
        booking = outcome.booking
        zone = booking.zone
        stay = " to ".join(shown_span(booking.starts_at, booking.ends_at, zone))
        when = f"{long_date(booking.business_date)}, {stay}"
        return f"{booking.reference} is for {booking.party_size} on {when}: {shown_names(booking)}."
