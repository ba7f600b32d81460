"""The verdict on a restaurant's rollout: the proof of its evenings, its wrong settings, the advice. Pure: no Django."""

from bookings.insight.verdict.facts import RolloutReport
from bookings.insight.verdict.recommendation import Advised, Evidence, Recommendation, recommend

__all__ = ["Advised", "Evidence", "Recommendation", "RolloutReport", "recommend"]
