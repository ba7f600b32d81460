"""Seat everybody by trying everything: for floors small enough, the truth that the planner is compared with.

Shares no code with the planner. A table in one elementary piece of time is a bit; an assignment is valid when no
bit is used twice. Every assignment of seats is tried, except continuations of one that is invalid already, or no
better than one that was found.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise

from tables.seating import SeatedParty, SeatingPlan, SeatingRequest, SeatingState
from tests.seating.verdict import Guests, Tables, allowed_seats

# Sums over all seats that are given, compared from left to right.
TotalCost = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to seat one party: its bits, whether a seated party moves for it, what it costs."""

    tables: Tables
    bits: int
    moves: int
    cost: TotalCost


@dataclass(frozen=True, slots=True, order=True)
class Optimum:
    """The best that can be reached: fewest moves of seated parties, then the least total cost."""

    moves: int
    cost: TotalCost


NO_COST: TotalCost = (0, 0, 0, 0, 0)


class BruteForce:
    """Answer questions about one state and its requests by enumeration.

    Only parties who are connected to a request in time are looked at: nobody else is there when they are.
    """

    def __init__(self, state: SeatingState, requests: tuple[SeatingRequest, ...]) -> None:
        self._floor = state.floor
        self._requests = requests
        self._parties = _connected(state.parties, requests)
        self._pieces = _pieces((*state.occupied, *state.parties, *requests))
        table_ids = {taken.table_id for taken in state.occupied} | {table.table_id for table in state.floor.tables}
        everybody: list[Guests] = [*state.parties, *requests]
        table_ids.update(table_id for guests in everybody for table_id in guests.table_ids or ())
        self._row = {table_id: row for row, table_id in enumerate(sorted(table_ids))}
        self._fixed = 0
        for taken in state.occupied:
            self._fixed |= self._bits({taken.table_id}, taken.starts_at, taken.ends_at)

    @cached_property
    def to_be_placed(self) -> list[SeatedParty]:
        """The parties without tables that can all be seated, taken one after another by booking id."""
        kept: list[SeatedParty] = []
        waiting = (party for party in self._parties if not party.table_ids)
        for party in sorted(waiting, key=lambda party: party.booking_id):
            if self._improve([*self._seated, *kept, party]):
                kept.append(party)
        return kept

    @cached_property
    def best(self) -> Optimum | None:
        """The best plan for all requests, all seated parties and those to be placed; None if there is none."""
        return self._improve([*self._requests, *self._seated, *self.to_be_placed], to_the_best=True)

    def value_of(self, plan: SeatingPlan) -> Optimum:
        """Return what a plan is worth, in the terms of `best`."""
        parties = {party.booking_id: party for party in self._parties}
        moved = [(parties[move.booking_id], move.to_table_ids) for move in plan.moves]
        given: list[tuple[Guests, tuple[int, ...]]] = [*zip(self._requests, plan.seats, strict=True), *moved]
        return Optimum(
            sum(bool(party.table_ids) for party, _ in moved),
            _total(self._cost(frozenset(table_ids), guests) for guests, table_ids in given),
        )

    @property
    def _seated(self) -> list[SeatedParty]:
        return [party for party in self._parties if party.table_ids]

    def _improve(self, everybody: list[Guests], *, to_the_best: bool = False) -> Optimum | None:
        found: list[Optimum] = []
        for _ in _improvements([self._choices(guests) for guests in everybody], 0, Optimum(0, NO_COST), found):
            if not to_the_best:
                break
        return found[-1] if found else None

    def _choices(self, guests: Guests) -> list[Choice]:
        if isinstance(guests, SeatingRequest) and guests.table_ids is not None:
            return self._free_choices(guests, [frozenset(guests.table_ids)])
        moving = self._free_choices(guests, allowed_seats(self._floor, guests))
        if not isinstance(guests, SeatedParty) or not guests.table_ids:
            return moving
        sitting = frozenset(guests.table_ids)
        stay = Choice(sitting, self._bits(sitting, guests.starts_at, guests.ends_at), 0, NO_COST)
        return [stay, *(choice for choice in moving if choice.tables != sitting)]

    def _free_choices(self, guests: Guests, seats: Iterable[Tables]) -> list[Choice]:
        is_move = int(isinstance(guests, SeatedParty) and bool(guests.table_ids))
        found = []
        for tables in sorted(seats, key=sorted):
            bits = self._bits(tables, guests.starts_at, guests.ends_at)
            if not bits & self._fixed:
                found.append(Choice(tables, bits, is_move, self._cost(tables, guests)))
        return found

    def _cost(self, tables: Tables, guests: Guests) -> TotalCost:
        """Return spare seats, tables used, chairs added, scarcity, priority."""
        used = [table for table in self._floor.tables if table.table_id in tables]
        seats = sum(table.capacity for table in used)
        return (
            max(seats - guests.party_size, 0),
            len(used),
            max(guests.party_size - seats, 0),
            self._largest(tables),
            max((table.priority for table in used), default=0),
        )

    def _largest(self, tables: Tables) -> int:
        singles = {frozenset({table.table_id}): table.max_party_size for table in self._floor.tables}
        combined = {frozenset(each.table_ids): each.max_party_size for each in self._floor.combinations}
        return (combined | singles).get(tables, 0)

    def _bits(self, tables: Iterable[int], starts_at: datetime, ends_at: datetime) -> int:
        width = len(self._pieces)
        row = sum(1 << number for number, piece in enumerate(self._pieces) if starts_at <= piece < ends_at)
        return sum(row << (self._row[table_id] * width) for table_id in set(tables))


def _pieces(intervals: Iterable[object]) -> list[datetime]:
    """Return the starts of the pieces into which all starts and ends cut the time."""
    cuts = {cut for each in intervals for cut in (each.starts_at, each.ends_at)}  # type: ignore[attr-defined]
    return [start for start, _ in pairwise(sorted(cuts))]


def _improvements(parties: list[list[Choice]], used: int, so_far: Optimum, found: list[Optimum]) -> Iterator[Optimum]:
    """Yield the value of every assignment that is better than those before; nothing counts below zero."""
    if found and so_far >= found[-1]:
        return
    if not parties:
        found.append(so_far)
        yield so_far
        return
    for choice in parties[0]:
        if not choice.bits & used:
            value = Optimum(so_far.moves + choice.moves, _total([so_far.cost, choice.cost]))
            yield from _improvements(parties[1:], used | choice.bits, value, found)


def _total(costs: Iterable[TotalCost]) -> TotalCost:
    return tuple(sum(column) for column in zip(NO_COST, *costs, strict=True))


def _connected(parties: Iterable[SeatedParty], requests: tuple[SeatingRequest, ...]) -> list[SeatedParty]:
    """Return the parties there at the time of a request, of one of these parties, and so on."""
    reached: list[Guests] = list(requests)
    found, left = [], list(parties)
    while met := [party for party in left if any(_meet(party, guests) for guests in reached)]:
        found += met
        reached = [*met]
        left = [party for party in left if party not in met]
    return found


def _meet(one: Guests, other: Guests) -> bool:
    return max(one.starts_at, other.starts_at) < min(one.ends_at, other.ends_at)
