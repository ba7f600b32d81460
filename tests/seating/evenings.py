"""Seeded evenings as restaurants know them: a floor of fifty tables and some 150 parties who ask for one.

The mix of sizes is an assumption, not a measurement: half the parties are two, and the mean is three guests, which is
what restaurants give as usual (an average party of 2.5 to 3). Starts crowd around seven, and again around a quarter to
nine, as where tables are turned. Everything follows from the seed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from tables.seating import (
    CombinedTables,
    Floor,
    OccupiedInterval,
    SeatedParty,
    SeatingOutcome,
    SeatingPlan,
    SeatingPlanner,
    SeatingRequest,
    SeatingState,
    SeatingTable,
    TimeBudget,
)

OPENING = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)
SLOT = timedelta(minutes=15)
# The last seating is at 21:45; a turn of 90 minutes and the buffer end by 23:30.
SLOTS = 20
PARTIES = 150
BUFFER = timedelta(minutes=10)

EVERYBODY = frozenset({"online", "in_house", "walk_in"})
WALK_IN_ONLY = frozenset({"walk_in"})
WALK_IN_TABLES = (13, 14, 26, 37)

# Party size: how many of a hundred.
SIZES = {1: 5, 2: 51, 3: 12, 4: 19, 5: 4, 6: 5, 7: 1, 8: 2, 10: 1}
# Up to this size: how many minutes.
TURNS = {4: 90, 6: 120, 1000: 150}
WISHES = {None: 86, "patio": 7, "bar": 3, "indoor": 4}
WAYS_IN = {"online": 75, "in_house": 15, "walk_in": 10}
PINNED_PERCENT = 5
# Three sittings: weight, slot around which their starts lie, spread in slots.
WAVES = ((36, 2, 2.5), (36, 9, 2.5), (28, 16, 2.5))

Drawn = TypeVar("Drawn")


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who asks, under which booking id it is kept, and whether the house pins it at once."""

    booking_id: int
    request: SeatingRequest
    is_pinned: bool


@dataclass(frozen=True, slots=True)
class Evening:
    """A floor with its blocks, and the arrivals in the order in which they ask."""

    floor: Floor
    blocks: tuple[OccupiedInterval, ...]
    arrivals: tuple[Arrival, ...]


