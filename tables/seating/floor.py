"""The floor: tables, the combinations that they form, and the seats among these that a party could be given."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

from config.cached import cached_property

NaturalKey = tuple[tuple[tuple[str, int], ...], str]
# Lower is better, compared from left to right; see `Seat.cost`.
SeatCost = tuple[int, int, int, int, int, NaturalKey]

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class SeatingTable:
    """A table that may be given out; `audience` holds the channels that may book it.

    `number` is unique in the restaurant. `priority` orders equally fitting tables: the lower one goes first.
    """

    table_id: int
    number: str
    min_party_size: int
    max_party_size: int
    capacity: int
    priority: int
    seating_type: str
    audience: frozenset[str]
    section_id: int | None = None


@dataclass(frozen=True, slots=True)
class CombinedTables:
    """Tables that may be used as one, for parties of a size range of their own."""

    table_ids: tuple[int, ...]
    min_party_size: int
    max_party_size: int


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat for a party: one table, or the tables of one combination.

    `seats` is the sum of the tables' capacities. `seating_types` and `audience` are those that all of its tables have.
    A wish for the patio is met if every table stands there, and every table must be open to the way in.
    """

    table_ids: tuple[int, ...]
    min_party_size: int
    max_party_size: int
    seats: int
    priority: int
    seating_types: frozenset[str]
    audience: frozenset[str]
    number_key: NaturalKey

    def suits(self, party_size: int, seating: str | None, channel: str) -> bool:
        """Say whether a party of this size, wish and way in could ever be given this seat."""
        return (
            self.min_party_size <= party_size <= self.max_party_size
            and (seating is None or self.seating_types == {seating})
            and channel in self.audience
        )

    def spare_seats(self, party_size: int) -> int:
        """Return how many seats stay empty; a table may take more than its seats, with chairs added."""
        return max(self.seats - party_size, 0)

    def cost(self, party_size: int) -> SeatCost:
        """Rank seats for a party: spare seats, tables used, chairs added, scarcity, priority, number.

        Scarcity: of seats that waste equally much, the one that could take the largest party is kept for one.
        """
        added_chairs = max(party_size - self.seats, 0)
        return (
            self.spare_seats(party_size),
            len(self.table_ids),
            added_chairs,
            self.max_party_size,
            self.priority,
            self.number_key,
        )


@dataclass(frozen=True)
class Floor:
    """The tables that may be given out and their combinations; a combination with another table is left out."""

    tables: tuple[SeatingTable, ...]
    combinations: tuple[CombinedTables, ...] = ()
    _suitable: dict[tuple[int, str | None, str], tuple[Seat, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def seats(self) -> tuple[Seat, ...]:
        """Return every table and every combination of these tables, in one order for any order of the input."""
        found = chain((_single(table) for table in self.tables), self._combined())
        return tuple(sorted(found, key=self._place))

    @cached_property
    def by_id(self) -> dict[int, SeatingTable]:
        """Return the tables by id."""
        return {table.table_id: table for table in self.tables}

    @cached_property
    def seats_at(self) -> dict[frozenset[int], list[Seat]]:
        """Return the seats by the tables that they are of; two where a combination is declared twice."""
        seats: dict[frozenset[int], list[Seat]] = {}
        for seat in self.seats:
            seats.setdefault(frozenset(seat.table_ids), []).append(seat)
        return seats

    def suitable(self, party_size: int, seating: str | None, channel: str) -> tuple[Seat, ...]:
        """Return the seats that a party could ever be given, the best first."""
        key = (party_size, seating, channel)
        if key not in self._suitable:
            suiting = (seat for seat in self.seats if seat.suits(party_size, seating, channel))
            self._suitable[key] = tuple(sorted(suiting, key=lambda seat: seat.cost(party_size)))
        return self._suitable[key]

    def chosen(self, table_ids: tuple[int, ...]) -> Seat:
        """Return tables that somebody chose as one seat; the unknown ones add no seats."""
        known = [self.by_id[table_id] for table_id in table_ids if table_id in self.by_id]
        return Seat(
            table_ids=table_ids,
            min_party_size=0,
            max_party_size=sum(table.max_party_size for table in known),
            seats=sum(table.capacity for table in known),
            priority=max((table.priority for table in known), default=0),
            seating_types=frozenset(table.seating_type for table in known),
            audience=frozenset(),
            number_key=min((natural_key(table.number) for table in known), default=natural_key("")),
        )

    def takes(self, table_ids: tuple[int, ...], party_size: int) -> bool:
        """Say whether tables that a person chose are all in use, and take a party as one."""
        are_known = bool(table_ids) and all(table_id in self.by_id for table_id in table_ids)
        return are_known and any(least <= party_size <= most for least, most in self.party_sizes_at(table_ids))

    def party_sizes_at(self, table_ids: tuple[int, ...]) -> list[tuple[int, int]]:
        """Return the smallest and largest party for tables used as one: as declared, else up to all that they take."""
        declared = self.seats_at.get(frozenset(table_ids), ())
        sizes = [(seat.min_party_size, seat.max_party_size) for seat in declared]
        return sizes or [(1, self.chosen(tuple(set(table_ids))).max_party_size)]

    def _place(self, seat: Seat) -> tuple[tuple[NaturalKey, ...], int, int]:
        numbers = tuple(natural_key(self.by_id[table_id].number) for table_id in seat.table_ids)
        return numbers, seat.max_party_size, seat.min_party_size

    def _combined(self) -> Iterator[Seat]:
        for combination in self.combinations:
            if combination.table_ids and all(table_id in self.by_id for table_id in combination.table_ids):
                yield _combine([self.by_id[table_id] for table_id in combination.table_ids], combination)


def _single(table: SeatingTable) -> Seat:
    return Seat(
        table_ids=(table.table_id,),
        min_party_size=table.min_party_size,
        max_party_size=table.max_party_size,
        seats=table.capacity,
        priority=table.priority,
        seating_types=frozenset({table.seating_type}),
        audience=table.audience,
        number_key=natural_key(table.number),
    )


def _combine(tables: list[SeatingTable], combination: CombinedTables) -> Seat:
    ordered = sorted(tables, key=lambda table: natural_key(table.number))
    return Seat(
        table_ids=tuple(table.table_id for table in ordered),
        min_party_size=combination.min_party_size,
        max_party_size=combination.max_party_size,
        seats=sum(table.capacity for table in tables),
        priority=max(table.priority for table in tables),
        seating_types=frozenset(table.seating_type for table in tables),
        audience=frozenset.intersection(*(table.audience for table in tables)),
        number_key=natural_key(ordered[0].number),
    )


@lru_cache(maxsize=4096)
def natural_key(number: str) -> NaturalKey:
    """Return the sort key by which T2 comes before T10; different numbers never have the same key."""
    parts = _DIGITS.split(number.casefold())  # text and digits in turn, text first and last
    texts, digits = parts[::2], [int(part) for part in parts[1::2]]
    return tuple(zip(texts, [*digits, -1], strict=True)), number
