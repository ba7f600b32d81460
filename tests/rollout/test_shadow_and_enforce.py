"""Shadow mode decides as enforcement does: what it would refuse is what would be refused, for the same reasons."""

import os
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from bookings.insight.replay.decisions import DecisionScope, replay_decisions
from bookings.insight.replay.replay import Verdict
from bookings.models import Booking, Decision
from tests.helpers.factories import days_ahead, materialize
from tests.helpers.planted_faults import run_audit
from tests.helpers.recount import list_faults
from tests.rollout.twins import make_requests, open_dates, open_twins

pytestmark = pytest.mark.django_db(transaction=True)

# `make verify-rollout` asks for 10,000.
REQUESTS = int(os.environ.get("ROLLOUT_REQUESTS", "80"))
WAIVED = {"accepted": "accepted", "refused": "waived"}


# Of equally good plans the exact model gives the one that it finds first, which is a matter of time.
TIMED_STEPS = {"exact", "undecided"}


def difference(enforced: Decision, waived: Decision, apart: set[date]) -> str | None:
    """Say how two decisions about one request differ beyond what the mode does with the same reasons.

    Who is taken, and why not, is the same always; who sits where until the exact model has chosen, from when on the
    evening is among those `apart`.
    """
    steps = {enforced.seating_step, waived.seating_step}
    if steps & TIMED_STEPS:
        apart.add(enforced.business_date)
    is_alike = facts_of(enforced) == facts_of(waived) and WAIVED.get(enforced.verdict) == waived.verdict
    sits_alike = enforced.business_date in apart or seats_of(enforced) == seats_of(waived)
    if (is_alike or is_standing(enforced, waived)) and sits_alike:
        return None
    asked = f"{enforced.party_size} at {enforced.starts_at}"
    return f"{asked}: {enforced.verdict} {seats_of(enforced)}, but {waived.verdict} {seats_of(waived)}"


def is_standing(enforced: Decision, waived: Decision) -> bool:
    """Say whether both refuse by what no mode waives."""
    return facts_of(enforced) == facts_of(waived) and enforced.verdict == waived.verdict == "refused"


def facts_of(decision: Decision) -> tuple[Any, ...]:
    return decision.reasons, [(met["code"], met["limit"], met["before"]) for met in decision.limits]


def seats_of(decision: Decision) -> tuple[Any, ...]:
    return decision.reasons, decision.seating_step, decision.tables


def test_shadow_mode_asks_the_exact_model_where_enforcement_does() -> None:
    twins = open_twins()
    dates = [days_ahead() + timedelta(days=day) for day in range(125)]
    evening = dates[64]
    asked = [each for each in make_requests(dates, 10_000, seed=1) if each.business_date == evening]
    for house in (twins.enforcing, twins.waiving):
        materialize(house, evening)

    decisions = [twins.ask(each) for each in asked[:38]]

    # Nobody before needs it; this one is seated by moving five parties, which neither free seats nor few moves find.
    assert {decision.seating_step for pair in decisions[:-1] for decision in pair}.isdisjoint(TIMED_STEPS)
    enforced, waived = decisions[-1]
    assert (enforced.verdict, enforced.attempts) == (waived.verdict, waived.attempts) == ("accepted", 2)
    assert enforced.seating_step == waived.seating_step


def test_both_modes_decide_alike_and_every_decision_can_be_made_again() -> None:
    twins = open_twins()
    dates = open_dates(twins, REQUESTS)

    apart: set[date] = set()
    found = [difference(*twins.ask(asked), apart) for asked in make_requests(dates, REQUESTS, seed=1)]

    assert [said for said in found if said is not None] == []
    assert Decision.objects.filter(restaurant=twins.enforcing).count() == REQUESTS
    verdicts = Counter(Decision.objects.filter(restaurant=twins.waiving).values_list("verdict", flat=True))
    assert min(verdicts["accepted"], verdicts["waived"], verdicts["refused"]) > REQUESTS / 40
    assert verdicts["unexamined"] == verdicts["undecided"] == 0
    again = Counter(
        verdict
        for each in replay_decisions(DecisionScope(), in_both_modes=True)
        if each.replayed and each.in_other_mode
        for verdict in (each.replayed.verdict, each.in_other_mode.verdict)
    )
    assert again == {Verdict.AGREES: 4 * REQUESTS}
    assert list_faults(twins.enforcing.pk) == []
    assert run_audit(twins.enforcing).overbookings == []
    assert (
        Booking.objects.filter(restaurant=twins.enforcing).count()
        == Decision.objects.filter(restaurant=twins.enforcing, verdict="accepted").count()
    )
