"""The page that Prometheus scrapes: the metrics of all worker processes, and what the latest audit found.

With PROMETHEUS_MULTIPROC_DIR each process writes its metrics to files there, which stay when the
process ends: counters and histograms are summed over all of them, so that no count is lost with a
worker. Without it the page shows the process that answers.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views import View
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from bookings.selectors import get_latest_audit
from capacity.selectors import read_clock


class AuditCollector(Collector):
    """Read the latest full audit at each scrape: it is the same for all processes.

    Before the first one, or while the database is away, there is no sample: an alert on the
    overbookings also needs one on the absence of the age.
    """

    def collect(self) -> Iterator[Metric]:
        """Yield what the latest full audit found and how long ago it looked, in 2 queries."""
        try:
            latest = get_latest_audit()
            if latest is None:
                return
            age = read_clock() - latest.started_at
        except DatabaseError:
            return
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


class WorkerCollector(Collector):
    """Sum the metrics that all worker processes, also those that ended, have written to a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def collect(self) -> Iterable[Metric]:
        """Return the metrics of all processes; gauges of those alone that still run."""
        self._forget_gauges_of_the_dead()
        # A process that is just being born, or was killed at that moment, has a file with nothing in it.
        files = [str(file) for file in self.directory.glob("*.db") if _size_of(file)]
        metrics: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call] # of the library
        return metrics

    def _forget_gauges_of_the_dead(self) -> None:
        # granian tells nobody when a worker ends.
        for process_id in {_process_of(file) for file in self.directory.glob("gauge_live*.db")}:
            if not _is_running(process_id):
                # Two scrapes at once may both see it.
                with suppress(FileNotFoundError):
                    mark_process_dead(process_id, path=str(self.directory))  # type: ignore[no-untyped-call] # likewise


def _size_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _process_of(file: Path) -> int:
    return int(file.stem.rpartition("_")[2])


def _is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class MetricsView(View):
    """Answer a scrape."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return all metrics in the text format of Prometheus."""
        directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        registry = CollectorRegistry()
        registry.register(WorkerCollector(Path(directory)) if directory else REGISTRY)
        registry.register(AuditCollector())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
