"""The restaurants whose limits refuse no party though they are meant to."""

from collections.abc import Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from bookings.insight.metrics.asked import Question
from bookings.selectors.enforcement import get_enforcement_off


class EnforcementQuestion(Question):
    """Read the three switches of enforcement."""

    about = "enforcement"

    def ask(self) -> Iterator[Metric]:
        """Yield the number of restaurants that are not enforced, by cause, in 2 queries, 3 if the switch is off."""
        found = get_enforcement_off()
        off = GaugeMetricFamily(
            "booking_enforcement_off",
            "Active restaurants that would be enforced but are not, by environment, switch or restaurant.",
            labels=["by"],
        )
        off.add_metric(["environment"], found.by_environment)
        off.add_metric(["switch"], found.by_switch)
        off.add_metric(["restaurant"], found.by_restaurant)
        yield off
