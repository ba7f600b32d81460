"""Rules and dashboard ask for series that the code makes, by labels that they have."""

import pytest

from tests.helpers.deployed_artifacts import Asked, alerts, asked_by, expressions, recorded
from tests.helpers.inventory import labels_of_metrics

NOTHING: frozenset[str] = frozenset()

OF_EVERY_TARGET = frozenset({"job", "instance"})
OF_PROMETHEUS = {"up": OF_EVERY_TARGET, "ALERTS": frozenset({"alertname", "alertstate", "priority", "severity"})}


def series_known() -> dict[str, frozenset[str]]:
    """Return the labels of every series that can be asked for, by name."""
    made = labels_of_metrics()
    known = OF_PROMETHEUS | {name: labels | OF_EVERY_TARGET for name, labels in made.items()}
    for name, labels in made.items():
        if not name.endswith("_total"):
            known[f"{name}_bucket"] = labels | OF_EVERY_TARGET | {"le"}
            known[f"{name}_sum"] = known[f"{name}_count"] = labels | OF_EVERY_TARGET
    return known | dict.fromkeys(recorded(), NOTHING)


def unknown_in(expression: str) -> list[Asked]:
    known = series_known()
    return [each for each in asked_by(expression) if each.name not in known or not each.labels <= known[each.name]]


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_asks_for_what_is_there(expression: str) -> None:
    assert asked_by(expression)
    assert unknown_in(expression) == []


@pytest.mark.parametrize(
    "expression",
    [
        "booking_outcomes_total",
        'booking_outcome_total{result="created"}',
        "sum by (reason) (rate(booking_outcome_total[5m]))",
        "booking_outcome_total_bucket",
        "sum by (le) (booking_audit_problems)",
        "booking:creation_latency:p99",
        "absent(booking_audit_age)",
    ],
)
def test_a_wrong_name_or_label_is_found(expression: str) -> None:
    assert len(unknown_in(expression)) == 1


@pytest.mark.parametrize("name", alerts())
def test_an_alert_names_only_labels_that_it_has(name: str) -> None:
    rule = alerts()[name]
    has = {label for asked in asked_by(rule["expr"]) for label in asked.labels}

    named = {label for text in rule["annotations"].values() for label in _labels_named(text)}

    assert named <= has


def _labels_named(text: str) -> list[str]:
    return [part.split()[0].rstrip("}") for part in text.split("$labels.")[1:]]
