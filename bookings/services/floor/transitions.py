"""The checks that the transitions of an evening share, and the history that an undo reads."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.range import Range

from bookings.choices import BookingStatus, EventKind
from bookings.errors import TransitionInvalid, TransitionUntimely
from bookings.models import Booking, TableAssignment
from bookings.models.booking import Actor
from bookings.services.one_booking import numbers_of
from bookings.services.rows.booking import record_event, save_changes
from capacity.calendar import iso_utc


def require_status(booking: Booking, allowed: Sequence[BookingStatus], wanted: BookingStatus) -> None:
    """Raise `TransitionInvalid` unless a booking has a status from which the transition begins."""
    if booking.status not in allowed:
        raise TransitionInvalid(status=booking.status, wanted=wanted)


def require_its_evening(booking: Booking, now: datetime, wanted: BookingStatus) -> None:
    """Raise `TransitionUntimely` before the date of a booking, and after its service."""
    if now.astimezone(booking.zone).date() < booking.business_date:
        message = f"The party is expected on {booking.business_date}, not today"
        raise TransitionUntimely(message, status=booking.status, wanted=wanted)
    if now > last_moment(booking):
        message = f"The service of {booking.business_date} is over"
        raise TransitionUntimely(message, status=booking.status, wanted=wanted)


def last_moment(booking: Booking) -> datetime:
    """Return the end of the evening of a booking: that of its service, or of its own stay if that is longer."""
    return max(booking.service_day.ends_at, booking.ends_at)


def state_of(booking: Booking, assignments: Iterable[TableAssignment]) -> dict[str, Any]:
    """Return the state that a transition may change, as it stands in the history; an undo gives `rows` back."""
    rows = list(assignments)
    return {
        "status": str(booking.status),
        "ends_at": iso_utc(booking.ends_at),
        "tables": numbers_of(rows),
        "rows": [
            {
                "table_id": row.table_id,
                "starts_at": iso_utc(row.during.lower),
                "ends_at": iso_utc(row.during.upper),
                "pinned": row.pinned,
            }
            for row in rows
        ],
    }


def rows_in(booking: Booking, state: dict[str, Any]) -> list[TableAssignment]:
    """Return the tables of a state in the history, as rows that are not stored."""
    return [
        TableAssignment(
            restaurant_id=booking.restaurant_id,
            booking=booking,
            table_id=row["table_id"],
            during=Range(datetime.fromisoformat(row["starts_at"]), datetime.fromisoformat(row["ends_at"])),
            pinned=row["pinned"],
        )
        for row in state["rows"]
    ]


def write_transition(
    booking: Booking,
    kind: EventKind,
    *,
    fields: Sequence[str],
    before: dict[str, Any],
    actor: Actor,
    beside: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Save the changed fields of a locked booking, raise its version, and record both states and the facts `beside`."""
    save_changes(booking, *fields)
    # A state that was read before the write is not for a caller to see.
    booking.refresh_from_db(fields=["assignments"])
    after = state_of(booking, booking.assignments.select_related("table")) | (beside or {})
    record_event(booking, kind, actor=actor, from_value=before, to_value=after, reason=reason)
