"""Plan other tables for parties whose own are taken away, for as many as can be. Pure: no queries.

All parties get tables at once if a plan exists; else one after another in order of start, each as a new request. Rounds
of these go on until one helps no party any more.
"""

from collections.abc import Collection, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tables.seating import (
    Move,
    SeatedParty,
    SeatingOutcome,
    SeatingPlan,
    SeatingPlanner,
    SeatingRefusal,
    SeatingRequest,
    SeatingState,
    SeatingUndecided,
    TimeBudget,
    TimeLeft,
)
from tables.spans import TimeSpan

Tables = dict[int, tuple[int, ...]]


@dataclass(frozen=True)
class GroupReseated:
    """The new seating of some parties that are connected in time.

    `stuck` have no other table: proven, given the tables of the others of this answer. For `undecided` time ran out.
    """

    span: TimeSpan
    moves: tuple[Move, ...] = ()
    stuck: frozenset[int] = frozenset()
    undecided: frozenset[int] = frozenset()


# Answers by all that they depend on: they hold wherever that is the same.
Solved = MutableMapping[tuple[SeatingState, frozenset[int]], GroupReseated]


@dataclass(frozen=True)
class Reseating:
    """The moves of all groups, and the parties that cannot be moved."""

    groups: tuple[GroupReseated, ...] = ()

    @property
    def moves(self) -> tuple[Move, ...]:
        """Return every move, of parties that had to go and of those that make room for them."""
        return tuple(move for group in self.groups for move in group.moves)

    @property
    def stuck(self) -> frozenset[int]:
        """Return the parties that keep the old table because there is no other."""
        return frozenset[int]().union(*(group.stuck for group in self.groups))

    @property
    def undecided(self) -> frozenset[int]:
        """Return the parties that keep the old table because time ran out."""
        return frozenset[int]().union(*(group.undecided for group in self.groups))

    @property
    def spans(self) -> tuple[TimeSpan, ...]:
        """Return the times in which parties were looked at as movable."""
        return tuple(group.span for group in self.groups)


def plan_reseating(
    state: SeatingState, evicted: Collection[int], budget: TimeBudget, solved: Solved | None = None
) -> Reseating:
    """Give movable parties, named by booking id, other seats of the floor of `state`; those that cannot move stay.

    A lost table is one that is not on the floor, or occupied for the time. Answers are looked up in `solved` and added
    to it.
    """
    left = TimeLeft(budget)
    known: Solved = {} if solved is None else solved
    groups = []
    for group in _groups(state):
        wanted = frozenset(party.booking_id for party in group.parties).intersection(evicted)
        if wanted:
            key = (group, wanted)
            if key not in known:
                known[key] = _reseat_group(group, wanted, left)
            groups.append(known[key])
    return Reseating(tuple(groups))


def look_for_seats(state: SeatingState, lacking: Collection[int], budget: TimeBudget) -> Reseating:
    """Find the parties without a table for which there is none: each asked as if it came now, the others waiting."""
    left = TimeLeft(budget)
    groups = []
    for group in _groups(state):
        wanted = frozenset(party.booking_id for party in group.parties).intersection(lacking)
        if wanted and not isinstance(_seat_anew(group, wanted, left), dict):
            found = {booking_id: _seat_anew(group, frozenset({booking_id}), left) for booking_id in wanted}
            groups.append(
                GroupReseated(
                    TimeSpan.around(group.parties),
                    stuck=frozenset(pk for pk, answer in found.items() if isinstance(answer, SeatingRefusal)),
                    undecided=frozenset(pk for pk, answer in found.items() if isinstance(answer, SeatingUndecided)),
                )
            )
    return Reseating(tuple(groups))


