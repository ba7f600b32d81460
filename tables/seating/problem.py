"""What the planner is asked: who sits where already, what stands in the way, and who wants a seat."""

from dataclasses import dataclass
from datetime import datetime

from tables.seating.floor import Floor


@dataclass(frozen=True, slots=True)
class OccupiedInterval:
    """Say that a table is taken in [starts_at, ends_at), the buffer included, by what no plan may move."""

    table_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class SeatedParty:
    """A live party that a plan may move; it needs its tables in [starts_at, ends_at), the buffer included.

    `table_ids` is where it sits now, in any order: always allowed, even where it would not be given out any more. A
    party without tables was booked before there were any, or while limits were waived: a plan seats it when it can.
    """

    booking_id: int
    party_size: int
    starts_at: datetime
    ends_at: datetime
    seating: str | None
    channel: str
    table_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SeatingRequest:
    """Ask for a seat in [starts_at, ends_at), the buffer included; `seating` None is no wish, else a requirement.

    With `table_ids` somebody has chosen the tables: these and no others, whatever their size; only what no plan may
    move, or parties that nothing else can take, stand in the way.
    """

    party_size: int
    starts_at: datetime
    ends_at: datetime
    seating: str | None
    channel: str
    table_ids: tuple[int, ...] | None = None


@dataclass(frozen=True)
class SeatingState:
    """All that a plan depends on, beside the requests. Equal states have equal answers.

    `occupied` may overlap on one table (a block over a seated party). Pinned, arrived and seated parties, parties
    about to come and blocks belong there; `parties` are the others.
    """

    floor: Floor
    occupied: tuple[OccupiedInterval, ...] = ()
    parties: tuple[SeatedParty, ...] = ()
