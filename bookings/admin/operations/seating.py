"""The seating by a person's decision: tables given, swapped, pinned."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.db.models import Prefetch
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanWidget

from bookings.admin.operations.base import Operation, OperationForm
from bookings.admin.operations.table_choice import TablesField, blocked_until, tables_for_booking
from bookings.admin.sentences import clock, shown_names
from bookings.models import Booking, TableAssignment
from bookings.services import FloorOutcome, assign_tables, pin_tables, swap_tables, unpin_tables
from bookings.services.floor.seats import LIVE_STATUSES
from config.values import isolated
from tables.querysets import number_order


def has_tables(booking: Booking) -> bool:
    """Say whether a booking has a table."""
    return bool(booking.assignments.all())


def is_pinned(booking: Booking) -> bool:
    """Say whether a booking is pinned to its tables, so that no plan moves it."""
    return has_tables(booking) and all(assignment.pinned for assignment in booking.assignments.all())


class AssignForm(OperationForm):
    """The chosen tables, and whether a plan may take them away again."""

    tables = TablesField(help_text="Several tables are used as one.")
    is_pinned = forms.BooleanField(
        label="Keep the party there: nothing moves it by itself",
        required=False,
        initial=True,
        widget=UnfoldBooleanWidget,
    )
    fields_of_service: ClassVar[dict[str, str]] = {"tableIds": "tables"}

    def prepare(self) -> None:
        field: Any = self.fields["tables"]
        field.choices = tables_for_booking(self.booking, self.now)
        self.initial["tables"] = [assignment.table_id for assignment in self.booking.assignments.all()]


class Assign(Operation):
    """The party gets the tables that a person chose."""

    name = "assign"
    label = "Choose tables"
    icon = "table_restaurant"
    submit = "Give these tables"
    statuses = LIVE_STATUSES
    form_class = AssignForm

    def is_offered(self, booking: Booking, now: datetime) -> bool:
        return super().is_offered(booking, now) and now < blocked_until(booking)

    def question(self, booking: Booking, now: datetime) -> str:
        has = f"The party has {shown_names(booking)}." if has_tables(booking) else "The party has no table yet."
        return f"{has} Whoever is in the way is moved to other tables, if that can be done; else nothing changes."

    def write(self, booking: Booking, form: AssignForm, actor: User) -> FloorOutcome:
        return assign_tables(
            booking_id=booking.pk,
            table_ids=form.cleaned_data["tables"],
            is_pinned=form.cleaned_data["is_pinned"],
            actor=actor,
            expected_version=form.version,
        )

    def done(self, outcome: FloorOutcome) -> str:
        pinned = ", pinned" if is_pinned(outcome.booking) else ""
        return f"{outcome.booking.reference} has {shown_names(outcome.booking)}{pinned}."


class SwapForm(OperationForm):
    """The booking of the other party."""

    other_booking = forms.TypedChoiceField(
        label="Swap with",
        coerce=int,
        widget=UnfoldAdminSelectWidget,
        error_messages={
            "required": "Choose a booking.",
            "invalid_choice": "That booking has no table to swap any more.",
        },
    )
    fields_of_service: ClassVar[dict[str, str]] = {"otherBookingId": "other_booking"}

    def prepare(self) -> None:
        field: Any = self.fields["other_booking"]
        field.choices = [("", "Choose a booking"), *((other.pk, _as_choice(other)) for other in self._list_others())]

    def _list_others(self) -> Iterable[Booking]:
        booking = self.booking
        seated = TableAssignment.objects.select_related("table").order_by(*number_order("table__number"))
        return (
            Booking.objects.filter(
                restaurant=booking.restaurant_id,
                business_date=booking.business_date,
                status__in=LIVE_STATUSES,
                ends_at__gt=self.now,
                assignments__isnull=False,
            )
            .exclude(pk=booking.pk)
            .distinct()
            .select_related("restaurant")
            .prefetch_related(Prefetch("assignments", seated))
            .order_by("starts_at", "pk")
        )


def _as_choice(other: Booking) -> str:
    time = clock(other.starts_at, other.zone)
    return f"{shown_names(other)} · {time} {isolated(other.guest_name)}, {other.party_size} ({other.reference})"


class Swap(Operation):
    """Two parties get each other's tables."""

    name = "swap"
    label = "Swap tables"
    icon = "swap_horiz"
    submit = "Swap"
    statuses = LIVE_STATUSES
    form_class = SwapForm

    def is_offered(self, booking: Booking, now: datetime) -> bool:
        return super().is_offered(booking, now) and has_tables(booking) and now < blocked_until(booking)

    def question(self, booking: Booking, now: datetime) -> str:
        has = shown_names(booking)
        return f"This party has {has}. Both get each other's tables for their own time, and nothing moves them then."

    def write(self, booking: Booking, form: SwapForm, actor: User) -> FloorOutcome:
        return swap_tables(
            booking_id=booking.pk,
            other_booking_id=form.cleaned_data["other_booking"],
            actor=actor,
            expected_version=form.version,
        )

    def done(self, outcome: FloorOutcome) -> str:
        return f"{outcome.booking.reference} has {shown_names(outcome.booking)} now; the tables are swapped."


class Pin(Operation):
    """The party stays where it is."""

    name = "pin"
    label = "Pin"
    icon = "keep"
    submit = "Pin"
    statuses = LIVE_STATUSES

    def is_offered(self, booking: Booking, now: datetime) -> bool:
        return super().is_offered(booking, now) and has_tables(booking) and not is_pinned(booking)

    def question(self, booking: Booking, now: datetime) -> str:
        return f"Keep the party at {shown_names(booking)}? Nothing moves it from there by itself any more."

    def write(self, booking: Booking, form: OperationForm, actor: User) -> FloorOutcome:
        return pin_tables(booking_id=booking.pk, actor=actor, expected_version=form.version)

    def done(self, outcome: FloorOutcome) -> str:
        return f"{outcome.booking.reference} is pinned to {shown_names(outcome.booking)}."


class Unpin(Operation):
    """The party may be moved again to make room."""

    name = "unpin"
    label = "Unpin"
    icon = "keep_off"
    submit = "Unpin"
    statuses = LIVE_STATUSES

    def is_offered(self, booking: Booking, now: datetime) -> bool:
        return super().is_offered(booking, now) and is_pinned(booking)

    def question(self, booking: Booking, now: datetime) -> str:
        return f"Let the party be moved from {shown_names(booking)} again where that makes room for others?"

    def write(self, booking: Booking, form: OperationForm, actor: User) -> FloorOutcome:
        return unpin_tables(booking_id=booking.pk, actor=actor, expected_version=form.version)

    def done(self, outcome: FloorOutcome) -> str:
        return f"{outcome.booking.reference} is not pinned any more."
