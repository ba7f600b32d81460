"""The reads of a rollout report: each selector in a fixed number of queries."""

from bookings.insight.verdict.reading.building import DEFAULT_DAYS, MOST_DAYS, get_rollout_report

__all__ = ["DEFAULT_DAYS", "MOST_DAYS", "get_rollout_report"]
