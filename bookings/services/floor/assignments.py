"""Give tables to bookings by hand, and swap them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bookings.choices import BookingStatus, EventKind
from bookings.errors import SwapImpossible, TablesMissing, TablesNotSuitable
from bookings.models import Booking
from bookings.models.booking import Actor
from bookings.services.floor.chosen_tables import require_suitable_tables, why_unusable
from bookings.services.floor.outcomes import FloorOutcome
from bookings.services.floor.seats import (
    Given,
    TablesDraft,
    TablesWrite,
    give_tables,
    raise_version,
    request_at,
    require_live,
    require_plan,
    require_time_left,
)
from bookings.services.one_booking import (
    BookingDraft,
    BookingWrite,
    is_pinned,
    numbers_of,
    require_current,
    seating_of,
    tables_of,
)
from bookings.services.rows.booking import record_event
from capacity.selectors import ServiceSettings, get_service_settings
from tables.seating import SeatingRequest


def assign_tables(
    *,
    booking_id: int,
    table_ids: Sequence[int],
    is_pinned: bool = True,
    actor: Actor = None,
    expected_version: int | None = None,
) -> FloorOutcome:
    """Give a booking these tables, in place of those that it has; twice is once.

    One table, a declared combination, or any other tables that take the party: a person decides. Parties in the way are
    re-seated where they may be moved; a stay that has begun gets the tables from this minute on. Locks the service days
    of the booking and of every party that may have to move.

    Raises: `RecordNotFound`, `EditIsStale`, `BookingNotActive`, `StayOver`, `TablesNotSuitable`, `TableTaken`,
    `BookingConflict`.
    """
    return AssignTables(
        booking_id=booking_id,
        table_ids=tuple(sorted(set(table_ids))),
        is_pinned=is_pinned,
        actor=actor,
        expected_version=expected_version,
    ).run()


def swap_tables(*, booking_id: int, other_booking_id: int, expected_version: int, actor: Actor = None) -> FloorOutcome:
    """Give two bookings of one date each other's tables, and pin them there.

    Both must be taken by the other's tables for their own time; third parties in the way are re-seated where they may
    be moved. `expected_version` is that of the booking as the caller saw it. A second call for the same state changes
    nothing; one without it would swap back. Locks the service days of both and of every party that may have to move.

    Raises: `RecordNotFound`, `EditIsStale`, `BookingNotActive`, `StayOver`, `TablesMissing`, `SwapImpossible`,
    `TablesNotSuitable`, `TableTaken`, `BookingConflict`.
    """
    if booking_id == other_booking_id:
        raise SwapImpossible("same", "A booking cannot swap tables with itself")
    return SwapTables(
        booking_id=booking_id, other_booking_id=other_booking_id, expected_version=expected_version, actor=actor
    ).run()


@dataclass(kw_only=True)
class AssignTables(TablesWrite):
    """Tables for one booking, in place of those that it has."""

    operation = "assign_tables"
    booking_id: int
    table_ids: tuple[int, ...]
    is_pinned: bool
    actor: Actor
    expected_version: int | None

    @property
    def booking_ids(self) -> Sequence[int]:
        """Return the one booking."""
        return [self.booking_id]

    def ask(self, settings: ServiceSettings, bookings: Sequence[Booking]) -> list[SeatingRequest]:
        """Ask for the chosen tables, if any are."""
        return [request_at(settings, bookings[0], self.table_ids)] if self.table_ids else []

    def write(self, draft: TablesDraft) -> FloorOutcome:
        """Write the tables, and the moves that make room for them."""
        booking = draft.booking
        if seating_of(booking) == (self.table_ids, self.is_pinned):
            return FloorOutcome(booking)
        return give_tables(draft, [Given(self.table_ids, self.is_pinned)], EventKind.ASSIGNED, actor=self.actor)

    def require_possible(self, draft: TablesDraft) -> None:
        """Require a live booking that nobody changed meanwhile, tables that take it, and a plan for whoever is there.

        Raises: as `assign_tables`.
        """
        if seating_of(draft.booking) == (self.table_ids, self.is_pinned):
            return
        require_current(draft.booking, self.expected_version)
        require_time_left(draft, "given tables")
        require_suitable_tables(draft.loaded, self.table_ids, draft.booking.party_size)
        require_plan(draft)


@dataclass(kw_only=True)
class SwapTables(TablesWrite):
    """Each other's tables for two bookings."""

    operation = "swap_tables"
    booking_id: int
    other_booking_id: int
    expected_version: int
    actor: Actor

    @property
    def booking_ids(self) -> Sequence[int]:
        """Return both bookings."""
        return [self.booking_id, self.other_booking_id]

    def ask(self, settings: ServiceSettings, bookings: Sequence[Booking]) -> list[SeatingRequest]:
        """Ask for each other's tables, if both have some on one date."""
        booking, other = bookings
        if booking.business_date != other.business_date or not (tables_of(booking) and tables_of(other)):
            return []
        return [request_at(settings, booking, tables_of(other)), request_at(settings, other, tables_of(booking))]

    def write(self, draft: TablesDraft) -> FloorOutcome:
        """Write the tables of both."""
        booking, other = draft.bookings
        wanted = [tables_of(other), tables_of(booking)]
        _require_one_date(booking, other)
        if wanted[0] == wanted[1] or _has_just_swapped(booking, other, self.expected_version):
            return FloorOutcome(booking)
        require_current(booking, self.expected_version)
        _require_swappable(draft)
        for each, table_ids in zip(draft.bookings, wanted, strict=True):
            require_suitable_tables(draft.loaded, table_ids, each.party_size)
        given = [
            Given(tables_of(other), True, _swapped_with(other)),
            Given(tables_of(booking), True, _swapped_with(booking)),
        ]
        return give_tables(draft, given, EventKind.SWAPPED, actor=self.actor)


