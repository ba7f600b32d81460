"""The planner's proofs and its exact model: what is refused for good, what stays open, and what is loaded for it."""

import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest

from tables.seating import (
    CombinedTables,
    Floor,
    Move,
    SeatingPlan,
    SeatingPlanner,
    SeatingRefusal,
    SeatingRequest,
    SeatingState,
    SeatingUndecided,
    Step,
    TimeBudget,
)
from tables.seating.program import Alike, suiting_alike, used_alike
from tables.seating.question import ask
from tables.seating.relaxation import Proofs, is_impossible
from tables.spans import TimeSpan
from tests.tables.test_seating_moves import at, fixed, floor, party, planner, request, table

EXACT_AT_ONCE = TimeBudget(chain_nodes=0, exact_seconds=60)
BOUNDS_ONLY = TimeBudget(chain_nodes=0, exact_seconds=0)
PAIR = CombinedTables((1, 2), 3, 4)


# Too many parties at one moment


def test_more_parties_than_tables_at_one_moment_are_refused_without_search() -> None:
    house = planner(floor(table(1, 2), table(2, 2)), party(1, 2, 1, starts=-60, ends=60), party(2, 2, 2, starts=30))

    refusal = house.plan(request(2), budget=BOUNDS_ONLY)

    assert refusal == SeatingRefusal(suitable=2, taken=2, depends_on=TimeSpan(at(-60), at(120)), step=Step.BOUND)


def test_parties_that_only_follow_each_other_are_not_refused_by_a_bound() -> None:
    house = planner(floor(table(1, 2), table(2, 2)), party(1, 2, 1, ends=60), party(2, 2, 2, starts=60))

    assert isinstance(house.plan(request(2), budget=BOUNDS_ONLY), SeatingUndecided)
    assert isinstance(house.plan(request(2)), SeatingPlan)


def test_a_party_of_two_tables_counts_as_two() -> None:
    house = floor(table(1, 2), table(2, 2), table(3, 2, max_party_size=1), combined=(PAIR,))

    refusal = planner(house, party(1, 2, 1)).plan(request(4), budget=BOUNDS_ONLY)

    assert isinstance(refusal, SeatingRefusal)
    assert refusal.step is Step.BOUND


def test_who_may_stay_under_a_block_is_not_counted_against_it() -> None:
    # Booking 1 may stay at table 1, which is blocked and so counts for nobody; table 2 is free.
    house = planner(floor(table(1, 2), table(2, 2)), party(1, 2, 1), occupied=(fixed(1),))

    assert house.plan(request(2), budget=BOUNDS_ONLY) == SeatingUndecided(TimeSpan(at(0), at(120)))
    assert house.plan(request(2)) == SeatingPlan(((2,),), 0, TimeSpan(at(0), at(120)))


# The relaxation


def test_a_seat_free_at_every_moment_but_never_the_same_kind_is_refused_without_the_exact_model() -> None:
    # Early the table indoors is free, late the one on the patio; who asks would have to change rooms.
    rooms = floor(table(1, 2), table(2, 2, seating_type="patio"))
    late = replace(party(1, 2, 1, starts=60), seating="indoor")
    early = replace(party(2, 2, 2, ends=60), seating="patio")

    refusal = planner(rooms, late, early).plan(request(2), budget=BOUNDS_ONLY)

    assert refusal == SeatingRefusal(2, 2, TimeSpan(at(0), at(120)), Step.RELAXATION)


def test_what_the_relaxation_cannot_refute_stays_open_without_the_exact_model() -> None:
    house = floor(table(1, 2), table(2, 4, min_party_size=2), table(3, 6, min_party_size=4))

    answer = planner(house, party(7, 2, 2), party(8, 4, 3)).plan(request(6), budget=BOUNDS_ONLY)

    assert answer == SeatingUndecided(TimeSpan(at(0), at(120)))


@pytest.mark.parametrize("alike", [suiting_alike, used_alike])
def test_a_proof_holds_for_other_questions_that_ask_for_as_much(alike: Alike) -> None:
    house = planner(floor(table(1, 2), table(2, 2)), party(1, 2, 1), party(2, 2, 2)).index
    full, earlier, free = (ask(house, (request(2, starts=start, ends=start + 60),)) for start in (0, -50, 120))
    proofs = Proofs()

    refuted = is_impossible(full, alike, proofs, 60)

    assert refuted
    assert proofs.refute(earlier, alike)
    assert not proofs.refute(free, alike)


# The exact model


