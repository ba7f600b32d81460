"""Whether everybody can be seated, found by trying everything: shares no code with the planner.

A table in one elementary piece of time is a bit, a seat for a party a set of bits, and everybody can be seated if
each party takes one of its seats and no bit is used twice. Parties are taken by their start, and what lies before it
is forgotten, so that few states are visited.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from tables.models import Table, TableCombination


@dataclass(frozen=True)
class Seats:
    """Tables given out as one, with what they demand of a party."""

    table_ids: frozenset[int]
    smallest: int
    largest: int
    seating_types: frozenset[str]
    audience: frozenset[str]


@dataclass(frozen=True)
class Guests:
    """A party that needs a seat in [starts_at, ends_at), the buffer included; `home` is where it may stay."""

    party_size: int
    starts_at: datetime
    ends_at: datetime
    seating: str = ""
    channel: str = "online"
    home: frozenset[int] = frozenset()

    def may_have(self, seats: Seats) -> bool:
        """Say whether a seat could ever be given to these guests."""
        is_wished = not self.seating or seats.seating_types == {self.seating}
        return seats.smallest <= self.party_size <= seats.largest and is_wished and self.channel in seats.audience


@dataclass(frozen=True)
class Taken:
    """A table that nobody else can have in [starts_at, ends_at)."""

    table_id: int
    starts_at: datetime
    ends_at: datetime


def read_seats(restaurant_id: int) -> list[Seats]:
    """Read the tables that are in service, and their combinations."""
    singles = {each.pk: each for each in Table.objects.filter(restaurant_id=restaurant_id, status="active")}
    seats = [_seats([table], table.min_party_size, table.max_party_size) for table in singles.values()]
    for combination in TableCombination.objects.filter(restaurant_id=restaurant_id).prefetch_related("tables"):
        tables = list(combination.tables.all())
        if tables and all(table.pk in singles for table in tables):
            seats.append(_seats(tables, combination.min_party_size, combination.max_party_size))
    return seats


def can_seat_all(seats: Iterable[Seats], taken: Iterable[Taken], parties: Sequence[Guests]) -> bool:
    """Say whether all of these parties can have a seat at once."""
    offered, fixed = list(seats), list(taken)
    grid = _Grid(offered, fixed, parties)
    held = 0
    for each in fixed:
        held |= grid.bits({each.table_id}, each.starts_at, each.ends_at)
    waiting = sorted(parties, key=lambda guests: (guests.starts_at, guests.ends_at, guests.party_size))
    choices = [_choices(guests, offered, grid, held) for guests in waiting]
    ahead = [grid.from_on(guests.starts_at) for guests in waiting]

    @cache
    def has_room(number: int, used: int) -> bool:
        if number == len(waiting):
            return True
        used &= ahead[number]
        return any(not bits & used and has_room(number + 1, used | bits) for bits in choices[number])

    return has_room(0, 0)


class _Grid:
    """Tables by pieces of time, as bits."""

    def __init__(self, seats: Sequence[Seats], taken: Sequence[Taken], parties: Sequence[Guests]) -> None:
        self._cuts = sorted({cut for each in (*taken, *parties) for cut in (each.starts_at, each.ends_at)})
        known = {pk for each in seats for pk in each.table_ids} | {pk for each in parties for pk in each.home}
        self._rows = {pk: row for row, pk in enumerate(sorted(known | {each.table_id for each in taken}))}

    def bits(self, table_ids: Iterable[int], starts_at: datetime, ends_at: datetime) -> int:
        span = sum(1 << place for place, cut in enumerate(self._cuts) if starts_at <= cut < ends_at)
        return sum(span << self._rows[pk] * len(self._cuts) for pk in table_ids)

    def from_on(self, moment: datetime) -> int:
        return self.bits(self._rows, moment, datetime.max.replace(tzinfo=moment.tzinfo))


def _seats(tables: Sequence[Table], smallest: int, largest: int) -> Seats:
    return Seats(
        table_ids=frozenset(table.pk for table in tables),
        smallest=smallest,
        largest=largest,
        seating_types=frozenset(table.seating_type for table in tables),
        audience=frozenset.intersection(*(frozenset(table.audience) for table in tables)),
    )


def _choices(guests: Guests, offered: Iterable[Seats], grid: _Grid, held: int) -> set[int]:
    """Return the bits of every seat that a party can have: where it sits it may stay, also under a block."""
    suiting = [each.table_ids for each in offered if guests.may_have(each)]
    free = {bits for ids in suiting if not (bits := grid.bits(ids, guests.starts_at, guests.ends_at)) & held}
    return free | ({grid.bits(guests.home, guests.starts_at, guests.ends_at)} if guests.home else set())
