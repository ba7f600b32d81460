"""The findings of the latest full audit."""

from collections.abc import Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from bookings.insight.metrics.asked import Question
from bookings.selectors import get_latest_audit
from capacity.selectors import read_clock


class AuditQuestion(Question):
    """Read the latest full audit. Before the first one there is no sample."""

    about = "audit"

    def ask(self) -> Iterator[Metric]:
        """Yield the findings of the latest full audit and its age, in 2 queries."""
        latest = get_latest_audit()
        if latest is None:
            return
        age = read_clock() - latest.started_at
        yield GaugeMetricFamily(
            "booking_overbooking_detected",
            "Overbookings that the latest full audit found, beyond what was authorised: must be 0.",
            latest.overbookings,
        )
        yield GaugeMetricFamily(
            "booking_audit_problems",
            "Other problems that the latest full audit found, as counters that drifted: must be 0.",
            latest.problems,
        )
        yield GaugeMetricFamily(
            "booking_audit_age_seconds",
            "Time since the latest full audit looked at the database.",
            age.total_seconds(),
        )
