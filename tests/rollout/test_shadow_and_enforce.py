"""Shadow mode decides as enforcement does: what it would refuse is what would be refused, for the same reasons."""

import os
from collections import Counter
from typing import Any

import pytest

from bookings.ledger import Verdict
from bookings.models import Booking, Decision
from bookings.selectors.decisions import DecisionScope, replay_decisions
from tests.bookings.auditing import run_audit
from tests.recount import list_faults
from tests.rollout.twins import make_requests, open_dates, open_twins

pytestmark = pytest.mark.django_db(transaction=True)

# `make verify-rollout` asks for 10,000.
REQUESTS = int(os.environ.get("ROLLOUT_REQUESTS", "80"))
WAIVED = {"accepted": "accepted", "refused": "waived"}


def difference(enforced: Decision, waived: Decision) -> str | None:
    """Say how two decisions about one request differ beyond what the mode does with the same reasons."""
    if facts_of(enforced) == facts_of(waived) and waived.verdict in (enforced.verdict, WAIVED[enforced.verdict]):
        return None
    asked = f"{enforced.party_size} at {enforced.starts_at}"
    return f"{asked}: {enforced.verdict} {enforced.reasons}, but {waived.verdict} {waived.reasons}"


def facts_of(decision: Decision) -> tuple[Any, ...]:
    limits = [(met["code"], met["limit"], met["before"]) for met in decision.limits]
    return decision.reasons, limits, decision.seating_step, decision.tables


def test_both_modes_decide_alike_and_every_decision_can_be_made_again() -> None:
    twins = open_twins()
    dates = open_dates(twins, REQUESTS)

    found = [difference(*twins.ask(asked)) for asked in make_requests(dates, REQUESTS, seed=1)]

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
