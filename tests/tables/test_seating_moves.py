"""The planner's moves: several requests at once, who moves for whom, and parties that have no table yet."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tables.seating import (
    CombinedTables,
    Floor,
    Move,
    OccupiedInterval,
    SeatedParty,
    SeatingPlan,
    SeatingPlanner,
    SeatingRefusal,
    SeatingRequest,
    SeatingState,
    SeatingTable,
    SeatingUndecided,
    Step,
    TimeBudget,
)
from tables.spans import TimeSpan

EVENING = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)
EVERYBODY = frozenset({"online", "in_house", "walk_in"})


def at(minutes: int) -> datetime:
    return EVENING + timedelta(minutes=minutes)


def table(table_id: int, capacity: int, **changes: Any) -> SeatingTable:
    defaults: dict[str, Any] = {
        "number": f"T{table_id}",
        "min_party_size": 1,
        "max_party_size": capacity,
        "priority": 0,
        "seating_type": "indoor",
        "audience": EVERYBODY,
    }
    return SeatingTable(table_id=table_id, capacity=capacity, **(defaults | changes))


def party(booking_id: int, size: int, *table_ids: int, starts: int = 0, ends: int = 120) -> SeatedParty:
    return SeatedParty(booking_id, size, at(starts), at(ends), None, "online", table_ids)


def request(size: int, *table_ids: int, starts: int = 0, ends: int = 120) -> SeatingRequest:
    return SeatingRequest(size, at(starts), at(ends), None, "online", table_ids or None)


def fixed(table_id: int, starts: int = 0, ends: int = 120) -> OccupiedInterval:
    return OccupiedInterval(table_id, at(starts), at(ends))


def floor(*tables: SeatingTable, combined: tuple[CombinedTables, ...] = ()) -> Floor:
    return Floor(tables, combined)


def planner(on: Floor, *parties: SeatedParty, occupied: tuple[OccupiedInterval, ...] = ()) -> SeatingPlanner:
    return SeatingPlanner(SeatingState(on, occupied, parties))


PAIR = CombinedTables((1, 2), 3, 4)


# Without moves


def test_two_requests_share_the_tables_so_that_both_sit() -> None:
    # The party of two would take table 1 alone, though it is the only one for the party of four.
    both = planner(floor(table(1, 4), table(2, 6, min_party_size=2, max_party_size=3)))

    plan = both.plan(request(2), request(4))

    assert plan == SeatingPlan(((2,), (1,)), 4, TimeSpan(at(0), at(120)))


def test_requests_at_different_times_share_a_table() -> None:
    plan = planner(floor(table(1, 2))).plan(request(2, starts=120, ends=240), request(2))

    assert plan == SeatingPlan(((1,), (1,)), 0, TimeSpan(at(0), at(240)))


def test_of_two_requests_for_one_table_both_are_refused() -> None:
    refusal = planner(floor(table(1, 2))).plan(request(2), request(2))

    assert refusal == SeatingRefusal(suitable=1, taken=0, depends_on=TimeSpan(at(0), at(120)))


def test_several_requests_get_the_cheapest_seats_together() -> None:
    # Alone, the party of three would take table 1 and leave the party of four a table for eight.
    house = floor(table(1, 4), table(2, 5, max_party_size=3), table(3, 8))

    plan = planner(house).plan(request(3), request(4))

    assert plan == SeatingPlan(((2,), (1,)), 2, TimeSpan(at(0), at(120)))


def test_chosen_tables_are_given_whatever_their_size() -> None:
    plan = planner(floor(table(1, 2), table(2, 4), table(3, 2))).plan(request(2, 3, 2))

    assert plan == SeatingPlan(((3, 2),), 4, TimeSpan(at(0), at(120)))


def test_chosen_tables_that_may_not_be_moved_are_refused() -> None:
    refusal = planner(floor(table(1, 2), table(2, 2)), occupied=(fixed(2, 60, 90),)).plan(request(2, 2))

    assert refusal == SeatingRefusal(suitable=1, taken=1, depends_on=TimeSpan(at(0), at(120)))


@pytest.mark.parametrize(("size", "expected"), [(2, (1,)), (3, (1, 2)), (4, (1, 2)), (5, None)])
def test_combined_tables_take_parties_of_their_own_sizes(size: int, expected: tuple[int, ...] | None) -> None:
    answer = planner(floor(table(1, 2), table(2, 2), combined=(PAIR,))).plan(request(size))

    assert getattr(answer, "seats", (None,))[0] == expected


def test_a_combination_with_a_table_that_is_not_there_is_never_given() -> None:
    refusal = planner(floor(table(1, 2), combined=(PAIR,))).plan(request(4))

    assert refusal == SeatingRefusal(suitable=0, taken=0, depends_on=TimeSpan(at(0), at(120)))


# With moves


def test_a_party_moves_to_make_room_for_a_larger_one() -> None:
    plan = planner(floor(table(1, 2), table(2, 6)), party(7, 2, 2, starts=60, ends=180)).plan(request(6))

    assert plan == SeatingPlan(((2,),), 0, TimeSpan(at(0), at(180)), (Move(7, (2,), (1,)),), Step.CHAIN)


def test_two_parties_move_one_after_the_other() -> None:
    house = floor(table(1, 2), table(2, 4, min_party_size=2), table(3, 6, min_party_size=4))
    parties = party(7, 2, 2), party(8, 4, 3)

    plan = planner(house, *parties).plan(request(6))

    assert isinstance(plan, SeatingPlan)
    assert (plan.seats, plan.moves) == (((3,),), (Move(7, (2,), (1,)), Move(8, (3,), (2,))))


def test_one_move_comes_before_two_cheaper_ones() -> None:
    # At tables 1 and 2 no seat would stay empty, but two parties would move; at table 3 it is one.
    house = floor(table(1, 2), table(2, 2), table(3, 8), table(4, 2), table(5, 2), table(6, 8), combined=(PAIR,))
    parties = party(1, 2, 1), party(2, 2, 2), party(3, 2, 3), party(4, 8, 6)

    plan = planner(house, *parties).plan(request(4))

    assert isinstance(plan, SeatingPlan)
    assert (plan.seats, plan.moves) == (((3,),), (Move(3, (3,), (4,)),))


def test_a_combination_sends_both_of_its_parties_away() -> None:
    house = floor(table(1, 2), table(2, 2), table(3, 2), table(4, 2), combined=(PAIR,))

    # At the same time, so that they cannot share a table.
    plan = planner(house, party(1, 2, 1), party(2, 2, 2, starts=90, ends=150)).plan(request(4))

    assert isinstance(plan, SeatingPlan)
    assert plan.table_ids == (1, 2)
    assert sorted(move.to_table_ids for move in plan.moves) == [(3,), (4,)]


def test_what_no_plan_may_move_is_not_moved() -> None:
    house = floor(table(1, 2), table(2, 6))

    refusal = planner(house, occupied=(fixed(2, 60, 180),)).plan(request(6))

    assert refusal == SeatingRefusal(suitable=1, taken=1, depends_on=TimeSpan(at(0), at(120)))


def test_a_party_stays_at_a_table_that_nobody_would_give_it() -> None:
    house = planner(floor(table(1, 2), table(2, 2)), party(7, 6, 1))

    assert house.plan(request(2)) == SeatingPlan(((2,),), 0, TimeSpan(at(0), at(120)))
    assert isinstance(house.plan(request(2, 1)), SeatingRefusal)


def test_two_parties_give_way_to_a_block_of_two_tables() -> None:
    # A block asks like this: those who sit there seek other tables, all at once.
    house = floor(table(1, 2), table(2, 2), table(3, 4), table(4, 2, min_party_size=2))

    plan = planner(house, party(9, 2, 4), occupied=(fixed(1), fixed(2))).plan(request(2), request(2))

    assert isinstance(plan, SeatingRefusal)
    roomier = floor(*house.tables, table(5, 2))
    plan = planner(roomier, party(9, 2, 4), occupied=(fixed(1), fixed(2))).plan(request(2), request(2))
    assert isinstance(plan, SeatingPlan)
    assert sorted(plan.seats) == [(3,), (5,)]


def test_parties_that_no_overlap_connects_are_left_alone() -> None:
    house = floor(table(1, 2), table(2, 6))
    parties = party(1, 2, 2, starts=60, ends=180), party(2, 2, 1, starts=180, ends=240)

    plan = planner(house, *parties).plan(request(6))

    assert isinstance(plan, SeatingPlan)
    assert plan.depends_on == TimeSpan(at(0), at(180))


def test_without_nodes_and_time_a_hard_question_stays_undecided() -> None:
    house = floor(table(1, 2), table(2, 6))

    answer = planner(house, party(7, 2, 2)).plan(request(6), budget=TimeBudget(chain_nodes=1, exact_seconds=0))

    assert answer == SeatingUndecided(TimeSpan(at(0), at(120)))


# Parties without tables


def test_a_party_without_tables_is_seated_with_the_request() -> None:
    plan = planner(floor(table(1, 2), table(2, 4)), party(7, 4)).plan(request(2))

    assert plan == SeatingPlan(((1,),), 0, TimeSpan(at(0), at(120)), (Move(7, (), (2,)),), Step.DIRECT)


def test_a_party_without_tables_comes_before_a_new_one() -> None:
    refusal = planner(floor(table(1, 2)), party(7, 2)).plan(request(2))

    assert isinstance(refusal, SeatingRefusal)


def test_a_party_that_fits_nowhere_refuses_nobody() -> None:
    plan = planner(floor(table(1, 2)), party(7, 9)).plan(request(2))

    assert plan == SeatingPlan(((1,),), 0, TimeSpan(at(0), at(120)))


def test_of_two_parties_without_tables_the_earlier_booking_is_seated() -> None:
    house = floor(table(1, 2), table(2, 8, min_party_size=8))

    plan = planner(house, party(8, 2), party(7, 2)).plan(request(8))

    assert isinstance(plan, SeatingPlan)
    assert plan.moves == (Move(7, (), (1,)),)


def test_a_party_without_tables_that_meets_the_request_through_another_is_seated() -> None:
    house = floor(table(1, 2), table(2, 2))
    parties = party(1, 2, 1, starts=60, ends=180), party(7, 2, starts=120, ends=240)

    plan = planner(house, *parties).plan(request(2))

    assert plan == SeatingPlan(((2,),), 0, TimeSpan(at(0), at(240)), (Move(7, (), (2,)),), Step.DIRECT)


def test_a_seated_party_moves_for_one_without_tables() -> None:
    house = floor(table(1, 2), table(2, 6), table(3, 8, min_party_size=7))

    plan = planner(house, party(1, 2, 2), party(7, 6)).plan(request(8))

    assert isinstance(plan, SeatingPlan)
    assert plan.moves == (Move(1, (2,), (1,)), Move(7, (), (2,)))


def test_many_parties_without_tables_are_seated_at_once() -> None:
    house = floor(*(table(number, 2) for number in range(1, 62)))
    lacking = [party(number, 2) for number in range(1, 61)]

    plan = planner(house, *lacking).plan(request(2))

    assert isinstance(plan, SeatingPlan)
    assert len({*plan.seats, *(move.to_table_ids for move in plan.moves)}) == 61
