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