def test_the_exact_model_moves_as_few_parties_as_the_chain() -> None:
    house = floor(table(1, 2), table(2, 4, min_party_size=2), table(3, 6, min_party_size=4))

    plan = planner(house, party(7, 2, 2), party(8, 4, 3)).plan(request(6), budget=EXACT_AT_ONCE)

    moves = (Move(7, (2,), (1,)), Move(8, (3,), (2,)))
    assert plan == SeatingPlan(((3,),), 0, TimeSpan(at(0), at(120)), moves, Step.EXACT)


def test_the_exact_model_seats_parties_without_tables() -> None:
    house = floor(table(1, 2), table(2, 6), table(3, 8, min_party_size=7))

    plan = planner(house, party(1, 2, 2), party(7, 6)).plan(request(8), budget=EXACT_AT_ONCE)

    assert isinstance(plan, SeatingPlan)
    assert plan.moves == (Move(1, (2,), (1,)), Move(7, (), (2,)))


def test_a_table_free_at_every_moment_but_never_the_same_is_not_enough() -> None:
    # Of two tables alike one is free at every moment of the request. But bookings 1 and 2 can only sit where they do,
    # for table 1 is taken early and table 2 late, and each of them keeps the request from the other table.
    parties = party(1, 2, 2, starts=30, ends=90), party(2, 2, 1, starts=140, ends=190)
    house = planner(floor(table(1, 2), table(2, 2)), *parties, occupied=(fixed(1, 0, 60), fixed(2, 180, 240)))
    wanted = request(2, starts=60, ends=150)

    assert house.plan(wanted, budget=BOUNDS_ONLY) == SeatingRefusal(2, 2, TimeSpan(at(30), at(190)), Step.RELAXATION)
    assert house.plan(wanted) == SeatingRefusal(2, 2, TimeSpan(at(30), at(190)), Step.CHAIN)


@pytest.mark.parametrize(
    "budget",
    [BOUNDS_ONLY, TimeBudget(chain_nodes=0, exact_seconds=1e-9)],
    ids=["not asked", "out of time"],
)
def test_without_time_for_the_exact_model_nobody_is_refused(budget: TimeBudget) -> None:
    house = floor(table(1, 2), table(2, 6))

    answer = planner(house, party(7, 2, 2)).plan(request(6), budget=budget)

    assert answer == SeatingUndecided(TimeSpan(at(0), at(120)))


def test_a_busy_evening_is_planned_the_same_in_any_order() -> None:
    state, wanted = busy_evening()

    plan = SeatingPlanner(state).plan(wanted, budget=EXACT_AT_ONCE)
    turned = replace(state, parties=state.parties[::-1], floor=Floor(state.floor.tables[::-1]))

    assert isinstance(plan, SeatingPlan)
    assert plan.step is Step.EXACT
    assert SeatingPlanner(turned).plan(wanted, budget=EXACT_AT_ONCE) == plan


def test_a_plan_never_puts_two_parties_on_one_table() -> None:
    state, wanted = busy_evening()

    plan = SeatingPlanner(state).plan(wanted, budget=EXACT_AT_ONCE)

    assert isinstance(plan, SeatingPlan)
    moved = {move.booking_id: move.to_table_ids for move in plan.moves}
    stays = defaultdict(list)
    stays[plan.table_ids].append((wanted.starts_at, wanted.ends_at))
    for each in state.parties:
        stays[moved.get(each.booking_id, each.table_ids)].append((each.starts_at, each.ends_at))
    for taken in stays.values():
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(sorted(taken)))


def test_the_questions_asked_before_change_no_answer() -> None:
    state, wanted = busy_evening()
    stays = [replace(wanted, starts_at=at(start), ends_at=at(start + 120)) for start in range(0, 300, 20)]
    answers = [SeatingPlanner(state).plan(stay, budget=EXACT_AT_ONCE) for stay in stays]

    house = SeatingPlanner(state)
    backwards = [house.plan(stay, budget=EXACT_AT_ONCE) for stay in reversed(stays)]
    again = [house.plan(stay, budget=EXACT_AT_ONCE) for stay in stays]

    assert backwards[::-1] == answers
    assert again == answers
    assert len({type(answer) for answer in answers}) > 1


def busy_evening() -> tuple[SeatingState, SeatingRequest]:
    """Return twelve tables, each taken early and late with a gap between that wanders, and who wants one for long."""
    tables = [table(number, 4) for number in range(1, 13)]
    early = [party(number, 2, number, starts=0, ends=60 + 10 * number) for number in range(1, 13)]
    late = [party(20 + number, 2, number, starts=90 + 10 * number, ends=300) for number in range(1, 13)]
    return SeatingState(Floor(tuple(tables)), (), (*early, *late[:-1])), request(4, starts=100, ends=300)


def test_the_solver_is_not_loaded_before_it_is_asked() -> None:
    question = "import sys, tables.seating; sys.exit('highspy' in sys.modules or 'numpy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", question], check=False).returncode == 0
