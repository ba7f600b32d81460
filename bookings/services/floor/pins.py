"""Pin a booking to its tables, so that no planner moves it."""

from collections.abc import Sequence
from functools import partial

from bookings.choices import EventKind
from bookings.errors import TablesMissing
from bookings.locks import REACTIONS, ServiceDayClaim
from bookings.models import Booking
from bookings.services.drafts import claim_draft, draft_again
from bookings.services.floor.outcomes import FloorOutcome
from bookings.services.floor.seats import raise_version, require_live
from bookings.services.floor.table_drafts import draft_tables
from bookings.services.history import Actor, record_event
from bookings.services.one_booking import is_pinned, require_current, tables_of
from bookings.services.seating_rows import table_numbers
from capacity.locks import lock_service_days
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
    return claim_draft(partial(draft_tables, [booking_id], _ask_nothing))


@capacity_transaction(_claim, reactions=REACTIONS)
def _set_pinned(
    claim: ServiceDayClaim, *, booking_id: int, is_wanted: bool, actor: Actor, expected_version: int | None
) -> FloorOutcome:
    lock_service_days(claim.service_day_ids)
    draft = draft_again(claim, partial(draft_tables, [booking_id], _ask_nothing))
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
