"""The operations on the presence of a party: it comes, sits, stays, leaves, or does not come."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanWidget

from bookings.admin.operations.base import Operation, OperationForm
from bookings.admin.operations.table_choice import TablesField, tables_for_booking
from bookings.admin.sentences import clock, shown_names
from bookings.choices import BookingStatus
from bookings.models import Booking
from bookings.services import extend_stay, leave_early, mark_arrived, mark_no_show, seat_party
from bookings.services.floor.arrivals import SEATABLE_STATUSES
from bookings.services.floor.chosen_tables import why_unusable
from bookings.services.floor.outcomes import FloorOutcome
from bookings.services.floor.stays import why_not_until
from bookings.services.floor.transitions import last_moment
from capacity.calendar.wall_clock import minutes_between
from capacity.selectors import get_service_settings
from config.values import counted
from tables.spans import TimeSpan

LONGEST_OFFERED = timedelta(hours=4)
QUARTER = timedelta(minutes=15)


def is_its_evening(booking: Booking, now: datetime) -> bool:
    """Say whether the date of a booking has come, and neither its service nor its stay is over."""
    has_come = now.astimezone(booking.zone).date() >= booking.business_date
    return has_come and now <= last_moment(booking)


class Arrive(Operation):
    """The party is there and does not sit yet."""

    name = "arrive"
    label = "Arrived"
    icon = "directions_walk"
    submit = "They are here"
    statuses = (BookingStatus.CONFIRMED,)

    def is_offered(self, booking: Booking, now: datetime) -> bool:
        return super().is_offered(booking, now) and is_its_evening(booking, now)

    def question(self, booking: Booking, now: datetime) -> str:
        return f"Has the party arrived? From then on nothing moves it from {shown_names(booking)} by itself."

    def write(self, booking: Booking, form: OperationForm, actor: User) -> FloorOutcome:
        return FloorOutcome(mark_arrived(booking_id=booking.pk, actor=actor, expected_version=form.version))

    def done(self, outcome: FloorOutcome) -> str:
        return f"{outcome.booking.reference} has arrived: {shown_names(outcome.booking)}."


def ask_to_keep(form: OperationForm, why: str) -> None:
    """Let a person say that a party sits at tables that are not usable, with the reason; no question where they are."""
    if not why:
        del form.fields["keeps_tables"]
        return
    field = form.fields["keeps_tables"]
    field.label, field.help_text = f"They sit at {shown_names(form.booking)} all the same", f"{why}."


class SeatForm(OperationForm):
    """The tables of the party, if not its own."""

    tables = TablesField(required=False)
    keeps_tables = forms.BooleanField(required=False, widget=UnfoldBooleanWidget)
    fields_of_service: ClassVar[dict[str, str]] = {"tableIds": "tables"}

    def prepare(self) -> None:
        why = self._why_not_own()
        field: Any = self.fields["tables"]
        field.choices = tables_for_booking(self.booking, self.now)
        field.help_text = f"None ticked: {'its own' if self._own() and not why else 'the best that is free'}."
        if not why:
            self.initial["tables"] = self._own()
        ask_to_keep(self, why)

    def _why_not_own(self) -> str:
        own, settings = self._own(), get_service_settings(self.booking.restaurant_id)
        now = TimeSpan(self.now, self.now + timedelta(minutes=1))
        return why_unusable(settings, own, self.booking.party_size, now) if own else ""

    def _own(self) -> list[int]:
        return sorted(assignment.table_id for assignment in self.booking.assignments.all())

    @property
    def other_tables(self) -> list[int] | None:
        """Return the tables chosen in place of the party's own."""
        chosen: list[int] = sorted(self.cleaned_data["tables"])
        return chosen if chosen and chosen != self._own() else None


class Seat(Operation):
    """The party sits down; if it is late, it stays that much longer."""

    name = "seat"
    label = "Seat"
    icon = "chair"
    submit = "They sit"
    statuses = SEATABLE_STATUSES
    form_class = SeatForm

    def is_offered(self, booking: Booking, now: datetime) -> bool:
        return super().is_offered(booking, now) and is_its_evening(booking, now)

    def question(self, booking: Booking, now: datetime) -> str:
        late = now > booking.starts_at
        ends_at = clock(now + timedelta(minutes=booking.turn_minutes), booking.zone)
        stay = f" They are late, so they stay until about {ends_at}." if late else ""
        return f"Seat the party now?{stay} Whoever comes to its table next is moved, or named if that cannot be."

    def write(self, booking: Booking, form: SeatForm, actor: User) -> FloorOutcome:
        return seat_party(
            booking_id=booking.pk,
            table_ids=form.other_tables,
            keeps_tables=form.cleaned_data.get("keeps_tables", False),
            actor=actor,
            expected_version=form.version,
        )

    def done(self, outcome: FloorOutcome) -> str:
        booking = outcome.booking
        until = clock(booking.ends_at, booking.zone)
        return f"{booking.reference} sits at {shown_names(booking)} until {until}."


