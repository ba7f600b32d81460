"""From the database to an alert: the running web server, a real Prometheus, the deployed rules."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from bookings.services import resume_enforcement, roll_back_enforcement
from tests.helpers.deployed_artifacts import rules
from tests.helpers.factories import BookingFactory, CapacityRuleFactory, days_ahead, open_restaurant
from tests.helpers.polling import wait_until
from tests.helpers.prometheus_server import Prometheus, running_prometheus

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.prometheus]

# Of these the issue allows sixty, one of them for the auditor to come round.
SECONDS = 60.0


@pytest.fixture
def prometheus(granian: str, tmp_path: Path) -> Iterator[Prometheus]:
    """Return a Prometheus that watches the web server on the test database."""
    with running_prometheus(granian, tmp_path) as running:
        yield running


def wait_for(condition: Callable[[], Any]) -> Any:
    found = wait_until(condition, seconds=SECONDS)
    assert found, "it did not happen in time"
    return found


def audit(*, finds_something: bool) -> None:
    if finds_something:
        with pytest.raises(SystemExit) as ended:
            call_command("audit_capacity")
        assert ended.value.code == 1
    else:
        call_command("audit_capacity")


def test_a_booking_inserted_behind_the_engines_back_is_a_metric_and_then_an_alert_until_it_is_gone(
    prometheus: Prometheus,
) -> None:
    restaurant = open_restaurant()
    CapacityRuleFactory(restaurant=restaurant, max_covers=4)
    audit(finds_something=False)
    wait_for(lambda: prometheus.values("booking_overbooking_detected") == [0])
    assert prometheus.firing("OverbookingDetected") == []

    booking = BookingFactory(restaurant=restaurant, business_date=days_ahead(), party_size=6, is_counted=False)
    audit(finds_something=True)

    wait_for(lambda: prometheus.values("booking_overbooking_detected") == [1])
    (alert,) = wait_for(lambda: prometheus.firing("OverbookingDetected"))
    assert alert["labels"] == {"alertname": "OverbookingDetected", "priority": "P0", "severity": "page"}
    assert alert["annotations"]["summary"] == "Overbookings: 1"

    booking.delete()
    audit(finds_something=False)

    wait_for(lambda: prometheus.values("booking_overbooking_detected") == [0])
    wait_for(lambda: not prometheus.firing("OverbookingDetected"))


def test_a_rollback_is_an_alert_until_limits_are_enforced_again(prometheus: Prometheus) -> None:
    open_restaurant()
    wait_for(lambda: prometheus.values('booking_enforcement_off{by="switch"}') == [0])

    roll_back_enforcement(reason="Too many calls")

    (alert,) = wait_for(lambda: prometheus.firing("EnforcementOff"))
    assert alert["labels"]["by"] == "switch"
    assert alert["annotations"]["summary"] == "Restaurants where limits refuse nobody, by switch: 1"

    resume_enforcement(reason="Explained")

    wait_for(lambda: prometheus.values('booking_enforcement_off{by="switch"}') == [0])
    wait_for(lambda: not prometheus.firing("EnforcementOff"))


def test_prometheus_evaluates_every_rule_without_an_error(prometheus: Prometheus) -> None:
    wait_for(lambda: all(rule["health"] != "unknown" for rule in prometheus.rules()))

    found = prometheus.rules()
    assert {rule["name"] for rule in found} == {rule.get("alert", rule.get("record")) for rule in rules()}
    assert [rule for rule in found if rule["health"] != "ok"] == []
