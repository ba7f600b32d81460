"""Small floors, evenings on them and requests, for Hypothesis to vary.

Times are half hours of one evening: few enough that parties, blocks and requests meet all the time.
"""

import os
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tables.seating import (
    CombinedTables,
    Floor,
    OccupiedInterval,
    SeatedParty,
    SeatingRequest,
    SeatingState,
    SeatingTable,
)
from tests.seating.verdict import Tables, allowed_seats

# Floors that `make fuzz` asks about, and a run of all tests.
CASES = 20_000 if os.environ.get("FUZZ") == "1" else 300
EVENING = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)
HALF_HOURS = 7
EVERYBODY = frozenset({"online", "in_house", "walk_in"})
# A table at which parties still sit, and which nobody is given any more.
RETIRED = 90


@dataclass(frozen=True, slots=True)
class Question:
    """A state, and what is asked of it at once."""

    state: SeatingState
    requests: tuple[SeatingRequest, ...]


def at(half_hours: int) -> datetime:
    """Return a time of the evening."""
    return EVENING + timedelta(minutes=30 * half_hours)


def a_table(table_id: int, capacity: int, **row: Any) -> SeatingTable:
    """Make a table: for 1 to as many as it has seats, indoors, open to everybody."""
    defaults: dict[str, Any] = {
        "number": f"T{table_id}",
        "min_party_size": 1,
        "max_party_size": capacity,
        "priority": 0,
        "seating_type": "indoor",
        "audience": EVERYBODY,
    }
    return SeatingTable(table_id=table_id, capacity=capacity, **(defaults | row))


def a_party(booking_id: int, size: int, starts: int, ends: int, *table_ids: int, **row: Any) -> SeatedParty:
    """Make a party that a plan may move, by half hours of the evening."""
    return SeatedParty(
        booking_id, size, at(starts), at(ends), row.get("seating"), row.get("channel", "online"), table_ids
    )


def a_request(size: int, starts: int, ends: int, **row: Any) -> SeatingRequest:
    """Make a request, by half hours of the evening."""
    return SeatingRequest(
        size, at(starts), at(ends), row.get("seating"), row.get("channel", "online"), row.get("table_ids")
    )


def taken(table_id: int, starts: int, ends: int) -> OccupiedInterval:
    """Make what no plan may move."""
    return OccupiedInterval(table_id, at(starts), at(ends))


# Two of most kinds stand on most floors: identical tables are where planners go wrong.
KINDS: tuple[dict[str, Any], ...] = (
    {"capacity": 4},
    {"capacity": 4},
    {"capacity": 2},
    {"capacity": 4, "min_party_size": 2},
    {"capacity": 4, "max_party_size": 5},
    {"capacity": 6, "min_party_size": 4},
    {"capacity": 2, "seating_type": "patio"},
    {"capacity": 4, "seating_type": "patio"},
    {"capacity": 2, "audience": frozenset({"walk_in"})},
    {"capacity": 4, "audience": frozenset({"in_house", "walk_in"})},
    {"capacity": 4, "priority": 1},
)
# With half an hour of buffer or none, which intervals include.
SPANS = st.builds(
    lambda start, length, buffer: (start, min(start + length + buffer, HALF_HOURS)),
    st.integers(0, HALF_HOURS - 1),
    st.sampled_from([2, 3, 4, 1]),
    st.sampled_from([0, 0, 1]),
)
SIZES = st.sampled_from([2, 2, 2, 4, 4, 3, 3, 1, 5, 6])
WISHES = st.sampled_from([*[None] * 8, "indoor", "patio"])
WAYS_IN = st.sampled_from([*["online"] * 6, "in_house", "walk_in"])


@st.composite
def floors(draw: st.DrawFn) -> Floor:
    """Draw up to five tables and up to three combinations of them."""
    number = draw(st.sampled_from([3, 4, 5, 4, 5, 2, 1]))
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=number, max_size=number))
    if draw(st.booleans()):
        kinds = [kinds[0]] * number
    tables = tuple(a_table(number, **kind) for number, kind in enumerate(kinds, start=1))
    if len(tables) == 1:
        return Floor(tables)
    sets = st.frozensets(st.integers(1, len(tables)), min_size=2, max_size=3)
    ranges = st.tuples(st.sampled_from([3, 5, 2, 1]), st.integers(0, 6))
    combinations = draw(st.lists(st.tuples(sets, ranges), max_size=3, unique_by=lambda drawn: drawn[0]))
    return Floor(
        tables,
        tuple(
            CombinedTables(tuple(sorted(chosen)), smallest, smallest + more)
            for chosen, (smallest, more) in combinations
        ),
    )


