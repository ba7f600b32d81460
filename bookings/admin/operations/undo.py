"""The undo of a change to a booking this evening."""

from datetime import datetime

from django import forms
from django.contrib.auth.models import User

from bookings.admin.history import in_words
from bookings.admin.operations.base import Operation, OperationForm
from bookings.admin.sentences import clock, shown_names
from bookings.choices import BookingStatus, EventKind
from bookings.models import Booking
from bookings.services import FloorOutcome, undo_change
from bookings.services.floor.transitions import last_moment
from bookings.services.floor.undo import find_undoable


class UndoForm(OperationForm):
    """The entry of the history to undo: the page and a second click mean the same one."""

    event_id = forms.IntegerField(widget=forms.HiddenInput, error_messages={"required": "There is nothing to undo."})

    def prepare(self) -> None:
        self.event = find_undoable(self.booking)
        self.initial["event_id"] = self.event.pk if self.event else None


class Undo(Operation):
    """The last change of the evening was a mistake."""

    name = "undo"
    label = "Undo"
    icon = "undo"
    submit = "Undo it"
    statuses = (BookingStatus.ARRIVED, BookingStatus.SEATED, BookingStatus.COMPLETED, BookingStatus.NO_SHOW)
    form_class = UndoForm

    def is_offered(self, booking: Booking, now: datetime) -> bool:
        is_its_evening = super().is_offered(booking, now) and now <= last_moment(booking)
        return is_its_evening and find_undoable(booking) is not None

    def question(self, booking: Booking, now: datetime) -> str:
        event = find_undoable(booking)
        if event is None:
            return "There is nothing to undo."
        zone = booking.restaurant.zone
        when = f"{clock(event.created_at, zone)}, {event.actor_label}"
        if event.kind == EventKind.CREATED:
            return f"Take back this walk-in ({when})? It is cancelled then, and its table free at once."
        before = in_words(event.from_value, event.to_value, zone)
        return f"Undo “{event.get_kind_display()}” ({when})? Then it is as before: {before}."

    def write(self, booking: Booking, form: UndoForm, actor: User) -> FloorOutcome:
        return undo_change(
            booking_id=booking.pk,
            event_id=form.cleaned_data["event_id"],
            actor=actor,
            expected_version=form.version,
        )

    def done(self, outcome: FloorOutcome) -> str:
        booking = outcome.booking
        if booking.status == BookingStatus.CANCELLED:
            return f"Undone: {booking.reference} is cancelled, its table is free."
        return f"Undone: {booking.reference} is {booking.get_status_display().lower()} again, {shown_names(booking)}."
