"""Prometheus takes rules and sample configuration, and every alert fires and stays silent where it should."""

import re
from typing import Any

import pytest
import yaml

from bookings.api.base import DECIDED, FAILURES
from tests.deploy.programs import PROMETHEUS, run_program
from tests.helpers.deployed_artifacts import RULE_TESTS, RULES, alerts, asked_by, groups, recorded

pytestmark = pytest.mark.prometheus

ASKED_FOR = {
    "P0": {"OverbookingDetected", "AuditorSilent", "BookingErrors", "ApplicationDown"},
    "P1": {
        *("BookingLatencyHigh", "AvailabilityLatencyHigh", "BookingErrorBudgetBurnsFast", "BookingErrorBudgetBurns"),
        *("Deadlocks", "RestaurantWithoutRules", "RestaurantWithoutTables", "EnforcementOff", "QueueLag", "JobsDead"),
        *("AuditProblems", "ConstraintDisagreement", "ShadowErrors", "DecisionsLost", "PoolWaitHigh"),
    },
}
every_alert = pytest.mark.parametrize("name", alerts())


def test_prometheus_takes_the_sample_configuration_with_its_rules() -> None:
    assert "1 rule files found" in run_program("promtool", "check", "config", PROMETHEUS / "prometheus.yml")


def test_prometheus_takes_the_rules_and_none_is_there_twice() -> None:
    run_program("promtool", "check", "rules", "--lint=all", "--lint-fatal", RULES)


@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.name)
def test_the_rules_pass_their_tests(path: Any) -> None:
    assert "SUCCESS" in run_program("promtool", "test", "rules", path)


def test_every_file_of_rule_tests_is_run() -> None:
    assert set(RULE_TESTS) == set(PROMETHEUS.glob("*.test.yml"))


def test_the_alerts_have_the_priorities_of_the_plan() -> None:
    found = {name: rule["labels"] for name, rule in alerts().items()}

    assert found == {
        name: {"priority": priority, "severity": "page" if priority == "P0" else "ticket"}
        for priority, names in ASKED_FOR.items()
        for name in names
    }


def test_an_overbooking_waits_for_nothing_and_a_page_for_a_minute_at_most() -> None:
    waits = {name: alerts()[name].get("for") for name in ASKED_FOR["P0"]}

    assert waits.pop("OverbookingDetected") is None
    assert set(waits.values()) == {"1m"}


@every_alert
def test_an_alert_says_what_is_wrong(name: str) -> None:
    annotations = alerts()[name]["annotations"]

    assert set(annotations) == {"summary", "description", "runbook_url"}
    assert all(text.strip() for text in annotations.values())


def rule_tests() -> list[dict[str, Any]]:
    return [case for path in RULE_TESTS for case in yaml.safe_load(path.read_text())["tests"]]


@every_alert
def test_an_alert_is_tested_to_fire_and_to_stay_silent(name: str) -> None:
    asked = [each for case in rule_tests() for each in case["promql_expr_test"] if _is_of(each["expr"], name)]
    expected = [each["exp_samples"] for each in asked]

    assert any('alertstate="firing"' in sample["labels"] for samples in expected for sample in samples)
    assert [] in expected


def _is_of(expression: str, name: str) -> bool:
    chosen = re.search(r'ALERTS{alertname=~?"(.+?)"', expression)
    return chosen is not None and re.fullmatch(chosen[1], name) is not None


@pytest.mark.parametrize("group", groups(), ids=lambda group: group["name"])
def test_a_rule_asks_only_for_what_its_own_group_has_recorded_before(group: dict[str, Any]) -> None:
    known: set[str] = set()
    for rule in group["rules"]:
        asked = {each.name for each in asked_by(rule["expr"])}
        assert asked & set(recorded()) <= known
        known.add(rule.get("record", ""))


def test_failures_are_those_that_the_application_counts_as_such() -> None:
    own = [rule["expr"] for name, rule in recorded().items() if name.startswith("booking:failures:increase")]

    assert len(own) == 4
    assert all(f'{{outcome=~"{"|".join(sorted(FAILURES))}"}}' in expression for expression in own)


def test_what_a_share_is_of_and_what_is_timed_came_to_a_decision_or_failed() -> None:
    of = f'{{outcome=~"{"|".join(sorted((*DECIDED, *FAILURES)))}"}}'
    names = ("booking:requests:increase", "booking:decided:increase", "booking:creation_latency:")
    own = [rule["expr"] for name, rule in recorded().items() if name.startswith(names)]

    assert len(own) == 7
    assert all(of in expression for expression in own)


def test_the_plans_names_are_recorded() -> None:
    assert {"booking:creation_latency:p95", "availability:check_latency:p95"} <= set(recorded())