@st.composite
def states(draw: st.DrawFn, *, blocks_over_parties: bool) -> SeatingState:
    """Draw a floor with up to six parties, some pinned, some without tables, and up to three blocks."""
    floor = draw(floors())
    seated: list[SeatedParty] = []
    occupied: list[OccupiedInterval] = []
    for booking_id in draw(st.permutations(range(1, draw(st.sampled_from([6, 5, 4, 6, 3, 2, 1, 0])) + 1))):
        party = _seated(draw, floor, a_party(booking_id, draw(SIZES), *draw(SPANS)), seated, occupied)
        if party.table_ids and draw(st.sampled_from([*[False] * 5, True])):
            occupied += [OccupiedInterval(table_id, party.starts_at, party.ends_at) for table_id in party.table_ids]
        else:
            seated.append(party)
    for table_id, span in draw(st.lists(st.tuples(st.integers(1, len(floor.tables)), SPANS), max_size=3)):
        block = taken(table_id, *span)
        if blocks_over_parties or not any(_meet(party, block) for party in seated if table_id in party.table_ids):
            occupied.append(block)
    return SeatingState(floor, tuple(occupied), tuple(seated))


def _seated(
    draw: st.DrawFn, floor: Floor, party: SeatedParty, seated: list[SeatedParty], occupied: list[OccupiedInterval]
) -> SeatedParty:
    """Seat a party where there is room, now and then where it would not be given a seat, or nowhere."""
    party = replace(party, seating=draw(WISHES), channel=draw(WAYS_IN))
    seats = sorted(allowed_seats(floor, party), key=sorted)
    where = draw(st.sampled_from([*["given"] * 7, "anywhere", "nowhere"]))
    if where == "anywhere":
        seats = [frozenset({table_id}) for table_id in (*floor.by_id, RETIRED)]
        seats += [frozenset(combined.table_ids) for combined in floor.combinations]
    free = [seat for seat in seats if _is_free(seat, party, seated, occupied)]
    if where == "nowhere" or not free:
        return party
    return replace(party, table_ids=tuple(draw(st.permutations(sorted(draw(st.sampled_from(free)))))))


def _is_free(seat: Tables, party: SeatedParty, seated: list[SeatedParty], occupied: list[OccupiedInterval]) -> bool:
    return not any(_meet(party, other) for other in seated if seat & set(other.table_ids)) and not any(
        _meet(party, interval) for interval in occupied if interval.table_id in seat
    )


def _meet(one: SeatedParty, other: SeatedParty | OccupiedInterval) -> bool:
    return max(one.starts_at, other.starts_at) < min(one.ends_at, other.ends_at)


@st.composite
def requests(draw: st.DrawFn, floor: Floor) -> SeatingRequest:
    """Draw a request; now and then somebody has chosen the tables."""
    request = a_request(draw(SIZES), *draw(SPANS), seating=draw(WISHES), channel=draw(WAYS_IN))
    if not draw(st.sampled_from([*[False] * 6, True])):
        return request
    chosen = draw(st.frozensets(st.sampled_from(sorted(floor.by_id)), min_size=1, max_size=2))
    return replace(request, table_ids=tuple(sorted(chosen)))


@st.composite
def questions(draw: st.DrawFn, *, blocks_over_parties: bool = False) -> Question:
    """Draw a state and one to three requests."""
    state = draw(states(blocks_over_parties=blocks_over_parties))
    number = draw(st.sampled_from([1, 1, 1, 1, 1, 2, 2, 3]))
    return Question(state, tuple(draw(requests(state.floor)) for _ in range(number)))


def shuffled(state: SeatingState, seed: int) -> SeatingState:
    """Return the same state with everything in another order, the tables of parties and combinations too."""
    mixed = random.Random(seed)

    def mix(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(mixed.sample(items, len(items)))

    combined = tuple(replace(each, table_ids=mix(each.table_ids)) for each in state.floor.combinations)
    parties = tuple(replace(each, table_ids=mix(each.table_ids)) for each in state.parties)
    return SeatingState(Floor(mix(state.floor.tables), mix(combined)), mix(state.occupied), mix(parties))
