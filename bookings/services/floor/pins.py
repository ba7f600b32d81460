"""Pin a booking to its tables, so that no planner moves it."""

from collections.abc import Sequence

from bookings.choices import EventKind
from bookings.errors import TablesMissing
from bookings.locks import REACTIONS, ServiceDayClaim
from bookings.models import Booking
from bookings.services.floor.evening import claim_days, draft_operation, is_pinned, lock_and_draft, tables_of
from bookings.services.floor.outcomes import FloorOutcome
from bookings.services.floor.seats import raise_version, require_current, require_live
from bookings.services.history import Actor, record_event
from bookings.services.seating_rows import table_numbers
from capacity.selectors import ServiceSettings
from config.transactions import capacity_transaction
from tables.seating import SeatingRequest


def pin_tables(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> FloorOutcome:
    """Keep a booking at the tables that it has: no planner moves it any more; twice is once.

    Locks the service days of the booking.

    Raises: `RecordNotFound`, `EditIsStale`, `BookingNotActive`, `TablesMissing`, `BookingConflict`.
    """
    return _set_pinned(booking_id=booking_id, is_wanted=True, actor=actor, expected_version=expected_version)


def unpin_tables(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> FloorOutcome:
    """Let the planner move a booking again; twice is once; see `pin_tables`."""
    return _set_pinned(booking_id=booking_id, is_wanted=False, actor=actor, expected_version=expected_version)


def _claim(*, booking_id: int, is_wanted: bool, actor: Actor, expected_version: int | None) -> ServiceDayClaim:
    return claim_days(lambda: draft_operation([booking_id], _ask_nothing))


@capacity_transaction(_claim, reactions=REACTIONS)
def _set_pinned(
    claim: ServiceDayClaim, *, booking_id: int, is_wanted: bool, actor: Actor, expected_version: int | None
) -> FloorOutcome:
    draft = lock_and_draft(claim, [booking_id], _ask_nothing)
    booking = draft.booking
    if tables_of(booking) and is_pinned(booking) == is_wanted:
        return FloorOutcome(booking)
    require_current(booking, expected_version)
    require_live(draft.book, booking, "pinned" if is_wanted else "unpinned")
    if not tables_of(booking):
        raise TablesMissing(reference=booking.reference)
    tables = {"tables": table_numbers(draft.book, tables_of(booking))}
    booking.assignments.update(pinned=is_wanted)
    raise_version(booking)
    record_event(booking, EventKind.PINNED if is_wanted else EventKind.UNPINNED, actor=actor, to_value=tables)
    return FloorOutcome(booking)


def _ask_nothing(settings: ServiceSettings, bookings: Sequence[Booking]) -> list[SeatingRequest]:
    return []
