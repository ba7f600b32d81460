"""The outcome of an operation of the host: its booking, the parties moved for it, and those that it hits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bookings.decision import LoadedDays
from bookings.models import Booking
from tables.seating import Move
from tables.selectors import table_numbers


@dataclass(frozen=True)
class MovedParty:
    """A party that the planner moved to make room; table numbers in the order of people, none for "had no table"."""

    booking_reference: str
    from_tables: tuple[str, ...]
    to_tables: tuple[str, ...]


@dataclass(frozen=True)
class HitParty:
    """A party that is to come to a table at `starts_at` (UTC), and finds it taken: a person has to decide."""

    booking: Booking
    tables: tuple[str, ...]
    starts_at: datetime


@dataclass(frozen=True)
class FloorOutcome:
    """The booking as it is now, the parties moved for it, and those that it hits."""

    booking: Booking
    moves: tuple[MovedParty, ...] = ()
    hits: tuple[HitParty, ...] = ()


def moved_parties(loaded: LoadedDays, moves: Sequence[Move]) -> tuple[MovedParty, ...]:
    """Return the moved parties with their tables before and after, as people read them; 1 query if any is moved."""
    ids = [move.booking_id for move in moves]
    references = dict(Booking.objects.filter(pk__in=ids).values_list("pk", "reference")) if ids else {}
    return tuple(
        MovedParty(
            references[move.booking_id],
            tuple(table_numbers(loaded.seating.floor, move.from_table_ids)),
            tuple(table_numbers(loaded.seating.floor, move.to_table_ids)),
        )
        for move in moves
    )
