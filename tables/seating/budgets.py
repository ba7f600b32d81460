"""The time budget of the planner."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf
from time import monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBudget:
    """The time budget of the planner: seconds of its exact model, and nodes of its search for moves.

    `exact_seconds` is for all questions together, `at_once` for one of them; with 0 the exact model is not asked.
    """

    exact_seconds: float = 1.0
    at_once: float = inf
    chain_nodes: int = 500


class TimeLeft:
    """The rest of a time budget for questions that come one after another."""

    def __init__(self, budget: TimeBudget) -> None:
        self.budget = budget
        self.exact_seconds = budget.exact_seconds

    @contextmanager
    def thinking(self, at_most: TimeBudget | None = None) -> Iterator[TimeBudget]:
        """Give the budget of the next question, perhaps less than the whole budget, and take off the time used."""
        asked = at_most or self.budget
        started = monotonic()
        yield replace(asked, exact_seconds=max(0.0, min(asked.exact_seconds, asked.at_once, self.exact_seconds)))
        self.exact_seconds -= monotonic() - started
