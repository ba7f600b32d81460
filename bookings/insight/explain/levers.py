"""The smallest changes that would make room, each tried on the decision itself, one at a time.

A `Trial` is a case with one thing changed. Trials come in ladders, from the smallest change of a kind to larger ones;
of each ladder the first that make room are kept. Where limits refuse too, raising them is a part of every change of the
floor.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bookings.decision import Assessment
from bookings.insight.explain.changes import Case
from bookings.selectors.plans import ExplainedPlan, Names
from capacity.limits import LIMIT_OF
from capacity.policy import LimitUse, ReasonCode


class LeverKind(StrEnum):
    """The kind of a change; of equally small levers the earlier kind comes first."""

    OTHER_START = "other_start"
    LIMITS = "limits"
    SEATING_WISH = "seating_wish"
    RELEASE = "release"
    AUDIENCE = "audience"
    UNBLOCK = "unblock"
    PARTY_SIZE = "party_size"
    SHORTER_STAY = "shorter_stay"
    CHANNEL = "channel"


@dataclass(frozen=True)
class RaisedLimit:
    """A limit, now `limit`, that would have to be higher by `more`."""

    code: ReasonCode
    limit: int
    more: int


@dataclass(frozen=True)
class Trial:
    """A change to try; one step is a slot, a cover or party, a table, a booking, a block."""

    kind: LeverKind
    case: Case
    text: str
    steps: int
    limits: tuple[RaisedLimit, ...] = ()
    tables: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lever:
    """A change that makes room by itself, proven by the decision, and the plan that results.

    All else is as it was asked: start, party size, stay, seating wish, way in. `tables` are those to open or to free of
    a block, `references` the bookings to release.
    """

    kind: LeverKind
    text: str
    steps: int
    limits: tuple[RaisedLimit, ...]
    tables: tuple[str, ...]
    references: tuple[str, ...]
    assessment: Assessment
    plan: ExplainedPlan | None

    @property
    def starts_at(self) -> datetime:
        return self.assessment.wish.starts_at


@dataclass(frozen=True)
class Ladder:
    """Trials from small to large; of those that make room the first `most` are kept."""

    trials: Iterable[Trial]
    most: int = 1


@dataclass
class Patience:
    """The time budget for the search for levers, in seconds; `ran_out` says that there was more to try."""

    seconds: float
    ran_out: bool = False
    _started: float = field(default_factory=time.monotonic)

    def lasts(self) -> bool:
        """Say whether there is time for another trial."""
        if time.monotonic() - self._started > self.seconds:
            self.ran_out = True
        return not self.ran_out


def climb(ladders: Iterable[Ladder], names: Names, patience: Patience, *, most: int) -> tuple[Lever, ...]:
    """Return the levers that make room, the smallest first, at most `most`."""
    found = [lever for ladder in ladders for lever in _climb(ladder, names, patience)]
    order = list(LeverKind)
    found.sort(key=lambda lever: (lever.steps, order.index(lever.kind), lever.starts_at, lever.text))
    return tuple(found[:most])


def _climb(ladder: Ladder, names: Names, patience: Patience) -> Iterator[Lever]:
    kept = 0
    for trial in ladder.trials:
        if kept == ladder.most or not patience.lasts():
            return
        assessment = trial.case.assess()
        if assessment.is_available:
            kept += 1
            yield _lever(trial, assessment, names)


def _lever(trial: Trial, assessment: Assessment, names: Names) -> Lever:
    raised = " and ".join(raised_text(limit) for limit in trial.limits)
    return Lever(
        kind=trial.kind,
        text=" and ".join(part for part in (raised, trial.text) if part),
        steps=trial.steps + sum(limit.more for limit in trial.limits),
        limits=trial.limits,
        tables=trial.tables,
        references=trial.references,
        assessment=assessment,
        plan=names.plan(trial.case.loaded, assessment.plan) if assessment.plan else None,
    )


def raised_limits(uses: Sequence[LimitUse], party_size: int) -> tuple[RaisedLimit, ...]:
    """Return the limits that are too low for a party, each with the amount that is missing."""
    return tuple(
        RaisedLimit(use.code, use.limit, use.used + use.asked_by(party_size) - use.limit)
        for use in uses
        if use.limit is not None and use.refuses(use.asked_by(party_size))
    )


def raised_text(raised: RaisedLimit) -> str:
    """Return the amount by which a limit would have to be higher: "2 more pacing covers"."""
    limit = LIMIT_OF[raised.code]
    return f"{raised.more} more {limit.kind} {limit.unit.noun(raised.more)}"
