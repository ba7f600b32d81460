"""The page itself, by METRICS_TOKEN where one is set; without PROMETHEUS_MULTIPROC_DIR of the process that answers."""

import os
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views import View
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from bookings.insight.metrics.asked import DatabaseCollector, Question
from bookings.insight.metrics.audits import AuditQuestion
from bookings.insight.metrics.configuration import ConfigurationQuestion
from bookings.insight.metrics.decisions import AlternativesQuestion
from bookings.insight.metrics.enforcement import EnforcementQuestion
from bookings.insight.metrics.queue import QueueQuestion
from bookings.insight.metrics.workers import WorkerCollector
from config.api import error_response

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
        """Return all metrics in the text format of Prometheus, 401 without the token."""
        if settings.METRICS_TOKEN and not _has_token(request):
            refusal = error_response("UNAUTHENTICATED")
            refusal["WWW-Authenticate"] = 'Bearer realm="metrics"'
            return refusal
        directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        registry = CollectorRegistry()
        registry.register(WorkerCollector(Path(directory)) if directory else REGISTRY)
        registry.register(DatabaseCollector(ASKED_AT_EACH_SCRAPE))
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.casefold() == "bearer" and constant_time_compare(token.strip(), settings.METRICS_TOKEN)
