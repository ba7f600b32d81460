"""What the transitions of an evening share: the lock of one booking, the checks, its history."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.range import Range

from bookings.answers.values import instant_answer
from bookings.choices import BookingStatus, EventKind
from bookings.errors import TransitionInvalid, TransitionUntimely
from bookings.locks import ServiceDayClaim
from bookings.models import Booking, TableAssignment
from bookings.services.floor.evening import blocked_interval_of, get_bookings, service_days_of
from bookings.services.history import Actor, record_event
from capacity.locks import lock_service_days
from config.errors import EditIsStale
from config.transactions import ClaimTooSmall
from tables.seating import natural_key

ONE_MINUTE = timedelta(minutes=1)


def claim_booking(booking_id: int) -> ServiceDayClaim:
    """Name the service days in which one booking counts or has a table.

    Raises: `RecordNotFound`.
    """
    booking = get_booking(booking_id)
    return ServiceDayClaim(tuple(sorted(service_days_of(booking))), blocked_interval_of(booking))


def lock_booking(claim: ServiceDayClaim, booking_id: int) -> Booking:
    """Lock the claimed service days, then read the booking: what it says now holds until the commit.

    Raises: `RecordNotFound`; `ClaimTooSmall`, and the call runs again.
    """
    lock_service_days(claim.service_day_ids)
    booking = get_booking(booking_id)
    if not service_days_of(booking).issubset(claim.service_day_ids):
        raise ClaimTooSmall
    return booking


def get_booking(booking_id: int) -> Booking:
    """Get a booking with its restaurant, service day and tables in 2 queries.

    Raises: `RecordNotFound`.
    """
    return get_bookings([booking_id])[0]


def require_current(booking: Booking, expected_version: int | None) -> None:
    """Raise `EditIsStale` where somebody has changed the booking since it was read."""
    if expected_version is not None and expected_version != booking.version:
        raise EditIsStale


def require_status(booking: Booking, allowed: Sequence[BookingStatus], wanted: BookingStatus) -> None:
    """Raise `TransitionInvalid` unless a booking is where the transition begins."""
    if booking.status not in allowed:
        raise TransitionInvalid(status=booking.status, wanted=wanted)


def require_its_evening(booking: Booking, now: datetime, wanted: BookingStatus) -> None:
    """Raise `TransitionUntimely` before the date of a booking, and after its service."""
    if now.astimezone(booking.restaurant.zone).date() < booking.business_date:
        message = f"The party is expected on {booking.business_date}, not today"
        raise TransitionUntimely(message, status=booking.status, wanted=wanted)
    if now > last_moment(booking):
        message = f"The service of {booking.business_date} is over"
        raise TransitionUntimely(message, status=booking.status, wanted=wanted)


def last_moment(booking: Booking) -> datetime:
    """Return when the evening of a booking is over: its service, and its own stay if that is longer."""
    return max(booking.service_day.ends_at, booking.ends_at)


def this_minute(now: datetime) -> datetime:
    """Return the minute that runs: the floor lives in whole minutes.

    Whoever is given the table of a party that left in the same minute would otherwise meet it for some seconds.
    """
    return now.replace(second=0, microsecond=0)


def state_of(booking: Booking, assignments: Iterable[TableAssignment]) -> dict[str, Any]:
    """Return what a transition may change, as it stands in the history; `rows` are what an undo gives back."""
    rows = list(assignments)
    return {
        "status": str(booking.status),
        "ends_at": instant_answer(booking.ends_at),
        "tables": sorted((row.table.number for row in rows), key=natural_key),
        "rows": [
            {
                "table_id": row.table_id,
                "starts_at": instant_answer(row.during.lower),
                "ends_at": instant_answer(row.during.upper),
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
    """Save what changed in a locked booking, raise its version, record from what to what, and what came `beside`."""
    booking.version += 1
    booking.save(update_fields=[*fields, "version", "updated_at"])
    # What was read before the write is not what a caller is to see.
    booking.refresh_from_db(fields=["assignments"])
    after = state_of(booking, booking.assignments.select_related("table")) | (beside or {})
    record_event(booking, kind, actor=actor, from_value=before, to_value=after, reason=reason)
