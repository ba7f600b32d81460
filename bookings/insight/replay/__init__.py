"""Decide recorded decisions again, from what was kept of them."""

from bookings.insight.replay.replay import Replayed, Verdict, decide_again

__all__ = ["Replayed", "Verdict", "decide_again"]
