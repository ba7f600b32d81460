"""The gaps in the settings of the restaurants."""

from collections.abc import Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from bookings.insight.metrics.asked import Question
from bookings.selectors.configuration import get_configuration


class ConfigurationQuestion(Question):
    """Read the settings of all active restaurants."""

    about = "configuration"

    def ask(self) -> Iterator[Metric]:
        """Yield the state of rules and tables, in 3 queries."""
        found = get_configuration()
        yield GaugeMetricFamily(
            "booking_configuration_coverage_ratio",
            "Share of the offered service periods of active restaurants that a standing rule limits; 1 without any.",
            found.coverage_ratio,
        )
        yield GaugeMetricFamily(
            "booking_restaurants_without_rules",
            "Active restaurants that offer a service period and have no capacity rule that limits: must be 0.",
            found.restaurants_without_rules,
        )
        yield GaugeMetricFamily(
            "booking_restaurants_without_tables",
            "Active restaurants that expect parties at tables and have no active table: must be 0.",
            found.restaurants_without_tables,
        )
