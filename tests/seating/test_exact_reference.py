"""The judges judged: the exact model and the brute force agree, and say what can be seen by eye."""

import pytest
from hypothesis import given, settings

from tables.seating import CombinedTables, Floor, Move, SeatingPlan, SeatingState
from tables.spans import TimeSpan
from tests.seating.brute_force import BruteForce, Optimum
from tests.seating.exact_reference import can_seat
from tests.seating.floors import CASES, Question, a_party, a_request, a_table, at, questions, taken
from tests.seating.verdict import list_faults

TWO_TABLES = Floor((a_table(1, 2), a_table(2, 4)))


def plan(*seats: tuple[int, ...], spare: int = 0, moves: tuple[Move, ...] = ()) -> SeatingPlan:
    return SeatingPlan(seats, spare, TimeSpan(at(0), at(4)), moves)


@settings(max_examples=CASES // 4)
@given(questions(blocks_over_parties=True))
def test_the_exact_model_agrees_with_trying_everything(question: Question) -> None:
    expected = BruteForce(question.state, question.requests).best is not None

    assert can_seat(question.state, question.requests) is expected


def test_the_party_of_two_leaves_the_table_for_four() -> None:
    state = SeatingState(TWO_TABLES, parties=(a_party(1, 2, 0, 4, 2),))
    requests = (a_request(4, 0, 4),)

    assert BruteForce(state, requests).best == Optimum(moves=1, cost=(0, 2, 0, 6, 0))
    assert can_seat(state, requests)


@pytest.mark.parametrize("block", [taken(1, 0, 1), taken(1, 3, 4)])
def test_a_block_leaves_no_room_to_move(block: object) -> None:
    state = SeatingState(TWO_TABLES, (block,), (a_party(1, 2, 0, 4, 2),))  # type: ignore[arg-type]
    requests = (a_request(4, 0, 4),)

    assert BruteForce(state, requests).best is None
    assert not can_seat(state, requests)


def test_who_was_booked_first_is_placed_first() -> None:
    state = SeatingState(TWO_TABLES, parties=(a_party(2, 4, 0, 2), a_party(1, 3, 0, 4), a_party(3, 2, 2, 4)))

    assert [party.booking_id for party in BruteForce(state, (a_request(1, 0, 1),)).to_be_placed] == [1, 3]


def test_what_is_wrong_with_a_plan_is_said() -> None:
    floor = Floor((a_table(1, 2), a_table(2, 4)), (CombinedTables((1, 2), 5, 6),))
    state = SeatingState(floor, (taken(1, 3, 4),), (a_party(7, 2, 0, 2, 2),))
    six = (a_request(6, 0, 2),)

    assert list_faults(state, six, plan((1, 2))) == ["party 7 and request 0 are both at table 2"]
    assert list_faults(state, (a_request(5, 2, 4),), plan((1, 2), spare=1)) == [
        "what stays and request 0 are both at table 1"
    ]
    assert list_faults(state, (a_request(3, 2, 4),), plan((1,))) == [
        "request 0 may not be given (1,)",
        "what stays and request 0 are both at table 1",
    ]
    assert list_faults(state, (a_request(3, 0, 2),), plan((2,), spare=1, moves=(Move(7, (2,), (1,)),))) == []
    assert list_faults(state, (a_request(3, 0, 2),), plan((2,), spare=1, moves=(Move(8, (2,), (1,)),))) == [
        "8 may not be moved",
        "party 7 and request 0 are both at table 2",
    ]
