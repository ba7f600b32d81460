"""The rows that are kept of a decided case.

Declared apart from the classes that decide: those may change, and stored rows must still be read. Values are known by
their place, so a new one goes to the end and has a default.
"""

from datetime import date, datetime
from typing import Any

import msgspec


class Row(msgspec.Struct, array_like=True):
    """A row of values by their place."""

    @property
    def values(self) -> tuple[Any, ...]:
        """Return the values in their order."""
        return tuple(getattr(self, name) for name in self.__struct_fields__)


class WindowRow(Row):
    zone: str
    party_size_min: int
    party_size_max: int
    min_notice_minutes: int
    max_days_ahead: int


class PartyRow(Row):
    party_size: int
    business_date: date
    starts_at: datetime
    ends_at: datetime
    channel: str
    keeps_start: bool
    is_outside_hours: bool = False


class SlotRow(Row):
    starts_at: datetime
    ends_at: datetime
    slot_id: int | None
    service_day_id: int | None
    bookable: bool
    pacing_covers: int | None
    pacing_parties: int | None
    occupancy_covers: int | None
    occupancy_parties: int | None
    starting_covers: int
    starting_parties: int
    present_covers: int
    present_parties: int


class ServiceRow(Row):
    period_id: int
    period_name: str
    business_date: date
    starts_at: datetime
    ends_at: datetime
    slots: tuple[SlotRow, ...]
    service_day_id: int | None
    max_covers: int | None
    max_parties: int | None
    booked_covers: int
    booked_parties: int
    version: int


class DayRow(Row):
    window: WindowRow
    service: ServiceRow | None
    present: tuple[SlotRow, ...]
    closed: bool


class SeatRequestRow(Row):
    party_size: int
    starts_at: datetime
    ends_at: datetime
    seating: str | None
    channel: str
    table_ids: tuple[int, ...] | None


class TableRow(Row):
    table_id: int
    number: str
    min_party_size: int
    max_party_size: int
    capacity: int
    priority: int
    seating_type: str
    audience: tuple[str, ...]
    section_id: int | None


class CombinationRow(Row):
    table_ids: tuple[int, ...]
    min_party_size: int
    max_party_size: int


class OccupiedRow(Row):
    table_id: int
    starts_at: datetime
    ends_at: datetime


class SeatedRow(Row):
    booking_id: int
    party_size: int
    starts_at: datetime
    ends_at: datetime
    seating: str | None
    channel: str
    table_ids: tuple[int, ...]


class SeatingRow(Row):
    tables: tuple[TableRow, ...]
    combinations: tuple[CombinationRow, ...]
    occupied: tuple[OccupiedRow, ...]
    parties: tuple[SeatedRow, ...]


class StateRow(Row):
    """The row of a whole decided case; `floor` is None where the planner was not asked."""

    format: int
    request: PartyRow
    day: DayRow
    now: datetime
    seating: SeatRequestRow | None
    is_enforced: bool
    floor: SeatingRow | None
    is_undecided: bool
