"""The jobs that should not stay in the queues for long."""

from collections.abc import Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from bookings.insight.metrics.asked import Question
from bookings.selectors.jobs import list_queue_states


class QueueQuestion(Question):
    """Read the queues: one without a worker gets older and older."""

    about = "queues"

    def ask(self) -> Iterator[Metric]:
        """Yield lag and dead jobs of each queue, in 3 queries."""
        lag = GaugeMetricFamily(
            "booking_queue_lag_seconds",
            "Age of the oldest job that is due and was not begun, 0 if there is none.",
            labels=["queue"],
        )
        dead = GaugeMetricFamily(
            "booking_jobs_dead", "Jobs that were given up after their last attempt.", labels=["queue"]
        )
        for state in list_queue_states():
            lag.add_metric([state.queue], state.lag.total_seconds())
            dead.add_metric([state.queue], state.dead)
        yield lag
        yield dead
