"""Decide without a time limit whether everybody can be seated: the judge of refusals on large floors.

Shares no code with the planner. First a model that knows identical tables only by their number: what cannot be done
there cannot be done at all, and it is free of the symmetry that makes the other one slow. What it allows, the full
model decides: one variable for each party and seat, one row for each table and start of a party.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import highspy
import numpy as np

from tables.seating import Floor, SeatedParty, SeatingRequest, SeatingState
from tests.seating.verdict import Guests, Tables, allowed_seats


@dataclass
class Model:
    """Rows over binary variables, each `lower <= sum of factor * variable <= upper`."""

    variables: int = 0
    rows: list[tuple[float, float, dict[int, int]]] = field(default_factory=list)

    def add_variable(self) -> int:
        self.variables += 1
        return self.variables - 1

    def add_peaks(self, uses: Iterable[tuple[int, dict[int, int]]]) -> None:
        """Bound what is used from above at each moment; leave out moments that the next one implies."""
        moments = list(uses)
        for (room, factors), (next_room, following) in zip(moments, [*moments[1:], (0, {})], strict=True):
            if not (next_room <= room and factors.items() <= following.items()):
                self.rows.append((0, room, factors))

    def is_feasible(self) -> bool:
        """Solve, for as long as it takes."""
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.passModel(self._program())
        solver.run()
        status = solver.getModelStatus()
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible):
            raise RuntimeError(f"the solver ended with {solver.modelStatusToString(status)}")
        return bool(status == highspy.HighsModelStatus.kOptimal)

    def _program(self) -> highspy.HighsLp:
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = self.variables, len(self.rows)
        program.col_cost_, program.col_lower_ = np.zeros(self.variables), np.zeros(self.variables)
        program.col_upper_ = np.ones(self.variables)
        program.integrality_ = [highspy.HighsVarType.kInteger] * self.variables
        program.row_lower_ = np.array([lower for lower, _, _ in self.rows])
        program.row_upper_ = np.array([upper for _, upper, _ in self.rows])
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = np.cumsum([0, *(len(factors) for _, _, factors in self.rows)])
        program.a_matrix_.index_ = np.array([each for _, _, factors in self.rows for each in factors])
        program.a_matrix_.value_ = np.array([each for _, _, factors in self.rows for each in factors.values()], float)
        return program


def can_seat(state: SeatingState, requests: tuple[SeatingRequest, ...]) -> bool:
    """Say whether the requests can be seated together with everybody who has to keep a seat."""
    seated: list[Guests] = [party for party in state.parties if party.table_ids]
    waiting = [party for party in state.parties if not party.table_ids]
    for party in sorted(waiting, key=lambda party: party.booking_id):
        if _can_seat_all(state, [*seated, party]):
            seated.append(party)
    return _can_seat_all(state, [*seated, *requests])


def _can_seat_all(state: SeatingState, everybody: list[Guests]) -> bool:
    choices = [_choices(state, guests) for guests in everybody]
    if not all(choices):
        return False
    return _by_kind(state, everybody, choices).is_feasible() and _by_table(everybody, choices).is_feasible()


def _choices(state: SeatingState, guests: Guests) -> set[Tables]:
    """Return the seats that guests may take, as far as what no plan may move goes."""
    if isinstance(guests, SeatingRequest) and guests.table_ids is not None:
        seats = {frozenset(guests.table_ids)}
    else:
        seats = allowed_seats(state.floor, guests)
    busy = {
        taken.table_id
        for taken in state.occupied
        if max(taken.starts_at, guests.starts_at) < min(taken.ends_at, guests.ends_at)
    }
    free = {seat for seat in seats if not seat & busy}
    if isinstance(guests, SeatedParty) and guests.table_ids:
        free.add(frozenset(guests.table_ids))
    return free


def _by_table(everybody: list[Guests], choices: list[set[Tables]]) -> Model:
    model = Model()
    users: defaultdict[int, list[tuple[Guests, int]]] = defaultdict(list)
    for guests, seats in zip(everybody, choices, strict=True):
        ways = {model.add_variable(): seat for seat in sorted(seats, key=sorted)}
        model.rows.append((1, 1, dict.fromkeys(ways, 1)))
        for variable, seat in ways.items():
            for table_id in seat:
                users[table_id].append((guests, variable))
    for using in users.values():
        model.add_peaks((1, {v: 1 for guests, v in using if _is_there(guests, start)}) for start in _starts(using))
    return model


def _by_kind(state: SeatingState, everybody: list[Guests], choices: list[set[Tables]]) -> Model:
    """Count identical tables instead of naming them: whoever can be seated can be seated here.

    A kind has as many tables as are not taken by what no plan may move, and those at which a party may stay.
    """
    model = Model()
    kinds = _kinds(state.floor)
    sitting = {*kinds, *(table_id for seats in choices for seat in seats for table_id in seat)}
    users: defaultdict[Hashable, list[tuple[Guests, int, int]]] = defaultdict(list)
    for guests, seats in zip(everybody, choices, strict=True):
        uses = {_use_of_kinds(kinds, seat) for seat in seats}
        ways = {model.add_variable(): use for use in sorted(uses, key=repr)}
        model.rows.append((1, 1, dict.fromkeys(ways, 1)))
        for variable, use in ways.items():
            for kind, count in use:
                users[kind].append((guests, variable, count))
    for kind, using in users.items():
        tables = [table_id for table_id in sitting if kinds.get(table_id, table_id) == kind]
        model.add_peaks(
            (
                sum(not _is_blocked(state, everybody, table_id, start) for table_id in tables),
                {variable: count for guests, variable, count in using if _is_there(guests, start)},
            )
            for start in _starts(using)
        )
    return model


def _kinds(floor: Floor) -> dict[int, Hashable]:
    return {
        table.table_id: (table.min_party_size, table.max_party_size, table.seating_type, table.audience)
        for table in floor.tables
    }


def _use_of_kinds(kinds: dict[int, Hashable], seat: Tables) -> tuple[tuple[Hashable, int], ...]:
    """Return how many tables of each kind a seat takes; a table that left the floor is a kind of its own."""
    uses = Counter(kinds.get(table_id, table_id) for table_id in seat)
    return tuple(sorted(uses.items(), key=repr))


def _starts(using: Iterable[tuple[Any, ...]]) -> list[datetime]:
    """Return when somebody starts: where most are there at once, somebody has just come."""
    return sorted({use[0].starts_at for use in using})


def _is_there(guests: Guests, moment: datetime) -> bool:
    return guests.starts_at <= moment < guests.ends_at


def _is_blocked(state: SeatingState, everybody: list[Guests], table_id: int, moment: datetime) -> bool:
    """Say whether a table is taken by what no plan may move, and nobody sits there who may stay all the same."""
    blocked = any(taken.table_id == table_id and taken.starts_at <= moment < taken.ends_at for taken in state.occupied)
    return blocked and not any(table_id in (each.table_ids or ()) for each in everybody if _is_there(each, moment))
