"""Every answer to a booking or an availability request is observed once."""

import subprocess
import sys
from typing import Any

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from bookings.api import guest
from bookings.api.base import DECIDED, FAILURES
from bookings.choices import DecisionMode
from bookings.errors import RequestRefused
from bookings.services.writes import REACTIONS
from capacity.policy import CAPACITY_REASONS, ReasonCode
from config.api import STATUS_OF_CODE
from config.env import BASE_DIR
from config.transactions import Reaction
from tests.helpers.endpoint_house import bistro, order

pytestmark = pytest.mark.django_db(transaction=True)

AVAILABILITY = {"restaurantId": "bistro", "date": "2090-06-14", "partySize": "4"}


class Counted:
    """How much a metric has grown since."""

    def __init__(self, name: str, **labels: str) -> None:
        self.name, self.labels = name, labels
        self.before = self._value()

    def _value(self) -> float:
        return REGISTRY.get_sample_value(self.name, self.labels) or 0.0

    @property
    def grown(self) -> float:
        return self._value() - self.before


def book(client: Client, key: str = "", **changes: Any) -> int:
    headers = {"idempotency-key": key} if key else {}
    answer = client.post("/api/bookings", order(**changes), content_type="application/json", headers=headers)
    return answer.status_code


def outcome(name: str) -> tuple[Counted, Counted]:
    return (
        Counted("booking_outcome_total", outcome=name),
        Counted("booking_creation_latency_seconds_count", outcome=name),
    )


@pytest.mark.parametrize(
    ("changes", "status", "name"),
    [
        ({}, 201, "created"),
        ({"partySize": 8}, 409, "capacity_exceeded"),
        ({"partySize": 9}, 422, "party_size_not_accepted"),
        ({"partySize": "4"}, 400, "validation_error"),
        ({"restaurantId": "nowhere"}, 404, "not_found"),
    ],
)
def test_a_booking_request_is_observed_by_its_outcome(
    client: Client, changes: dict[str, Any], status: int, name: str
) -> None:
    bistro(max_covers=6)
    counted = outcome(name)

    assert book(client, **changes) == status

    assert [each.grown for each in counted] == [1, 1]


def test_a_replay_is_an_outcome_of_its_own(client: Client) -> None:
    bistro()
    book(client, key="k")
    created, replayed = outcome("created"), outcome("replayed")

    book(client, key="k")

    assert [each.grown for each in (*created, *replayed)] == [0, 0, 1, 1]


def test_every_reason_of_a_refusal_is_counted(client: Client) -> None:
    bistro(max_covers=6, pacing_covers=6, occupancy_covers=80)
    book(client)
    reasons = {
        code: Counted("booking_capacity_exceeded_total", reason=code)
        for code in ("SERVICE_COVERS", "PACING_COVERS", "OCCUPANCY_COVERS")
    }

    book(client)

    assert {code: each.grown for code, each in reasons.items()} == {
        "SERVICE_COVERS": 1,
        "PACING_COVERS": 1,
        "OCCUPANCY_COVERS": 0,
    }


def test_what_nobody_expected_is_observed_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(guest, "create_booking_with_capacity_check", fail)
    client.raise_request_exception = False
    bistro()
    counted = outcome("internal_error")

    assert book(client) == 500

    assert [each.grown for each in counted] == [1, 1]


def test_only_availability_that_was_answered_is_timed(client: Client) -> None:
    bistro()
    counted = Counted("availability_check_latency_seconds_count")

    client.get("/api/availability", {**AVAILABILITY, "time": "19:00"})
    client.get("/api/availability", AVAILABILITY)
    client.get("/api/availability")
    client.get("/api/availability/days")

    assert counted.grown == 2


def test_other_methods_are_no_bookings(client: Client) -> None:
    counted = outcome("method_not_allowed")

    client.get("/api/bookings")

    assert [each.grown for each in counted] == [0, 0]


BEGINNING = """
import django
django.setup()
import config.urls
from prometheus_client import generate_latest
print(generate_latest().decode())
"""


def test_what_an_alert_waits_for_begins_at_nothing() -> None:
    code = [sys.executable, "-c", BEGINNING]
    page = subprocess.run(code, cwd=BASE_DIR, capture_output=True, text=True, check=True, timeout=60).stdout

    begun = {line for line in page.splitlines() if line.startswith("booking_") and "_total{" in line}
    disagreements = [name for name, reaction in REACTIONS.items() if reaction is Reaction.DISAGREEMENT]
    assert len(disagreements) == 6
    assert begun >= {
        *(f'booking_outcome_total{{outcome="{name}"}} 0.0' for name in (*DECIDED, *FAILURES)),
        *(f'booking_capacity_exceeded_total{{reason="{code}"}} 0.0' for code in CAPACITY_REASONS),
        *(
            f'booking_denied_covers_total{{mode="{mode}",reason="{code}"}} 0.0'
            for mode in DecisionMode
            for code in ReasonCode
        ),
        'booking_retries_total{sqlstate="40P01"} 0.0',
        *(f'booking_constraint_disagreement_total{{constraint="{name}"}} 0.0' for name in disagreements),
    }


def test_failures_are_every_answer_of_the_server_and_contention() -> None:
    assert {code.lower() for code, status in STATUS_OF_CODE.items() if status >= 500} | {"booking_conflict"} == set(
        FAILURES
    )


def test_what_is_decided_is_a_booking_or_refused_for_reasons() -> None:
    refusals = {kind.code.lower() for kind in (RequestRefused, *RequestRefused.__subclasses__())}

    assert set(DECIDED) == refusals | {"created"}
