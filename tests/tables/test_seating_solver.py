"""The solver is believed in what it finds, and in what it calls impossible only without its presolve."""

import gc
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import pytest
from highspy import Highs

from tables.seating import Floor, SeatingState, exact, solver
from tables.seating.index import StateIndex
from tables.seating.program import Column, Program
from tables.seating.question import ask
from tables.seating.solver import Goal, Relaxation, Solution, Verdict, relax, solve
from tests.seating.floors import a_party, a_request, a_table

# Six parties, the seats of each by number, and at each table and moment the seats of which one may be given: found by
# `make fuzz`. HiGHS 1.14 and 1.15 call the first impossible, and fail at the second.
PARTIES = (range(5), range(5, 8), range(8, 12), range(12, 15), range(15, 18), range(18, 22))
SHARED = (
    (
        *((0,), (18,), (1, 8), (1, 12, 15), (15, 19), (2, 9), (2, 5), (3, 4, 10, 11)),
        *((3, 4, 6, 7, 13, 14, 16, 17), (6, 7, 16, 17, 20, 21), (4, 11), (4, 7, 14, 17), (7, 17, 21)),
    ),
    (
        *((0,), (5, 18), (1, 8), (8, 12, 15), (15, 19), (2, 9), (3, 4, 10, 11)),
        *((6, 7, 10, 11, 13, 14, 16, 17), (6, 7, 16, 17, 20, 21), (4, 11), (7, 11, 14, 17), (7, 17, 21)),
    ),
)


def program_of(shared: tuple[tuple[int, ...], ...]) -> Program:
    members = [*PARTIES, *shared]
    rows = [[row for row, seats in enumerate(members) if seat in seats] for seat in range(22)]
    return Program(
        kind_of=lambda bit: bit,
        columns=[Column(number, None, is_move=False) for number, seats in enumerate(PARTIES) for _ in seats],
        lower=[1] * len(PARTIES) + [0] * len(shared),
        upper=[1] * len(members),
        starts=[0, *accumulate(map(len, rows))],
        rows=[row for used in rows for row in used],
        values=[1 for used in rows for _ in used],
    )


@pytest.mark.parametrize("goal", Goal)
@pytest.mark.parametrize("shared", SHARED)
def test_presolve_leaves_every_party_a_seat(shared: tuple[tuple[int, ...], ...], goal: Goal) -> None:
    program = program_of(shared)

    found = solve(program, 10.0, goal=goal)

    assert found.verdict is Verdict.SOLVED
    given = {seat for seat, value in enumerate(found.values) if value > 0.5}
    assert [len(given.intersection(seats)) for seats in PARTIES] == [1] * len(PARTIES)
    assert all(len(given.intersection(seats)) <= 1 for seats in shared)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_solver_is_let_go_without_the_collector_of_cycles(no_collector: None) -> None:
    """A web server collects rarely, and each solver holds megabytes."""
    program = program_of(SHARED[0])

    solve(program, 10.0)
    relax(program, 10.0)
    assert Relaxation(program, asked=1).solve(0, pivots=100).verdict is Verdict.SOLVED

    assert not any(type(kept) is Highs for kept in gc.get_objects())


@pytest.mark.parametrize("lie", [Verdict.IMPOSSIBLE, Verdict.UNKNOWN])
def test_no_refusal_rests_on_presolve(lie: Verdict, monkeypatch: pytest.MonkeyPatch) -> None:
    """The party of two leaves the table for four, whatever a program that was made smaller says."""
    floor = Floor((a_table(1, 2), a_table(2, 4)))
    state = SeatingState(floor, parties=(a_party(1, 2, 0, 4, 2),))
    question = ask(StateIndex(state), (a_request(4, 0, 4),))
    program = exact.table_program(question)

    def solve_or_lie(program: Program, seconds: float, *args: Any, **options: Any) -> Solution:
        is_honest = options.get("presolve") is False
        return solver.solve(program, seconds, *args, **options) if is_honest else Solution(lie)

    monkeypatch.setattr(exact, "solve", solve_or_lie)

    found = exact._solve(program, relax(program, 10.0), deadline=float("inf"))

    assert found.verdict is Verdict.SOLVED