@dataclass
class Book:
    """The bookings of an evening so far; `keep` writes what a plan says."""

    floor: Floor
    occupied: list[OccupiedInterval]
    parties: dict[int, SeatedParty] = field(default_factory=dict)

    def state(self) -> SeatingState:
        return SeatingState(self.floor, tuple(self.occupied), tuple(self.parties.values()))

    def keep(self, arrival: Arrival, plan: SeatingPlan) -> None:
        """Write a plan for one arrival: its moves, then its tables."""
        for move in plan.moves:
            self._seat(self.parties[move.booking_id], move.booking_id, move.to_table_ids)
        request = arrival.request
        if arrival.is_pinned:
            self.occupied += [OccupiedInterval(each, request.starts_at, request.ends_at) for each in plan.seats[0]]
        else:
            self._seat(request, arrival.booking_id, plan.seats[0])

    def _seat(self, guests: SeatedParty | SeatingRequest, booking_id: int, table_ids: tuple[int, ...]) -> None:
        self.parties[booking_id] = SeatedParty(
            booking_id,
            guests.party_size,
            guests.starts_at,
            guests.ends_at,
            guests.seating,
            guests.channel,
            table_ids,
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """Who asked, when what was booked, and what the planner said."""

    arrival: Arrival
    state: SeatingState
    outcome: SeatingOutcome


# A busy machine may take its time: evenings prove answers, the benchmark takes the time of the default budget.
NO_HASTE = TimeBudget(exact_seconds=60.0)


def make_evening(seed: int) -> Evening:
    """Make the evening of a seed; even seeds have a buffer of ten minutes."""
    chance = random.Random(seed)
    floor = fifty_tables()
    blocks = tuple(_block(chance, table) for table in chance.sample(floor.tables, 2))
    arrivals = (_arrival(chance, booking_id, seed) for booking_id in range(1, PARTIES + 1))
    return Evening(floor, blocks, tuple(arrivals))


def play(evening: Evening, budget: TimeBudget = NO_HASTE) -> Iterator[Decision]:
    """Let everybody ask in turn, and write every plan; yield what was decided on which state."""
    book = open_book(evening)
    for arrival in evening.arrivals:
        state = book.state()
        outcome = SeatingPlanner(state).plan(arrival.request, budget=budget)
        yield Decision(arrival, state, outcome)
        if isinstance(outcome, SeatingPlan):
            book.keep(arrival, outcome)


def booked(seed: int) -> SeatingState:
    """Return an evening after all arrivals, of which those are seated that few moves make room for."""
    evening = make_evening(seed)
    book = open_book(evening)
    for arrival in evening.arrivals:
        outcome = SeatingPlanner(book.state()).plan(arrival.request, budget=TimeBudget(exact_seconds=0.0))
        if isinstance(outcome, SeatingPlan):
            book.keep(arrival, outcome)
    return book.state()


def starts(seed: int, party_size: int) -> list[SeatingRequest]:
    """Return the requests of a party for every start of an evening."""
    return [
        SeatingRequest(party_size, starts_at, starts_at + _stay(party_size, seed), None, "online")
        for starts_at in (OPENING + slot * SLOT for slot in range(SLOTS))
    ]


def _stay(party_size: int, seed: int) -> timedelta:
    """Return the time for which a party needs its tables; even seeds have a buffer."""
    turn = timedelta(minutes=next(minutes for up_to, minutes in TURNS.items() if party_size <= up_to))
    return turn + BUFFER if seed % 2 == 0 else turn


def arrivals(seed: int) -> Iterator[SeatingRequest]:
    """Yield the requests of an evening in the order in which they are made."""
    yield from (arrival.request for arrival in make_evening(seed).arrivals)


def open_book(evening: Evening) -> Book:
    """Return a book without bookings."""
    return Book(evening.floor, list(evening.blocks))


def fifty_tables() -> Floor:
    """Make the floor: 26 tables for two, 15 for four, six for six, three for eight; 172 seats.

    Section 1 is the main room, 2 the patio, 3 the bar. Tables that are combined stand side by side.
    """
    rows = [*_tables(2, 14), *_tables(2, 7, "patio", 2), *_tables(2, 5, "bar", 3), *_tables(4, 11)]
    rows += [*_tables(4, 4, "patio", 2), *_tables(6, 6), *_tables(8, 3)]
    # Numbers follow the room, in which small and large tables stand side by side.
    numbers = random.Random(0).sample(range(1, len(rows) + 1), len(rows))
    tables = tuple(_table(place, f"T{numbers[place - 1]}", *row) for place, row in enumerate(rows, start=1))
    # Two of the main room's for two, the patio's, two for four in each, two and four, large ones.
    pairs = [(1, 2, 3, 4), (3, 4, 3, 4), (5, 6, 3, 4), (15, 16, 3, 4), (27, 28, 5, 8), (29, 30, 5, 8)]
    pairs += [(31, 32, 5, 7), (32, 33, 5, 7), (38, 39, 5, 8), (7, 34, 5, 6), (42, 43, 8, 12), (48, 49, 9, 14)]
    return Floor(tables, tuple(CombinedTables((one, two), low, high) for one, two, low, high in pairs))


def _tables(capacity: int, count: int, seating_type: str = "indoor", section_id: int = 1) -> list[tuple[int, str, int]]:
    return [(capacity, seating_type, section_id)] * count


def _table(table_id: int, number: str, capacity: int, seating_type: str, section_id: int) -> SeatingTable:
    return SeatingTable(
        table_id=table_id,
        number=number,
        min_party_size={2: 1, 4: 2, 6: 3, 8: 5}[capacity],
        max_party_size=capacity,
        capacity=capacity,
        priority=0,
        seating_type=seating_type,
        audience=WALK_IN_ONLY if table_id in WALK_IN_TABLES else EVERYBODY,
        section_id=section_id,
    )


def _block(chance: random.Random, table: SeatingTable) -> OccupiedInterval:
    starts_at = OPENING + chance.randrange(SLOTS) * SLOT
    return OccupiedInterval(table.table_id, starts_at, starts_at + timedelta(hours=2))


def _arrival(chance: random.Random, booking_id: int, seed: int) -> Arrival:
    size = _draw(chance, SIZES)
    wish = _draw(chance, WISHES)
    starts_at = OPENING + _slot(chance) * SLOT
    # The bar has tables for two only, and everybody knows it.
    seating = None if wish == "bar" and size > 2 else wish
    request = SeatingRequest(size, starts_at, starts_at + _stay(size, seed), seating, _draw(chance, WAYS_IN))
    return Arrival(booking_id, request, is_pinned=chance.randrange(100) < PINNED_PERCENT)


def _slot(chance: random.Random) -> int:
    _, around, spread = chance.choices(WAVES, [weight for weight, _, _ in WAVES])[0]
    slot = round(chance.gauss(around, spread))
    return slot if 0 <= slot < SLOTS else chance.randrange(SLOTS)


def _draw(chance: random.Random, weights: dict[Drawn, int]) -> Drawn:
    return chance.choices(list(weights), list(weights.values()))[0]
