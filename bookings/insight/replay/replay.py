"""Decide a stored case again, as it was or in the other mode, and compare. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bookings.decision.assessment import AskPlanner, Judgement, judge
from bookings.decision.record.wire import StoredState
from bookings.decision.time_budgets import SOLVING, WITHOUT_EXACT
from capacity.reasons import Reason, ReasonCode
from tables.seating import SeatingOutcome, SeatingPlanner, SeatingRequest, SeatingUndecided


class Verdict(StrEnum):
    """The relation of a repeated decision to the first one."""

    AGREES = "agree"
    DIFFERS = "differ"
    # The planner ran out of time, then or now: what it would have said is not known.
    WITHOUT_PLANNER = "agree, but for the tables: the planner ran out of time"


@dataclass(frozen=True)
class Replayed:
    """A decision made again: every reason that holds, also where it is waived."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    judgement: Judgement


def decide_again(state: StoredState, reasons: Sequence[Reason], *, is_enforced: bool | None = None) -> Replayed:
    """Decide a case again, in its own mode or another, and hold it against the reasons that were stored.

    Both modes decide in full, so the reasons of a case are the same in both; only their consequence differs.
    """
    case = state.case if is_enforced is None else replace(state.case, is_enforced=is_enforced)
    judged = judge(case, _planner_of(state))
    if not case.is_enforced:
        judged = judged.in_shadow()
    found = (*judged.decision.reasons, *judged.decision.waived)
    return Replayed(_compare(state, tuple(reasons), found, judged), found, judged)


def _planner_of(state: StoredState) -> AskPlanner:
    planner = SeatingPlanner(state.seating) if state.seating else None

    def ask(request: SeatingRequest, *, is_refused: bool) -> SeatingOutcome:
        if planner is None:
            raise ValueError("a case that needs a table is stored with who sat where")
        return planner.plan(request, budget=WITHOUT_EXACT if is_refused else SOLVING)

    return ask


def _compare(state: StoredState, stored: tuple[Reason, ...], found: tuple[Reason, ...], judged: Judgement) -> Verdict:
    if _in_order(stored) == _in_order(found):
        return Verdict.AGREES
    is_undecided = state.is_undecided or isinstance(judged.seating, SeatingUndecided)
    if is_undecided and _in_order(_of_limits(stored)) == _in_order(_of_limits(found)):
        return Verdict.WITHOUT_PLANNER
    return Verdict.DIFFERS


def _of_limits(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    return tuple(reason for reason in reasons if reason.code is not ReasonCode.NO_TABLE)


def _in_order(reasons: Sequence[Reason]) -> list[Reason]:
    order = list(ReasonCode)
    return sorted(reasons, key=lambda reason: order.index(reason.code))
