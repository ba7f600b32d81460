"""Alertmanager takes the sample configuration, and pages P0 at once."""

import re
from typing import Any

import pytest
import yaml

from tests.deploy.programs import PROMETHEUS, run_program
from tests.helpers.deployed_artifacts import alerts

pytestmark = pytest.mark.prometheus

CONFIGURATION = PROMETHEUS / "alertmanager.yml"


def configured() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(CONFIGURATION.read_text())
    return read


def test_alertmanager_takes_the_sample_configuration() -> None:
    assert "SUCCESS" in run_program("amtool", "check-config", CONFIGURATION)


@pytest.mark.parametrize("name", alerts())
def test_p0_goes_to_the_pager_and_p1_becomes_a_ticket(name: str) -> None:
    labels = alerts()[name]["labels"] | {"alertname": name}
    given = [f"{label}={value}" for label, value in labels.items()]

    routed = run_program("amtool", "config", "routes", "test", "--config.file", CONFIGURATION, *given)

    assert routed.splitlines()[-1] == {"P0": "pager", "P1": "tickets"}[labels["priority"]]


def test_a_page_waits_for_no_other_alert_and_is_repeated() -> None:
    (page,) = configured()["route"]["routes"]

    assert (page["group_wait"], page["repeat_interval"]) == ("0s", "15m")


def test_what_silences_another_alert_is_an_alert_and_no_overbooking_is_ever_silenced() -> None:
    silenced = {name for rule in configured()["inhibit_rules"] for name in _named(rule["target_matchers"])}
    silencing = {name for rule in configured()["inhibit_rules"] for name in _named(rule["source_matchers"])}

    assert silenced == {"AuditorSilent", "BookingErrorBudgetBurns", "BookingErrorBudgetBurnsFast"}
    assert silencing == {"ApplicationDown", "BookingErrors", "BookingErrorBudgetBurnsFast"}


def _named(matchers: list[str]) -> set[str]:
    """Return the alerts that matchers on their name choose."""
    (pattern,) = (re.fullmatch(r'alertname=~?"(.+)"', matcher) for matcher in matchers)
    assert pattern
    return {name for name in alerts() if re.fullmatch(pattern[1], name)}


def test_the_sample_names_nobody() -> None:
    addresses = re.findall(r"https?://([\w.-]+)", CONFIGURATION.read_text())

    assert addresses
    assert [address for address in addresses if not address.endswith(".example")] == []
