"""A move on the timeline: to other tables, another time or both; the planner's answer comes before it is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from bookings.admin.operations import MAY_CHANGE
from bookings.admin.operations.base import RefusableForm
from bookings.admin.sentences import clock, shown_names
from bookings.models import Booking
from bookings.services import FloorOutcome
from bookings.services.floor.assignments import AssignTables
from bookings.services.floor.change_drafts import ChangeDraft
from bookings.services.floor.change_requests import ChangeRequest
from bookings.services.floor.changes import ChangeBooking
from bookings.services.floor.outcomes import MovedParty, moved_parties
from bookings.services.floor.seats import TablesDraft
from bookings.services.one_booking import tables_of
from bookings.services.rows.seating import shown_tables
from config.errors import InputInvalid
from config.values import ValueInvalid, read_instant
from tables.models import Restaurant
from tables.selectors import table_numbers


def may_move(request: HttpRequest, restaurant: Restaurant) -> bool:
    """Say whether the user may move bookings of a restaurant."""
    return request.user.has_perms(MAY_CHANGE, restaurant)


class InstantField(forms.Field):
    """The field of an instant in ISO 8601, as the page writes it."""

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            return read_instant(value)
        except ValueInvalid as error:
            raise ValidationError("Choose a start of this date.", code=error.code) from error


class TableIdsField(forms.TypedMultipleChoiceField):
    """The field of table ids; the choice of "as it is" is none."""

    def to_python(self, value: Any) -> list[str]:
        return [chosen for chosen in super().to_python(value) if chosen]


class MoveForm(RefusableForm):
    """The booking as the page shows it, and where it is to go; an empty field stays as it is."""

    expected_version = forms.IntegerField(widget=forms.HiddenInput)
    tables = TableIdsField(coerce=int, required=False)
    starts_at = InstantField(required=False)
    fields_of_service: ClassVar[dict[str, str]] = {"tableIds": "tables", "startsAt": "starts_at"}

    def __init__(self, table_ids: Sequence[int], zone: tzinfo, data: Any = None) -> None:
        super().__init__(data)
        self.zone = zone
        field: Any = self.fields["tables"]
        field.choices = [(table_id, table_id) for table_id in table_ids]


@dataclass(frozen=True)
class Foreseen:
    """The outcome of a move that is not written: the place and time of the party, and who would be moved for it."""

    tables: str
    starts_at: datetime
    ends_at: datetime
    moves: tuple[MovedParty, ...]
    changes_nothing: bool = False


@dataclass(frozen=True)
class TimelineMove:
    """A move of one booking; tables that it has already, and its own start, are no change."""

    booking: Booking
    table_ids: tuple[int, ...]
    starts_at: datetime | None
    expected_version: int
    actor: User

    @classmethod
    def of(cls, booking: Booking, form: MoveForm, actor: User) -> "TimelineMove":
        """Return the move that a form asks for.

        Raises: `InputInvalid` where it asks for nothing.
        """
        values = form.cleaned_data
        chosen = tuple(sorted(values["tables"]))
        table_ids = () if chosen == tables_of(booking) else chosen
        starts_at = None if values["starts_at"] == booking.starts_at else values["starts_at"]
        if not table_ids and starts_at is None:
            raise InputInvalid.of_field("startsAt", "unchanged", "The party is there already.")
        return cls(booking, table_ids, starts_at, values["expected_version"], actor)

    @property
    def _write(self) -> AssignTables | ChangeBooking:
        """Return the use case of the move: the one that answers the preview is the one that writes."""
        if self.starts_at is None:
            return AssignTables(
                booking_id=self.booking.pk,
                table_ids=self.table_ids,
                is_pinned=True,
                actor=self.actor,
                expected_version=self.expected_version,
            )
        change = ChangeRequest(self.booking.pk, self.actor, starts_at=self.starts_at, table_ids=self.table_ids)
        return ChangeBooking(change, self.expected_version)

    def preview(self) -> Foreseen:
        """Ask what the move would do; nothing is written.

        Raises: as `assign_tables` and `change_booking`.
        """
        draft = self._write.preview()
        return _foreseen_change(draft) if isinstance(draft, ChangeDraft) else self._foreseen_tables(draft)

    def _foreseen_tables(self, draft: TablesDraft) -> Foreseen:
        return Foreseen(
            tables=shown_tables(table_numbers(draft.loaded.seating.floor, self.table_ids)),
            starts_at=draft.booking.starts_at,
            ends_at=draft.booking.ends_at,
            moves=moved_parties(draft.loaded, draft.plan.moves if draft.plan else ()),
        )

    def write(self) -> FloorOutcome:
        """Move the booking.

        Raises: as `assign_tables` and `change_booking`.
        """
        return self._write.run()

    def done(self, outcome: FloorOutcome) -> str:
        """Say where the booking is now."""
        booking = outcome.booking
        zone = booking.restaurant.zone
        when = f"{clock(booking.starts_at, zone)} to {clock(booking.ends_at, zone)}"
        return f"{booking.guest_name}, party of {booking.party_size}: {shown_names(booking)}, {when}."


def _foreseen_change(draft: ChangeDraft) -> Foreseen:
    plan = draft.assessment.plan
    return Foreseen(
        tables=shown_tables(table_numbers(draft.loaded.seating.floor, draft.table_ids)),
        starts_at=draft.wish.starts_at,
        ends_at=draft.assessment.ends_at,
        moves=moved_parties(draft.loaded, plan.moves if plan else ()),
        changes_nothing=draft.changes_nothing,
    )