class Leave(Operation):
    """The party has left: its tables are free."""

    name = "leave"
    label = "Left"
    icon = "logout"
    submit = "They have left"
    statuses = (BookingStatus.SEATED,)

    def question(self, booking: Booking, now: datetime) -> str:
        return f"Has the party left? {shown_names(booking)} becomes free at once."

    def write(self, booking: Booking, form: OperationForm, actor: User) -> FloorOutcome:
        return FloorOutcome(leave_early(booking_id=booking.pk, actor=actor, expected_version=form.version))

    def done(self, outcome: FloorOutcome) -> str:
        return f"{outcome.booking.reference} has left: {shown_names(outcome.booking)} is free."


class NoShow(Operation):
    """The party does not come: its covers and tables are free for others."""

    name = "no_show"
    label = "No-show"
    icon = "person_off"
    submit = "They do not come"
    is_dangerous = True
    statuses = (BookingStatus.CONFIRMED,)

    def is_offered(self, booking: Booking, now: datetime) -> bool:
        return super().is_offered(booking, now) and now >= booking.starts_at

    def question(self, booking: Booking, now: datetime) -> str:
        return f"Give this party up as a no-show? Its covers and {shown_names(booking)} become free at once."

    def write(self, booking: Booking, form: OperationForm, actor: User) -> FloorOutcome:
        return FloorOutcome(mark_no_show(booking_id=booking.pk, actor=actor, expected_version=form.version))

    def done(self, outcome: FloorOutcome) -> str:
        return f"{outcome.booking.reference} is a no-show. Its covers and tables are free."


class ExtendForm(OperationForm):
    """The end of a party's stay: an instant, so that no repeated hour is taken for the other."""

    ends_at = forms.TypedChoiceField(
        label="They stay until", coerce=datetime.fromisoformat, widget=UnfoldAdminSelectWidget
    )
    keeps_tables = forms.BooleanField(required=False, widget=UnfoldBooleanWidget)
    fields_of_service: ClassVar[dict[str, str]] = {"endsAt": "ends_at", "tableIds": "keeps_tables"}

    def prepare(self) -> None:
        # The planned end too: the second click of a double click finds its own end there.
        ends = sorted({*list_possible_ends(self.booking, self.now), self.booking.ends_at})
        field: Any = self.fields["ends_at"]
        field.choices = [(end.isoformat(), self._in_words(end)) for end in ends]
        later = (end for end in ends if end > max(self.booking.ends_at, self.now))
        self.initial["ends_at"] = next(later).isoformat()
        settings = get_service_settings(self.booking.restaurant_id)
        ask_to_keep(self, why_not_until(settings, self.booking, ends[-1]))

    def _in_words(self, end: datetime) -> str:
        minutes = minutes_between(self.booking.ends_at, end)
        difference = f"{counted(abs(minutes), 'minute')} {'longer' if minutes > 0 else 'shorter'}"
        shown = clock(end, self.booking.zone)
        return f"{shown} ({difference})" if minutes else f"{shown} (as it is)"


def list_possible_ends(booking: Booking, now: datetime) -> list[datetime]:
    """List the quarter hours in UTC, from the last one on: a page opened then still is understood."""
    first = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    last = max(now, booking.ends_at) + LONGEST_OFFERED
    return [first + step * QUARTER for step in range((last - first) // QUARTER + 1)]


class Extend(Operation):
    """The party stays longer, or shorter, than planned."""

    name = "extend"
    label = "Extend"
    icon = "more_time"
    submit = "Set the end"
    statuses = (BookingStatus.SEATED,)
    form_class = ExtendForm

    def question(self, booking: Booking, now: datetime) -> str:
        until = clock(booking.ends_at, booking.zone)
        return (
            f"The party has {shown_names(booking)} until {until}. Whoever comes there next is moved to other tables, "
            "or named if there are none."
        )

    def write(self, booking: Booking, form: ExtendForm, actor: User) -> FloorOutcome:
        return extend_stay(
            booking_id=booking.pk,
            ends_at=form.cleaned_data["ends_at"],
            keeps_tables=form.cleaned_data.get("keeps_tables", False),
            actor=actor,
            expected_version=form.version,
        )

    def done(self, outcome: FloorOutcome) -> str:
        booking = outcome.booking
        return f"{booking.reference} stays until {clock(booking.ends_at, booking.zone)}."