def _groups(state: SeatingState) -> Iterator[SeatingState]:
    """Split a state where no party connects two times: no plan of one part depends on another."""
    group: list[SeatedParty] = []
    ends_at: datetime | None = None
    for party in sorted(state.parties, key=lambda party: (party.starts_at, party.booking_id)):
        if ends_at is not None and party.starts_at >= ends_at:
            yield _part(state, group)
            group, ends_at = [], None
        group.append(party)
        ends_at = party.ends_at if ends_at is None else max(ends_at, party.ends_at)
    if group:
        yield _part(state, group)


def _part(state: SeatingState, parties: Sequence[SeatedParty]) -> SeatingState:
    span = TimeSpan.around(parties)
    return replace(state, parties=tuple(parties), occupied=tuple(filter(span.overlaps, state.occupied)))


def _reseat_group(group: SeatingState, wanted: frozenset[int], left: TimeLeft) -> GroupReseated:
    span = TimeSpan.around(group.parties)
    # A party that has a table goes before one that has none, should there not be room for both.
    seated = replace(group, parties=tuple(party for party in group.parties if party.table_ids))
    for state in (group, seated) if seated != group else (group,):
        together = _seat_anew(state, wanted, left)
        if isinstance(together, dict):
            return GroupReseated(span, _moves(group, together))
    return _one_by_one(group, seated, wanted, left)


def _one_by_one(group: SeatingState, state: SeatingState, wanted: frozenset[int], left: TimeLeft) -> GroupReseated:
    waiting = [party.booking_id for party in state.parties if party.booking_id in wanted]
    undecided: set[int] = set()
    was_helped = True
    while waiting and was_helped:
        was_helped = False
        undecided = set()
        for booking_id in waiting:
            if _table_ids(state)[booking_id] != _table_ids(group)[booking_id]:
                # Moved already, to make room for another.
                continue
            found = _seat_anew(state, frozenset({booking_id}), left)
            if isinstance(found, dict):
                state, was_helped = _with_tables(state, found), True
            elif isinstance(found, SeatingUndecided):
                undecided.add(booking_id)
        waiting = [
            booking_id for booking_id in waiting if _table_ids(state)[booking_id] == _table_ids(group)[booking_id]
        ]
    undecided &= set(waiting)
    return GroupReseated(
        span=TimeSpan.around(group.parties),
        moves=_moves(group, _table_ids(state)),
        stuck=frozenset(waiting) - undecided,
        undecided=frozenset(undecided),
    )


def _seat_anew(
    state: SeatingState, booking_ids: frozenset[int], left: TimeLeft
) -> Tables | SeatingRefusal | SeatingUndecided:
    """Seat some parties as if they came now, all of them or none; return the tables of each party that changes them."""
    leaving = [party for party in state.parties if party.booking_id in booking_ids]
    staying = tuple(party for party in state.parties if party.booking_id not in booking_ids)
    planner = SeatingPlanner(replace(state, parties=staying))
    with left.thinking() as budget:
        outcome: SeatingOutcome = planner.plan(*map(_request, leaving), budget=budget)
    if not isinstance(outcome, SeatingPlan):
        return outcome
    given = {party.booking_id: table_ids for party, table_ids in zip(leaving, outcome.seats, strict=True)}
    return given | {move.booking_id: move.to_table_ids for move in outcome.moves}


def _request(party: SeatedParty) -> SeatingRequest:
    return SeatingRequest(party.party_size, party.starts_at, party.ends_at, party.seating, party.channel)


def _table_ids(state: SeatingState) -> Tables:
    return {party.booking_id: party.table_ids for party in state.parties}


def _with_tables(state: SeatingState, changed: Tables) -> SeatingState:
    parties = (replace(party, table_ids=changed.get(party.booking_id, party.table_ids)) for party in state.parties)
    return replace(state, parties=tuple(parties))


def _moves(group: SeatingState, after: Tables) -> tuple[Move, ...]:
    before = _table_ids(group)
    return tuple(
        Move(booking_id, before[booking_id], table_ids)
        for booking_id, table_ids in sorted(after.items())
        if set(before[booking_id]) != set(table_ids)
    )
