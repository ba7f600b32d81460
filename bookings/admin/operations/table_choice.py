"""The choice of tables on a form: free ones first, taken ones with their parties."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from bookings.admin.table_states import TableState, list_table_states
from bookings.models import Booking

Group = tuple[str, list[tuple[int, str]]]


class TablesField(forms.TypedMultipleChoiceField):
    """The choice of any tables in use, each a box to tick."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label="Tables",
            coerce=int,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            error_messages={
                "required": "Choose at least one table.",
                "invalid_choice": "A table that was chosen is not in use any more.",
            },
            **options,
        )


def blocked_until(booking: Booking) -> datetime:
    """Return the instant at which the tables of a booking are ready for the next party."""
    return booking.ends_at + timedelta(minutes=booking.buffer_minutes)


def tables_for_booking(booking: Booking, now: datetime) -> list[Group]:
    """Return the tables for the rest of a booking's time, its own among the free ones, in 3 queries."""
    starts_at = max(booking.starts_at, min(now, booking.ends_at))
    states = list_table_states(booking.restaurant, starts_at, blocked_until(booking), now=now, without=[booking.pk])
    return list(grouped_tables(states, booking.zone, booking.party_size))


def grouped_tables(states: Sequence[TableState], zone: tzinfo, party_size: int) -> Iterator[Group]:
    """Yield the free tables that take a party, the other free ones, and the taken ones."""
    free = [state for state in states if state.is_free]
    groups = (
        (f"Free, for {party_size}", [state for state in free if state.takes(party_size)]),
        (f"Free, not for {party_size} alone", [state for state in free if not state.takes(party_size)]),
        ("Taken: whoever may be moved is moved", [state for state in states if not state.is_free]),
    )
    for title, group in groups:
        if group:
            yield title, [(state.table.pk, state.in_words(zone)) for state in group]
