"""The verdict on a restaurant's rollout: what its evenings proved, what is set wrongly, what to do. Pure: no Django."""

from bookings.rollout_report.facts import Misconfiguration, RolloutReport
from bookings.rollout_report.recommendation import Advised, Evidence, Recommendation, recommend

__all__ = ["Advised", "Evidence", "Misconfiguration", "Recommendation", "RolloutReport", "recommend"]
