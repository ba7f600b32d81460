"""The planner against everything that could be tried, on small floors: its answers are the truth, and the best."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from tables.seating import (
    Floor,
    Move,
    SeatingOutcome,
    SeatingPlan,
    SeatingPlanner,
    SeatingRefusal,
    SeatingState,
    SeatingUndecided,
    Step,
    TimeBudget,
    TimeLeft,
)
from tests.seating.brute_force import BruteForce, Optimum
from tests.seating.floors import CASES, Question, a_party, a_request, a_table, questions, shuffled
from tests.seating.verdict import allowed_seats, list_faults

FEWER_CASES = CASES // 4

# Small floors are decided long before this: a time that a busy machine cannot run out of.
ENOUGH = TimeBudget(exact_seconds=60.0)
EXACT_AT_ONCE = TimeBudget(chain_nodes=0, exact_seconds=60.0)
NO_EXACT = TimeBudget(exact_seconds=0.0)
DIRECT_ONLY = TimeBudget(chain_nodes=0, exact_seconds=0.0)


def ask(question: Question, budget: TimeBudget = ENOUGH) -> SeatingOutcome:
    return SeatingPlanner(question.state).plan(*question.requests, budget=budget)


def assert_true(question: Question, outcome: SeatingOutcome) -> None:
    """Assert that an answer says what trying everything says, and that a plan is valid and the best."""
    truth = BruteForce(question.state, question.requests)
    event(f"{type(outcome).__name__} by {getattr(outcome, 'step', 'nothing')}")
    if isinstance(outcome, SeatingRefusal):
        assert truth.best is None, "refused although a plan exists"
        assert_counts_seats(question, outcome)
    elif isinstance(outcome, SeatingPlan):
        assert list_faults(question.state, question.requests, outcome) == []
        assert truth.best is not None, "no plan exists: somebody to be placed is forgotten"
        assert_best(truth.value_of(outcome), truth.best, outcome.step)
        assert placed_by(outcome) == {party.booking_id for party in truth.to_be_placed}


def assert_best(found: Optimum, best: Optimum, step: Step) -> None:
    """Assert that nobody moves in vain, and that no plan costs less; the exact step promises the former alone."""
    assert found.moves == best.moves
    if step is not Step.EXACT:
        assert found == best


def placed_by(plan: SeatingPlan) -> set[int]:
    return {move.booking_id for move in plan.moves if not move.from_table_ids}


def assert_counts_seats(question: Question, refusal: SeatingRefusal) -> None:
    """Assert that a refusal counts the seats of the first request, and those that are not free."""
    request = question.requests[0]
    if request.table_ids is not None:
        return
    seats = allowed_seats(question.state.floor, request)
    uses = [(taken.table_id, taken.starts_at, taken.ends_at) for taken in question.state.occupied]
    uses += [(table_id, each.starts_at, each.ends_at) for each in question.state.parties for table_id in each.table_ids]
    busy = {
        table_id for table_id, starts_at, ends_at in uses if starts_at < request.ends_at and request.starts_at < ends_at
    }
    assert (refusal.suitable, refusal.taken) == (len(seats), sum(bool(seat & busy) for seat in seats))


# Chance seldom draws these: two without tables who cannot both be seated, the later one given first.
RIVALS_FOR_A_TABLE = Question(
    SeatingState(Floor((a_table(1, 4),)), parties=(a_party(2, 3, 0, 3), a_party(1, 4, 2, 5))), (a_request(2, 0, 1),)
)
# The party that is moved for little now would have to move for another one than the cheapest.
A_CHOICE_OF_MOVES = Question(
    SeatingState(
        Floor((a_table(1, 4), a_table(2, 4, priority=1), a_table(3, 6), a_table(4, 2))),
        parties=(a_party(1, 4, 0, 2, 1), a_party(2, 2, 0, 2, 2)),
    ),
    (a_request(4, 0, 2), a_request(4, 0, 2)),
)


@settings(max_examples=CASES)
@given(questions())
@example(RIVALS_FOR_A_TABLE)
@example(A_CHOICE_OF_MOVES)
def test_every_answer_is_the_one_that_trying_everything_gives(question: Question) -> None:
    outcome = ask(question)

    assert not isinstance(outcome, SeatingUndecided)
    assert_true(question, outcome)


@settings(max_examples=FEWER_CASES)
@given(questions(blocks_over_parties=True))
def test_the_exact_step_alone_gives_the_same_answers(question: Question) -> None:
    outcome = ask(question, EXACT_AT_ONCE)

    assert not isinstance(outcome, SeatingUndecided)
    assert_true(question, outcome)


@pytest.mark.parametrize("budget", [ENOUGH, EXACT_AT_ONCE], ids=["by all steps", "by the exact step alone"])
@settings(max_examples=FEWER_CASES)
@given(question=questions(blocks_over_parties=True))
def test_nobody_moves_who_could_stay_with_all_else_as_planned(budget: TimeBudget, question: Question) -> None:
    outcome = ask(question, budget)

    if isinstance(outcome, SeatingPlan):
        for move in outcome.moves:
            others = tuple(other for other in outcome.moves if other is not move)
            stays = replace(outcome, moves=others)
            assert not move.from_table_ids or list_faults(question.state, question.requests, stays) != []


@settings(max_examples=FEWER_CASES)
@given(questions(), st.integers(0, 2))
def test_requests_asked_each_by_itself_share_no_proof_that_does_not_hold_for_each(
    question: Question, hard: int
) -> None:
    wanted = [replace(each, table_ids=None) for each in question.requests]
    later = (timedelta(minutes=30 * halves) for halves in range(-2, 3))
    requests = [
        replace(each, starts_at=each.starts_at + by, ends_at=each.ends_at + by) for by in later for each in wanted
    ]
    starts = SeatingPlanner(question.state).starts(requests, TimeLeft((NO_EXACT, ENOUGH, EXACT_AT_ONCE)[hard]))

    for request in requests:
        outcome, alone = starts.plan(request), Question(question.state, (request,))
        assert_true(alone, outcome)


@pytest.mark.parametrize("budget", [NO_EXACT, DIRECT_ONLY], ids=["without the exact step", "without any search"])
@settings(max_examples=FEWER_CASES)
@given(question=questions())
def test_a_planner_that_may_not_search_never_refuses_falsely(budget: TimeBudget, question: Question) -> None:
    assert_true(question, ask(question, budget))


@settings(max_examples=FEWER_CASES)
@given(questions(blocks_over_parties=True))
def test_a_party_may_stay_under_a_block(question: Question) -> None:
    outcome = ask(question)

    assert not isinstance(outcome, SeatingUndecided)
    assert_true(question, outcome)


@settings(max_examples=FEWER_CASES)
@given(questions(), st.integers(0, 999))
def test_the_order_of_what_is_given_changes_nothing(question: Question, seed: int) -> None:
    first = ask(question)

    second = ask(Question(shuffled(question.state, seed), question.requests))

    assert as_sets(second) == as_sets(first)


def as_sets(outcome: SeatingOutcome) -> object:
    """Return an answer without the order of a party's former tables, which is that of the question."""
    if not isinstance(outcome, SeatingPlan):
        return outcome
    return outcome.seats, Counter(map(_without_order, outcome.moves)), outcome.depends_on, outcome.step


def _without_order(move: Move) -> tuple[int, frozenset[int], tuple[int, ...]]:
    return move.booking_id, frozenset(move.from_table_ids), move.to_table_ids


@settings(max_examples=FEWER_CASES)
@given(questions())
def test_what_lies_outside_of_the_named_time_does_not_matter(question: Question) -> None:
    outcome = ask(question)

    span, state = outcome.depends_on, question.state
    near = SeatingState(
        state.floor,
        tuple(each for each in state.occupied if each.starts_at < span.ends_at and span.starts_at < each.ends_at),
        tuple(each for each in state.parties if each.starts_at < span.ends_at and span.starts_at < each.ends_at),
    )
    assert ask(Question(near, question.requests)) == outcome
