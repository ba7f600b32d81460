"""What is asked of the database at each scrape: it is the same for all processes."""

from collections.abc import Iterator

from django.db import DatabaseError
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class DatabaseCollector(Collector):
    """Metrics that the database answers. While it is away they have no sample: an alert also asks for the absence."""

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics, none while the database is away."""
        try:
            yield from list(self.ask())
        except DatabaseError:
            return

    def ask(self) -> Iterator[Metric]:
        """Yield the metrics.

        Raises: `DatabaseError`.
        """
        raise NotImplementedError
