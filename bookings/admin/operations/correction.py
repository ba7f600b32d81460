"""The correction of a guest's details: a misspelt name, a wrong number, words that were forgotten."""

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import User

from bookings.admin.guest_fields import GuestForm
from bookings.admin.operations.base import Operation, OperationForm
from bookings.choices import BookingStatus
from bookings.models import Booking
from bookings.services import FloorOutcome, correct_guest


class CorrectForm(GuestForm, OperationForm):
    """The present details of the guest; a field without a change keeps its value."""

    fields_of_service: ClassVar[dict[str, str]] = GuestForm.guest_fields

    def prepare(self) -> None:
        booking = self.booking
        self.restaurant = booking.restaurant
        self.initial = {
            **self.initial,
            "name": booking.guest_name,
            "phone": booking.guest_phone,
            "email": booking.guest_email,
            "allergies": booking.allergies,
            "notes": booking.notes,
        }


class Correct(Operation):
    """The name is misspelt, the number is another one, or the staff learns what a party wants or must not eat."""

    name = "correct"
    label = "Guest and notes"
    icon = "edit"
    submit = "Save the details"
    # Also afterwards: somebody calls about last night.
    statuses = tuple(BookingStatus)
    form_class = CorrectForm

    def question(self, booking: Booking, now: datetime) -> str:
        return (
            "Time, size and tables stay as they are. The history keeps the old details and the new ones, and of "
            "allergies that they changed."
        )

    def write(self, booking: Booking, form: CorrectForm, actor: User) -> FloorOutcome:
        corrected = correct_guest(
            booking_id=booking.pk,
            guest=form.guest,
            **form.words,
            actor=actor,
            expected_version=form.version,
        )
        return FloorOutcome(corrected)

    def done(self, outcome: FloorOutcome) -> str:
        return f"The details of {outcome.booking.reference} are those of {outcome.booking.guest_name}."
