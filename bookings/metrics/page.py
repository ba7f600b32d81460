"""The page itself. Without PROMETHEUS_MULTIPROC_DIR it shows the process that answers."""

import os
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views import View
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from bookings.metrics.asked import DatabaseCollector
from bookings.metrics.audits import AuditCollector
from bookings.metrics.configuration import ConfigurationCollector
from bookings.metrics.enforcement import EnforcementCollector
from bookings.metrics.ledger import AlternativesCollector
from bookings.metrics.queue import QueueCollector
from bookings.metrics.workers import WorkerCollector

ASKED_AT_EACH_SCRAPE: tuple[type[DatabaseCollector], ...] = (
    AuditCollector,
    ConfigurationCollector,
    EnforcementCollector,
    AlternativesCollector,
    QueueCollector,
)


class MetricsView(View):
    """Answer a scrape."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return all metrics in the text format of Prometheus."""
        directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        registry = CollectorRegistry()
        registry.register(WorkerCollector(Path(directory)) if directory else REGISTRY)
        for collector in ASKED_AT_EACH_SCRAPE:
            registry.register(collector())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
