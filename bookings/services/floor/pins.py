"""Pin a booking to its tables, so that no planner moves it."""

from bookings.choices import EventKind
from bookings.errors import TablesMissing
from bookings.locks import REACTIONS, ServiceDayClaim
from bookings.services.floor.outcomes import FloorOutcome
from bookings.services.floor.seats import raise_version, require_live
from bookings.services.history import Actor, record_event
from bookings.services.one_booking import (
    claim_booking,
    is_pinned,
    lock_booking,
    numbers_of,
    require_current,
    tables_of,
)
from capacity.selectors import read_clock
from config.transactions import capacity_transaction


def pin_tables(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> FloorOutcome:
    """Keep a booking at the tables that it has: no planner moves it any more; twice is once.

    Locks the service days in which the booking counts or has a table.

    Raises: `RecordNotFound`, `EditIsStale`, `BookingNotActive`, `TablesMissing`, `BookingConflict`.
    """
    return _set_pinned(booking_id=booking_id, is_wanted=True, actor=actor, expected_version=expected_version)


def unpin_tables(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> FloorOutcome:
    """Let the planner move a booking again; twice is once; see `pin_tables`."""
    return _set_pinned(booking_id=booking_id, is_wanted=False, actor=actor, expected_version=expected_version)


def _claim(*, booking_id: int, is_wanted: bool, actor: Actor, expected_version: int | None) -> ServiceDayClaim:
    return claim_booking(booking_id)


@capacity_transaction(_claim, reactions=REACTIONS)
def _set_pinned(
    claim: ServiceDayClaim, *, booking_id: int, is_wanted: bool, actor: Actor, expected_version: int | None
) -> FloorOutcome:
    booking = lock_booking(claim, booking_id)
    if tables_of(booking) and is_pinned(booking) == is_wanted:
        return FloorOutcome(booking)
    require_current(booking, expected_version)
    require_live(booking, read_clock(), "pinned" if is_wanted else "unpinned")
    if not tables_of(booking):
        raise TablesMissing(reference=booking.reference)
    tables = {"tables": numbers_of(booking.assignments.all())}
    booking.assignments.update(pinned=is_wanted)
    raise_version(booking)
    record_event(booking, EventKind.PINNED if is_wanted else EventKind.UNPINNED, actor=actor, to_value=tables)
    return FloorOutcome(booking)
