"""The page itself. Without PROMETHEUS_MULTIPROC_DIR it shows the process that answers."""

import os
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views import View
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from bookings.insight.metrics.asked import DatabaseCollector, Question
from bookings.insight.metrics.audits import AuditQuestion
from bookings.insight.metrics.configuration import ConfigurationQuestion
from bookings.insight.metrics.decisions import AlternativesQuestion
from bookings.insight.metrics.enforcement import EnforcementQuestion
from bookings.insight.metrics.queue import QueueQuestion
from bookings.insight.metrics.workers import WorkerCollector

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
