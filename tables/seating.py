"""Who sits where: the planner. Pure: no Django, no clock.

Today a plan is the best single table. The answer is already a set of tables, so that combinations and moved parties
can join it without a change for those who ask.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import accumulate

NaturalKey = tuple[tuple[tuple[str, int], ...], str]

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class SeatingTable:
    """Describe a table that may be given out; `audience` holds the channels that may book it.

    `number` is unique in the restaurant. `priority` says which of equally fitting tables goes first: the lower one.
    """

    table_id: int
    number: str
    min_party_size: int
    max_party_size: int
    capacity: int
    priority: int
    seating_type: str
    audience: frozenset[str]


@dataclass(frozen=True)
class OccupiedInterval:
    """Say that a table is taken in [starts_at, ends_at), the buffer included."""

    table_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class SeatingRequest:
    """Ask for a seat in [starts_at, ends_at), the buffer included; `seating` None is no wish, else a requirement."""

    party_size: int
    starts_at: datetime
    ends_at: datetime
    seating: str | None
    channel: str


@dataclass(frozen=True)
class SeatingPlan:
    """Name the tables of a party and how many of their seats stay empty."""

    table_ids: tuple[int, ...]
    spare_seats: int


@dataclass(frozen=True)
class SeatingRefusal:
    """Say why there is no seat: how many tables could ever take the party, and how many of them are taken.

    With `suitable` 0 no other time would help.
    """

    suitable: int
    taken: int


class Occupancy:
    """Index occupied intervals, built once and asked for many times of a day.

    Intervals of a table may overlap (a block over a booking). A look-up is a binary search: of the intervals that start
    before the asked end, the latest end decides.
    """

    def __init__(self, intervals: Iterable[OccupiedInterval]) -> None:
        by_table: defaultdict[int, list[OccupiedInterval]] = defaultdict(list)
        for interval in intervals:
            if interval.starts_at < interval.ends_at:
                by_table[interval.table_id].append(interval)
        self._starts: dict[int, list[datetime]] = {}
        self._latest_ends: dict[int, list[datetime]] = {}
        for table_id, taken in by_table.items():
            taken.sort(key=lambda interval: interval.starts_at)
            self._starts[table_id] = [interval.starts_at for interval in taken]
            self._latest_ends[table_id] = list(accumulate((interval.ends_at for interval in taken), max))

    def is_free(self, table_id: int, starts_at: datetime, ends_at: datetime) -> bool:
        """Say whether nothing meets [starts_at, ends_at) on a table."""
        earlier = bisect_left(self._starts.get(table_id, ()), ends_at)
        return earlier == 0 or self._latest_ends[table_id][earlier - 1] <= starts_at


@lru_cache(maxsize=4096)
def natural_key(number: str) -> NaturalKey:
    """Return the sort key by which T2 comes before T10; different numbers never have the same key."""
    parts = _DIGITS.split(number.casefold())  # text and digits in turn, text first and last
    texts, digits = parts[::2], [int(part) for part in parts[1::2]]
    return tuple(zip(texts, [*digits, -1], strict=True)), number


def find_seating(
    tables: Iterable[SeatingTable], occupied: Occupancy | Iterable[OccupiedInterval], request: SeatingRequest
) -> SeatingPlan | SeatingRefusal:
    """Return the best free table for a party, or why there is none.

    Best is fewest spare seats, then the lower priority number, then the number in natural order (T2 before T10). For
    many requests over the same intervals pass an `Occupancy`.
    """
    occupancy = occupied if isinstance(occupied, Occupancy) else Occupancy(occupied)
    suitable = [table for table in tables if _suits(table, request)]
    free = [table for table in suitable if occupancy.is_free(table.table_id, request.starts_at, request.ends_at)]
    if not free:
        return SeatingRefusal(suitable=len(suitable), taken=len(suitable))
    best = min(free, key=lambda table: _cost(table, request.party_size))
    return SeatingPlan(table_ids=(best.table_id,), spare_seats=_spare_seats(best, request.party_size))


def _suits(table: SeatingTable, request: SeatingRequest) -> bool:
    return (
        table.min_party_size <= request.party_size <= table.max_party_size
        and request.seating in (None, table.seating_type)
        and request.channel in table.audience
    )


def _cost(table: SeatingTable, party_size: int) -> tuple[int, int, int, NaturalKey]:
    # A table may take more than its seats with chairs added: no spare seat, yet an exact fit comes first.
    added_chairs = max(party_size - table.capacity, 0)
    return _spare_seats(table, party_size), added_chairs, table.priority, natural_key(table.number)


def _spare_seats(table: SeatingTable, party_size: int) -> int:
    return max(table.capacity - party_size, 0)
