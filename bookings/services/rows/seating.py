"""The rows of a seating plan: the tables kept by each booking and their times, and the history of moved parties."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from psycopg.types.range import Range

from bookings.choices import EventKind
from bookings.decision import LoadedDays, Wish
from bookings.models import Booking, BookingEvent, TableAssignment
from bookings.models.booking import ENGINE
from capacity.calendar.wall_clock import shown_time
from config import metrics
from config.transactions import require_atomic
from tables.seating import Move
from tables.selectors import table_numbers

REASON_LENGTH = 200


@dataclass(frozen=True)
class TablesKept:
    """Tables that a booking keeps in [starts_at, ends_at), the buffer included, in place of those that it had."""

    booking_id: int
    table_ids: tuple[int, ...]
    starts_at: datetime
    ends_at: datetime
    is_pinned: bool = False
    had_tables: bool = True


def write_seating(
    loaded: LoadedDays, moves: Sequence[Move], *, kept: Sequence[TablesKept], assigned_by: str, purpose: str
) -> None:
    """Write a plan as one DELETE of all rows that change, then one bulk INSERT; moved parties get an event.

    The service days of every booking named are locked. `purpose` is the reason of the moves: "to make room for 6 at
    19:30". The order matters: the exclusion constraint looks at each row as it comes.
    """
    require_atomic()
    moved = [_kept_by_move(loaded, move) for move in moves]
    if replaced := [tables.booking_id for tables in (*moved, *kept) if tables.had_tables]:
        TableAssignment.objects.filter(booking_id__in=replaced).delete()
    TableAssignment.objects.bulk_create(
        [
            *(row for tables in moved for row in _rows(loaded, tables, ENGINE)),
            *(row for tables in kept for row in _rows(loaded, tables, assigned_by)),
        ]
    )
    if moves:
        _record_moves(loaded, moves, purpose)


def _kept_by_move(loaded: LoadedDays, move: Move) -> TablesKept:
    party = loaded.movable[move.booking_id]
    return TablesKept(
        move.booking_id, move.to_table_ids, party.starts_at, party.ends_at, had_tables=bool(move.from_table_ids)
    )


def _rows(loaded: LoadedDays, kept: TablesKept, assigned_by: str) -> Iterable[TableAssignment]:
    for table_id in kept.table_ids:
        yield TableAssignment(
            restaurant_id=loaded.settings.restaurant.pk,
            booking_id=kept.booking_id,
            table_id=table_id,
            during=Range(kept.starts_at, kept.ends_at),
            pinned=kept.is_pinned,
            assigned_by=assigned_by,
        )


def _record_moves(loaded: LoadedDays, moves: Sequence[Move], purpose: str) -> None:
    # An attempt that starts over, or a dry run, has moved nobody.
    transaction.on_commit(partial(metrics.booking_reseated.inc, sum(1 for move in moves if move.from_table_ids)))
    Booking.objects.filter(pk__in=[move.booking_id for move in moves]).update(
        version=F("version") + 1, updated_at=Now()
    )
    BookingEvent.objects.bulk_create(_event(loaded, move, purpose) for move in moves)


def _event(loaded: LoadedDays, move: Move, purpose: str) -> BookingEvent:
    floor = loaded.seating.floor
    before, after = table_numbers(floor, move.from_table_ids), table_numbers(floor, move.to_table_ids)
    return BookingEvent(
        restaurant_id=loaded.settings.restaurant.pk,
        booking_id=move.booking_id,
        kind=EventKind.RESEATED,
        actor_label=ENGINE,
        from_value={"tables": before},
        to_value={"tables": after},
        reason=f"{shown_tables(before)} -> {shown_tables(after)}, {purpose}"[:REASON_LENGTH],
    )


def shown_tables(numbers: Sequence[str]) -> str:
    """Show table numbers as the staff says them: "T4 + T5"."""
    return " + ".join(numbers) or "no table"


def purpose_of(loaded: LoadedDays, wish: Wish) -> str:
    """Return the purpose of moves: the party that they make room for."""
    return f"to make room for {wish.party_size} at {shown_time(wish.starts_at, loaded.settings.zone)}"