def _has_just_swapped(booking: Booking, other: Booking, expected_version: int) -> bool:
    """Say whether only this very swap happened since the caller looked: the second click of a double click."""
    if booking.version != expected_version + 1:
        return False
    latest = booking.events.order_by("-pk").values_list("kind", "reason").first()
    return latest == (EventKind.SWAPPED, _swapped_with(other))


def _swapped_with(other: Booking) -> str:
    return f"with {other.reference}"


def _require_one_date(booking: Booking, other: Booking) -> None:
    if booking.business_date != other.business_date:
        raise SwapImpossible("date", "Only parties of one date can swap tables")


def _require_swappable(draft: TablesDraft) -> None:
    require_time_left(draft, "given other tables")
    for each in draft.bookings:
        if not tables_of(each):
            raise TablesMissing(reference=each.reference)


def pin_tables(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> FloorOutcome:
    """Keep a booking at the tables that it has: no planner moves it any more; twice is once.

    Locks the service days in which the booking counts or has a table.

    Raises: `RecordNotFound`, `EditIsStale`, `BookingNotActive`, `TablesMissing`, `TablesNotSuitable` unless the party
    sits at its tables, `BookingConflict`.
    """
    return SetPinned(booking_id=booking_id, is_wanted=True, actor=actor, expected_version=expected_version).run()


def unpin_tables(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> FloorOutcome:
    """Let the planner move a booking again; twice is once; see `pin_tables`."""
    return SetPinned(booking_id=booking_id, is_wanted=False, actor=actor, expected_version=expected_version).run()


@dataclass(kw_only=True)
class SetPinned(BookingWrite[FloorOutcome]):
    """A pin that is set, or taken away."""

    operation = "set_pinned"
    is_wanted: bool

    def write(self, draft: BookingDraft) -> FloorOutcome:
        """Write the pin of every table that the booking has."""
        booking = draft.booking
        if tables_of(booking) and is_pinned(booking) == self.is_wanted:
            return FloorOutcome(booking)
        require_current(booking, self.expected_version)
        settings = get_service_settings(booking.restaurant_id)
        require_live(booking, settings.now, "pinned" if self.is_wanted else "unpinned")
        if not tables_of(booking):
            raise TablesMissing(reference=booking.reference)
        if self.is_wanted:
            _require_usable(settings, booking)
        tables = {"tables": numbers_of(booking.assignments.all())}
        booking.assignments.update(pinned=self.is_wanted)
        raise_version(booking)
        kind = EventKind.PINNED if self.is_wanted else EventKind.UNPINNED
        record_event(booking, kind, actor=self.actor, to_value=tables)
        return FloorOutcome(booking)


def _require_usable(settings: ServiceSettings, booking: Booking) -> None:
    """Require that a party that does not sit yet may stay at its tables: none is kept where it cannot be seated.

    Who was left under a block is there by a person's decision already.
    """
    if booking.status == BookingStatus.SEATED:
        return
    if why := why_unusable(settings, tables_of(booking), booking.party_size, None):
        raise TablesNotSuitable("unusable", f"{why}: give the party other tables")
