"""Evenings on fifty tables: every plan is valid, and every refusal is proven by a solver that takes its time."""

import os

import pytest

from tables.seating import SeatingPlan, SeatingRefusal, SeatingUndecided
from tests.seating.evenings import Decision, make_evening, play
from tests.seating.exact_reference import can_seat
from tests.seating.verdict import list_faults

# `make verify-seating` asks for 500.
EVENINGS = int(os.environ.get("SEATING_EVENINGS", "6"))


@pytest.mark.parametrize("seed", range(EVENINGS))
def test_every_plan_of_an_evening_is_valid_and_every_refusal_proven(seed: int) -> None:
    decisions = list(play(make_evening(seed)))

    assert [fault for decision in decisions for fault in faults_of(decision)] == []
    assert any(isinstance(decision.outcome, SeatingPlan) and decision.outcome.moves for decision in decisions)
    assert any(isinstance(decision.outcome, SeatingRefusal) for decision in decisions)


def faults_of(decision: Decision) -> list[str]:
    """Return what is wrong with an answer, as sentences."""
    asked, outcome = (decision.arrival.request,), decision.outcome
    if isinstance(outcome, SeatingPlan):
        return list_faults(decision.state, asked, outcome)
    if isinstance(outcome, SeatingUndecided):
        return [f"{asked} was not decided"]
    return [f"{asked} was refused although everybody can be seated"] if can_seat(decision.state, asked) else []
