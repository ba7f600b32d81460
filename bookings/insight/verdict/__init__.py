"""The verdict on a restaurant's rollout: what its evenings proved, what is set wrongly, what to do. Pure: no Django."""

from bookings.insight.verdict.facts import RolloutReport
from bookings.insight.verdict.recommendation import Advised, Evidence, Recommendation, recommend

__all__ = ["Advised", "Evidence", "Recommendation", "RolloutReport", "recommend"]
