"""Move the tables of bookings, and blocks, to the clock of another zone: nobody is seated twice by it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from psycopg.types.range import Range

from bookings.errors import ZoneChangeRefused
from bookings.models import Booking, TableAssignment
from capacity.calendar.wall_clock import ClockChange
from tables.models import TableBlock
from tables.spans import TimeSpan


def move_tables(restaurant_id: int, clocks: ClockChange, shifts: Mapping[int, timedelta]) -> None:
    """Move blocks and the tables of bookings; nobody meets at a table who did not before.

    Raises: `ZoneChangeRefused`.
    """
    rows = list(TableAssignment.objects.filter(booking_id__in=shifts).select_related("booking", "table"))
    blocks = list(TableBlock.objects.filter(restaurant_id=restaurant_id, ends_at__gt=clocks.now))
    met = set(_meetings(rows, blocks))
    _move_blocks(clocks, blocks)
    TableAssignment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for row in rows:
        shift = shifts[row.booking_id]
        row.pk, row.during = None, Range(row.during.lower + shift, row.during.upper + shift)
    staying = list(TableAssignment.objects.filter(restaurant_id=restaurant_id, during__endswith__gt=clocks.now))
    crossed = {booking for booking, block in _meetings(rows, blocks) if (booking, block) not in met}
    crossed |= set(_double_seated(rows, staying))
    if crossed:
        reason = "its table is taken by another party, or blocked, at that time there"
        in_order = sorted(crossed, key=lambda booking: (booking.starts_at, booking.pk))
        raise ZoneChangeRefused.without_place(dict.fromkeys(in_order, reason))
    TableAssignment.objects.bulk_create(rows)


def _meetings(rows: Iterable[TableAssignment], blocks: Sequence[TableBlock]) -> Iterator[tuple[Booking, int]]:
    """Yield each booking with each block that keeps its table in its time."""
    for row in rows:
        for block in blocks:
            if block.table_id == row.table_id and _span_of(row).overlaps(TimeSpan(block.starts_at, block.ends_at)):
                yield row.booking, block.pk


def _double_seated(rows: Sequence[TableAssignment], staying: Sequence[TableAssignment]) -> Iterator[Booking]:
    by_table: defaultdict[int, list[TableAssignment]] = defaultdict(list)
    for row in (*staying, *rows):
        by_table[row.table_id].append(row)
    moved = {id(row) for row in rows}
    for held in by_table.values():
        held.sort(key=lambda row: row.during.lower)
        for earlier, later in pairwise(held):
            if _span_of(earlier).overlaps(_span_of(later)):
                yield (later if id(later) in moved else earlier).booking


def _span_of(row: TableAssignment) -> TimeSpan:
    return TimeSpan(row.during.lower, row.during.upper)


def _move_blocks(clocks: ClockChange, blocks: Sequence[TableBlock]) -> None:
    """Move blocks by their wall times; one that has begun keeps its start, and moves its end if that is still to come.

    Away from the direction of the move, so that none meets another of the same table on its way.
    """
    is_later = clocks.shift(clocks.now) > timedelta(0)
    for block in sorted(blocks, key=lambda block: block.starts_at, reverse=is_later):
        length = block.ends_at - block.starts_at
        if block.starts_at > clocks.now:
            block.starts_at = clocks.nearest(block.starts_at)
            ends_at = clocks.nearest(block.ends_at)
            block.ends_at = ends_at if ends_at > block.starts_at else block.starts_at + length
        else:
            block.ends_at = max(clocks.nearest(block.ends_at), clocks.now)
        block.save(update_fields=["starts_at", "ends_at"])
