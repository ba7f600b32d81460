"""The page that Prometheus scrapes: the metrics of all worker processes, and what the database says at that moment."""

from bookings.insight.metrics.page import MetricsView
from bookings.insight.metrics.workers import WorkerCollector

__all__ = ["MetricsView", "WorkerCollector"]
