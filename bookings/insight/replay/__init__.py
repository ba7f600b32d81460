"""Decide recorded decisions again, from the values kept with them."""

from bookings.insight.replay.replay import Replayed, Verdict, decide_again

__all__ = ["Replayed", "Verdict", "decide_again"]
