"""The page itself. Without PROMETHEUS_MULTIPROC_DIR it shows the process that answers."""

import os
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views import View
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from bookings.metrics.asked import DatabaseCollector, Question
from bookings.metrics.audits import AuditQuestion
from bookings.metrics.configuration import ConfigurationQuestion
from bookings.metrics.enforcement import EnforcementQuestion
from bookings.metrics.ledger import AlternativesQuestion
from bookings.metrics.queue import QueueQuestion
from bookings.metrics.workers import WorkerCollector

ASKED_AT_EACH_SCRAPE: tuple[Question, ...] = (
    AuditQuestion(),
    ConfigurationQuestion(),
    EnforcementQuestion(),
    AlternativesQuestion(),
    QueueQuestion(),
)


class MetricsView(View):
    """Answer a scrape."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return all metrics in the text format of Prometheus."""
        directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        registry = CollectorRegistry()
        registry.register(WorkerCollector(Path(directory)) if directory else REGISTRY)
        registry.register(DatabaseCollector(ASKED_AT_EACH_SCRAPE))
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
