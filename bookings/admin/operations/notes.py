"""The change of the words about a party: notes and allergies."""

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import User

from bookings.admin.operations.base import Operation, OperationForm, words_field
from bookings.models import Booking
from bookings.models.booking import LONGEST_ALLERGIES, LONGEST_NOTES
from bookings.services import FloorOutcome, note_booking
from bookings.services.floor.seats import LIVE_STATUSES


class NotesForm(OperationForm):
    """The words as they are."""

    allergies = words_field("Allergies", LONGEST_ALLERGIES)
    notes = words_field("Notes", LONGEST_NOTES)
    fields_of_service: ClassVar[dict[str, str]] = {"allergies": "allergies", "notes": "notes"}

    def prepare(self) -> None:
        self.initial["allergies"], self.initial["notes"] = self.booking.allergies, self.booking.notes


class Notes(Operation):
    """The staff learns what a party wants, or must not eat."""

    name = "note"
    label = "Notes"
    icon = "sticky_note_2"
    submit = "Keep these words"
    statuses = LIVE_STATUSES
    form_class = NotesForm

    def question(self, booking: Booking, now: datetime) -> str:
        return "What does the party want, and what must its guests not eat? Both stand on every list of the evening."

    def write(self, booking: Booking, form: NotesForm, actor: User) -> FloorOutcome:
        return FloorOutcome(
            note_booking(
                booking_id=booking.pk,
                notes=form.cleaned_data["notes"],
                allergies=form.cleaned_data["allergies"],
                actor=actor,
                expected_version=form.version,
            )
        )

    def done(self, outcome: FloorOutcome) -> str:
        return f"The notes of {outcome.booking.reference} are kept."
