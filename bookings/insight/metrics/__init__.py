"""The page that Prometheus scrapes: the metrics of all worker processes, and the database's answers at that moment."""

from bookings.insight.metrics.page import MetricsView
from bookings.insight.metrics.workers import WorkerCollector

__all__ = ["MetricsView", "WorkerCollector"]
