"""A booking that could not be made again, kept as it is by the decision of a person."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.models import User
from unfold.widgets import UnfoldAdminTextInputWidget

from bookings.admin.operations.base import Operation, OperationForm
from bookings.decision.stranded import in_words
from bookings.models import Booking
from bookings.selectors.undecided import find_undecided
from bookings.services import FloorOutcome, keep_booking
from bookings.services.floor.seats import LIVE_STATUSES
from bookings.services.rows.seating import REASON_LENGTH


class KeepForm(OperationForm):
    """The reason of a person."""

    reason = forms.CharField(
        label="Why",
        max_length=REASON_LENGTH,
        widget=UnfoldAdminTextInputWidget,
        help_text="It stands in the history of the booking.",
    )


class Keep(Operation):
    """The party comes as booked, though it could not be booked so any more."""

    name = "keep"
    label = "Keep as it is"
    icon = "task_alt"
    submit = "Keep it as it is"
    statuses = LIVE_STATUSES
    form_class = KeepForm

    def is_offered(self, booking: Booking, now: datetime) -> bool:
        return super().is_offered(booking, now) and booking.pk in find_undecided((booking.restaurant_id,))

    def question(self, booking: Booking, now: datetime) -> str:
        problems = find_undecided((booking.restaurant_id,)).get(booking.pk, ())
        why = f"It could not be made again: {in_words(problems)}. " if problems else ""
        return f"{why}Keep it as it is? It waits for a decision no more, until something else stands in its way."

    def write(self, booking: Booking, form: Any, actor: User) -> FloorOutcome:
        return FloorOutcome(
            keep_booking(
                booking_id=booking.pk,
                reason=form.cleaned_data["reason"],
                actor=actor,
                expected_version=form.version,
            )
        )

    def done(self, outcome: FloorOutcome) -> str:
        return f"{outcome.booking.reference} is kept as it is."
