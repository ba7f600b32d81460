"""Judge a plan by the rules alone: shares no code with the planner, only its questions and answers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from tables.seating import Floor, SeatedParty, SeatingPlan, SeatingRequest, SeatingState, SeatingTable

Tables = frozenset[int]
Guests = SeatedParty | SeatingRequest


@dataclass(frozen=True)
class Use:
    """Who uses a table, and when. What no plan may move is told apart by `is_fixed`, who was there by `stays`."""

    who: str
    starts_at: datetime
    ends_at: datetime
    is_fixed: bool = False
    stays: bool = False

    def collides_with(self, other: "Use") -> bool:
        """Say whether two uses of one table exclude each other.

        Blocks may lie over each other, and over a party that sits there already.
        """
        if (self.is_fixed or self.stays) and (other.is_fixed or other.stays) and (self.is_fixed or other.is_fixed):
            return False
        return max(self.starts_at, other.starts_at) < min(self.ends_at, other.ends_at)


def suits(tables: Iterable[SeatingTable], smallest: int, largest: int, guests: Guests) -> bool:
    """Say whether these tables, for parties from smallest to largest, may be given to these guests."""
    return smallest <= guests.party_size <= largest and all(
        guests.channel in table.audience and guests.seating in (None, table.seating_type) for table in tables
    )


def allowed_seats(floor: Floor, guests: Guests) -> set[Tables]:
    """Return every set of tables that may be given to these guests."""
    by_id = {table.table_id: table for table in floor.tables}
    single = {
        frozenset({table.table_id})
        for table in floor.tables
        if suits([table], table.min_party_size, table.max_party_size, guests)
    }
    combined = {
        frozenset(combination.table_ids)
        for combination in floor.combinations
        if combination.table_ids
        and set(combination.table_ids) <= set(by_id)
        and suits(
            [by_id[table_id] for table_id in combination.table_ids],
            combination.min_party_size,
            combination.max_party_size,
            guests,
        )
    }
    return single | combined


def list_faults(state: SeatingState, requests: tuple[SeatingRequest, ...], plan: SeatingPlan) -> list[str]:
    """Return everything that is wrong with a plan, as sentences; an empty list is a valid plan."""
    return [
        *_faults_of_seats(state, requests, plan),
        *_faults_of_moves(state, plan),
        *_faults_of_span(state, requests, plan),
        *_collisions(state, requests, plan),
    ]


def _faults_of_seats(state: SeatingState, requests: tuple[SeatingRequest, ...], plan: SeatingPlan) -> Iterator[str]:
    if len(plan.seats) != len(requests):
        yield f"{len(plan.seats)} seats for {len(requests)} requests"
        return
    for number, (request, seat) in enumerate(zip(requests, plan.seats, strict=True)):
        allowed = allowed_seats(state.floor, request) if request.table_ids is None else {frozenset(request.table_ids)}
        if frozenset(seat) not in allowed or len(seat) != len(set(seat)):
            yield f"request {number} may not be given {seat}"
    if plan.spare_seats != _spare_seats(state.floor, requests, plan):
        yield f"{plan.spare_seats} spare seats are said, {_spare_seats(state.floor, requests, plan)} are left"


def _spare_seats(floor: Floor, requests: tuple[SeatingRequest, ...], plan: SeatingPlan) -> int:
    capacity = {table.table_id: table.capacity for table in floor.tables}
    return sum(
        max(sum(capacity.get(table_id, 0) for table_id in seat) - request.party_size, 0)
        for request, seat in zip(requests, plan.seats, strict=True)
    )


def _faults_of_moves(state: SeatingState, plan: SeatingPlan) -> Iterator[str]:
    parties = {party.booking_id: party for party in state.parties}
    if len({move.booking_id for move in plan.moves}) != len(plan.moves):
        yield "a party moves twice"
    for move in plan.moves:
        party = parties.get(move.booking_id)
        if party is None:
            yield f"{move.booking_id} may not be moved"
        elif set(move.from_table_ids) != set(party.table_ids):
            yield f"{move.booking_id} does not sit at {move.from_table_ids}"
        elif set(move.to_table_ids) == set(party.table_ids):
            yield f"{move.booking_id} moves to where it sits"
        elif frozenset(move.to_table_ids) not in allowed_seats(state.floor, party):
            yield f"{move.booking_id} may not be given {move.to_table_ids}"


def _faults_of_span(state: SeatingState, requests: tuple[SeatingRequest, ...], plan: SeatingPlan) -> Iterator[str]:
    moved = {move.booking_id for move in plan.moves}
    seated: list[Guests] = [*requests, *(party for party in state.parties if party.booking_id in moved)]
    for guests in seated:
        if guests.starts_at < plan.depends_on.starts_at or guests.ends_at > plan.depends_on.ends_at:
            yield f"{guests} is seated outside of what the plan depends on"


def _collisions(state: SeatingState, requests: tuple[SeatingRequest, ...], plan: SeatingPlan) -> Iterator[str]:
    for table_id, uses in _uses(state, requests, plan).items():
        for one, other in combinations(uses, 2):
            if one.collides_with(other):
                yield f"{one.who} and {other.who} are both at table {table_id}"


def _uses(state: SeatingState, requests: tuple[SeatingRequest, ...], plan: SeatingPlan) -> defaultdict[int, list[Use]]:
    uses: defaultdict[int, list[Use]] = defaultdict(list)
    for taken in state.occupied:
        if taken.starts_at < taken.ends_at:
            uses[taken.table_id].append(Use("what stays", taken.starts_at, taken.ends_at, is_fixed=True))
    moved = {move.booking_id: move.to_table_ids for move in plan.moves}
    for party in state.parties:
        stays = party.booking_id not in moved
        use = Use(f"party {party.booking_id}", party.starts_at, party.ends_at, stays=stays)
        for table_id in set(moved.get(party.booking_id, party.table_ids)):
            uses[table_id].append(use)
    for number, (request, seat) in enumerate(zip(requests, plan.seats, strict=False)):
        for table_id in set(seat):
            uses[table_id].append(Use(f"request {number}", request.starts_at, request.ends_at))
    return uses
