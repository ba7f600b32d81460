"""Settings that contradict each other are named before anything starts."""

from typing import Any

import pytest
from django.core.checks import run_checks


@pytest.mark.parametrize(
    ("is_pooled", "gate", "isolation", "errors"),
    [
        (True, True, "serializable", ["maitre.E001"]),
        (True, False, "serializable", []),
        (True, True, "read committed", []),
        (False, True, "serializable", []),
    ],
)
def test_the_gate_is_refused_behind_a_transaction_pooler(
    settings: Any, monkeypatch: pytest.MonkeyPatch, is_pooled: bool, gate: bool, isolation: str, errors: list[str]
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "DISABLE_SERVER_SIDE_CURSORS", is_pooled)
    settings.BOOKING_GATE, settings.BOOKING_ISOLATION = gate, isolation

    assert [problem.id for problem in run_checks() if str(problem.id).startswith("maitre")] == errors


@pytest.mark.parametrize(
    ("names", "problems"),
    [
        ([], []),
        (["booking_slots"], ["maitre.W001"]),
        (["booking_slot"], ["maitre.E002"]),
        (["booking_slots", "auth_user"], ["maitre.E002"]),
    ],
)
def test_a_guard_that_is_down_is_said_and_one_that_is_misspelt_is_refused(
    settings: Any, names: list[str], problems: list[str]
) -> None:
    settings.ALLOW_DROP_TABLES = names

    assert [problem.id for problem in run_checks() if str(problem.id).startswith("maitre")] == problems
