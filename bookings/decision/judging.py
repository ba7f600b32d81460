"""One decision from all that it is made on: policy first, then the planner. Pure: no Django, no clock.

Whoever has the case of a decision of the past, and who sat where, decides it again with the same function.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from capacity.policy import DayState, Decision, PartyRequest, Reason, ReasonCode, decide
from tables.seating import SeatingOutcome, SeatingRefusal, SeatingRequest, SeatingUndecided


@dataclass(frozen=True, slots=True)
class DecisionCase:
    """What one decision is made on, beside who sits where; `seating` is None where no table is needed."""

    request: PartyRequest
    day: DayState
    now: datetime
    seating: SeatingRequest | None
    is_enforced: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision, and what the planner said; `is_unexamined` says that deciding failed, in shadow mode."""

    decision: Decision
    seating: SeatingOutcome | None
    is_unexamined: bool = False

    def in_shadow(self) -> "Judgement":
        """Return the judgement with limits and tables waived."""
        return replace(self, decision=self.decision.in_shadow())


class AskPlanner(Protocol):
    """Ask who sits where; `is_refused` says that a limit refuses already, so that a table is one reason more."""

    def __call__(self, request: SeatingRequest, *, is_refused: bool) -> SeatingOutcome: ...


def judge(case: DecisionCase, ask: AskPlanner) -> Judgement:
    """Decide a case as if limits were enforced."""
    decision = decide(case.request, case.day, case.now)
    if case.seating is None or case.day.service is None:
        return Judgement(decision, None)
    seating = ask(case.seating, is_refused=not decision.is_accepted)
    if isinstance(seating, SeatingRefusal):
        day = replace(case.day, no_table=_no_table(seating))
        return Judgement(decide(case.request, day, case.now), seating)
    if isinstance(seating, SeatingUndecided) and decision.is_accepted:
        decision = replace(decision, is_undecided=True)
    return Judgement(decision, seating)


def _no_table(refusal: SeatingRefusal) -> Reason:
    # A table that is free, but without which a party that has none could not be seated, is as good as taken.
    return Reason(ReasonCode.NO_TABLE, limit=refusal.suitable, used=refusal.suitable, asked=1)
