"""Reads of the decision records."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from bookings.choices import DecisionVerdict
from bookings.decision.record import StateUnreadable, decode_state, reason_from
from bookings.insight.replay.replay import Replayed, decide_again
from bookings.models import Decision

# Rows are read in portions: a month of a busy house does not fit into memory with its states.
PORTION = 200


@dataclass(frozen=True)
class DecisionScope:
    """The decisions of one restaurant or all, decided in `[from_at, to_at)` or ever."""

    restaurant_id: int | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None

    @property
    def decisions(self) -> QuerySet[Decision]:
        """Return the decisions as a query that is not run yet."""
        found = Decision.objects.all()
        if self.restaurant_id is not None:
            found = found.filter(restaurant_id=self.restaurant_id)
        if self.from_at is not None:
            found = found.filter(decided_at__gte=self.from_at)
        return found if self.to_at is None else found.filter(decided_at__lt=self.to_at)


@dataclass(frozen=True)
class ReplayedDecision:
    """A recorded decision, decided again in its own mode, and on request in the other.

    `replayed` is None where no decision was made (`is_examined`) and where no state was stored with it. It is None too
    where the state could not be read (`is_readable`) or decided again; `problem` gives the cause.
    """

    decision: Decision
    replayed: Replayed | None = None
    in_other_mode: Replayed | None = None
    problem: str = ""
    is_readable: bool = True

    @property
    def is_examined(self) -> bool:
        """Say whether there was a decision: one that fails in shadow mode refuses no party, and has no reasons."""
        return self.decision.verdict != DecisionVerdict.UNEXAMINED


def count_decisions(scope: DecisionScope) -> int:
    """Count the decisions of a scope in 1 query."""
    return scope.decisions.count()


def replay_decisions(scope: DecisionScope, *, in_both_modes: bool = False) -> Iterator[ReplayedDecision]:
    """Decide the stored decisions again, the oldest first, from nothing but the values stored with them.

    The replay takes no lock and runs 1 query for every 200 decisions.
    """
    decisions = scope.decisions.select_related("restaurant")
    last_id = 0
    while portion := list(decisions.filter(pk__gt=last_id).order_by("pk")[:PORTION]):
        last_id = portion[-1].pk
        for decision in portion:
            yield _replay(decision, in_both_modes=in_both_modes)


def _replay(decision: Decision, *, in_both_modes: bool) -> ReplayedDecision:
    if decision.state is None or decision.verdict == DecisionVerdict.UNEXAMINED:
        return ReplayedDecision(decision)
    try:
        return _decide(decision, in_both_modes=in_both_modes)
    except StateUnreadable as error:
        return ReplayedDecision(decision, problem=str(error), is_readable=False)
    except Exception as error:
        # Whatever today's code cannot do with a decision of the past is what this is to find, and the next one waits.
        return ReplayedDecision(decision, problem=f"{type(error).__name__}: {error}")


def _decide(decision: Decision, *, in_both_modes: bool) -> ReplayedDecision:
    state = decode_state(bytes(decision.state or b""))
    stored = [reason_from(reason) for reason in decision.reasons]
    replayed = decide_again(state, stored)
    if not in_both_modes:
        return ReplayedDecision(decision, replayed)
    other = decide_again(state, stored, is_enforced=not state.case.is_enforced)
    return ReplayedDecision(decision, replayed, other)
