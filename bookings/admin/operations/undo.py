"""The undo of a change to a booking this evening."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from unfold.widgets import UnfoldAdminSelectWidget

from bookings.admin.history import in_words
from bookings.admin.operations.base import Operation, OperationForm
from bookings.admin.sentences import clock, shown_names
from bookings.choices import BookingStatus, EventKind
from bookings.models import Booking
from bookings.services import FloorOutcome, undo_change
from bookings.services.floor.return_to_table import sits_before, why_not_there
from bookings.services.floor.transitions import last_moment
from bookings.services.floor.undo import find_undoable
from bookings.services.rows.seating import shown_tables
from capacity.selectors import get_service_settings


class UndoForm(OperationForm):
    """The entry of the history to undo: the page and a second click mean the same one."""

    fields_of_service: ClassVar[dict[str, str]] = {"tableIds": "keeps_tables"}
    event_id = forms.IntegerField(widget=forms.HiddenInput, error_messages={"required": "There is nothing to undo."})

    keeps_tables = forms.TypedChoiceField(
        label="Where does the party sit?",
        coerce=lambda said: said == "there",
        empty_value=None,
        widget=UnfoldAdminSelectWidget,
        error_messages={"required": "Say where the party sits."},
    )

    def prepare(self) -> None:
        self.event = find_undoable(self.booking)
        self.initial["event_id"] = self.event.pk if self.event else None
        why = self._why_not_there()
        if not why:
            del self.fields["keeps_tables"]
            return
        field: Any = self.fields["keeps_tables"]
        field.help_text = f"{why}."
        there = shown_names(self.booking)
        if self.event and sits_before(self.event):
            there = shown_tables((self.event.from_value or {})["tables"])
            field.choices = [
                ("", "Choose"),
                ("there", f"Still at {there}: keep it there"),
                ("elsewhere", "Elsewhere: give it the best table that is free"),
            ]
        else:
            field.label, field.required = "If no other table is free", False
            field.choices = [("", "Do not undo it"), ("there", f"Leave it at {there} for now")]

    def _why_not_there(self) -> str:
        if self.event is None or self.event.kind in (EventKind.CREATED, EventKind.NO_SHOW):
            return ""
        return why_not_there(get_service_settings(self.booking.restaurant_id), self.booking, self.event)


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
        zone = booking.zone
        when = f"{clock(event.created_at, zone)}, {event.actor_label}"
        if event.kind == EventKind.CREATED:
            return f"Take back this walk-in ({when})? It is cancelled then, and its table free at once."
        before = in_words(event.from_value, event.to_value, zone)
        return f"Undo “{event.get_kind_display()}” ({when})? Then it is as before: {before}."

    def write(self, booking: Booking, form: UndoForm, actor: User) -> FloorOutcome:
        return undo_change(
            booking_id=booking.pk,
            event_id=form.cleaned_data["event_id"],
            keeps_tables=form.cleaned_data.get("keeps_tables"),
            actor=actor,
            expected_version=form.version,
        )

    def done(self, outcome: FloorOutcome) -> str:
        booking = outcome.booking
        if booking.status == BookingStatus.CANCELLED:
            return f"Undone: {booking.reference} is cancelled, its table is free."
        return f"Undone: {booking.reference} is {booking.get_status_display().lower()} again, {shown_names(booking)}."
