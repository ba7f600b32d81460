"""Evenings on fifty tables: every plan is valid, and every refusal is proven by a solver that takes its time."""

import os

import pytest

from tables.seating import (
    SeatingPlan,
    SeatingPlanner,
    SeatingRefusal,
    SeatingUndecided,
    Step,
    TimeBudget,
    TimeLeft,
)
from tests.seating.evenings import NO_HASTE, Decision, booked, make_evening, play, starts
from tests.seating.exact_reference import can_seat
from tests.seating.verdict import list_faults

# `make verify-seating` asks for 500.
EVENINGS = int(os.environ.get("SEATING_EVENINGS", "6"))

WITHOUT_EXACT = TimeBudget(exact_seconds=0.0)


@pytest.mark.parametrize("seed", range(EVENINGS))
def test_every_plan_of_an_evening_is_valid_and_every_refusal_proven(seed: int) -> None:
    decisions = list(play(make_evening(seed)))

    assert [fault for decision in decisions for fault in faults_of(decision)] == []
    assert any(isinstance(decision.outcome, SeatingPlan) and decision.outcome.moves for decision in decisions)
    assert any(isinstance(decision.outcome, SeatingRefusal) for decision in decisions)


def test_a_plan_that_no_near_columns_give_moves_at_most_twice_the_fewest_parties() -> None:
    # The fewest are five, of 113; the first solution of the solver moves 82.
    decision = next(decision for decision in play(make_evening(18)) if decision.arrival.booking_id == 115)

    assert isinstance(decision.outcome, SeatingPlan)
    assert decision.outcome.step is Step.EXACT
    assert faults_of(decision) == []
    assert len(decision.outcome.moves) <= 2 * 5


def test_all_starts_of_a_full_evening_are_answered_as_each_of_them_alone() -> None:
    state = booked(0)
    requests = [request for size in (2, 6) for request in starts(0, size)[::2]]
    together = SeatingPlanner(state).starts(requests, TimeLeft(WITHOUT_EXACT))

    outcomes = {request: together.plan(request) for request in requests}

    for request, outcome in outcomes.items():
        alone = SeatingPlanner(state).plan(request, budget=NO_HASTE)
        if isinstance(outcome, SeatingPlan):
            assert list_faults(state, (request,), outcome) == []
            assert len(outcome.moves) <= len(alone.moves) if isinstance(alone, SeatingPlan) else False
        elif isinstance(outcome, SeatingRefusal):
            assert isinstance(alone, SeatingRefusal)
            assert (outcome.suitable, outcome.taken) == (alone.suitable, alone.taken)
    assert {SeatingPlan, SeatingRefusal} <= {type(outcome) for outcome in outcomes.values()}


def faults_of(decision: Decision) -> list[str]:
    """Return what is wrong with an answer, as sentences."""
    asked, outcome = (decision.arrival.request,), decision.outcome
    if isinstance(outcome, SeatingPlan):
        return list_faults(decision.state, asked, outcome)
    if isinstance(outcome, SeatingUndecided):
        return [f"{asked} was not decided"]
    return [f"{asked} was refused although everybody can be seated"] if can_seat(decision.state, asked) else []
