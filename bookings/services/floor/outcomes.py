"""What an operation of the host did: to its booking, to those who were moved, to those whom it hits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bookings.decision import DayBook
from bookings.models import Booking
from bookings.services.rows.seating import table_numbers
from tables.seating import Move


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
    """The booking as it is now, the parties moved for it, and those whom it hits."""

    booking: Booking
    moves: tuple[MovedParty, ...] = ()
    hits: tuple[HitParty, ...] = ()


def moved_parties(book: DayBook, moves: Sequence[Move]) -> tuple[MovedParty, ...]:
    """Say who is moved from where to where, as people read it; 1 query if anybody is."""
    ids = [move.booking_id for move in moves]
    references = dict(Booking.objects.filter(pk__in=ids).values_list("pk", "reference")) if ids else {}
    return tuple(
        MovedParty(
            references[move.booking_id],
            tuple(table_numbers(book, move.from_table_ids)),
            tuple(table_numbers(book, move.to_table_ids)),
        )
        for move in moves
    )
