"""Ask policy and seating about one wish."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bookings.decision.loaded_days import LoadedDays, SolvedSeating
from bookings.decision.requests import Wish, seating_request, stay_interval
from bookings.decision.time_budgets import WITHOUT_EXACT
from capacity.policy import (
    DayState,
    Decision,
    LimitUse,
    PartyRequest,
    ServiceState,
    SlotState,
    decide,
    decide_without_capacity,
    fullest_use,
    limits_met,
)
from capacity.reasons import Reason, ReasonCode
from capacity.selectors import ServiceSettings
from config import metrics
from tables.seating import SeatingOutcome, SeatingPlan, SeatingRefusal, SeatingRequest, SeatingUndecided, TimeBudget
from tables.spans import TimeSpan

logger = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DecisionCase:
    """The case of one decision, without the seating of the house; `seating` is None where no table is needed."""

    request: PartyRequest
    day: DayState
    now: datetime
    seating: SeatingRequest | None
    is_enforced: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision and the planner's answer; `is_unexamined` says that deciding failed, in shadow mode."""

    decision: Decision
    seating: SeatingOutcome | None
    is_unexamined: bool = False

    def in_shadow(self) -> "Judgement":
        """Return the judgement with limits and tables waived."""
        return replace(self, decision=self.decision.in_shadow())


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer to a wish: the decision, the stay, the planner's answer.

    `[starts_at of the wish, ends_at)` is the stay; `blocked_until` adds the buffer. `seating` is None where no table is
    needed. `case` is the decided case; `is_unexamined` says that in shadow mode the decision failed.
    """

    wish: Wish
    decision: Decision
    turn_minutes: int
    buffer_minutes: int
    seating: SeatingOutcome | None
    case: DecisionCase
    is_unexamined: bool = False

    @property
    def service(self) -> ServiceState | None:
        """Return the service day in which the party would start, None outside every service."""
        return self.case.day.service

    @property
    def present(self) -> tuple[SlotState, ...]:
        """Return the slots, of any service day, that the stay touches."""
        return self.case.day.present

    @property
    def is_available(self) -> bool:
        """Say whether the party can be taken, proven by a plan where it needs a table."""
        return self.decision.is_accepted and not self.is_undecided

    @property
    def is_undecided(self) -> bool:
        """Say whether all but the tables accept the party, and the planner ran out of time."""
        return self.decision.is_undecided

    @property
    def is_for_the_planner_to_tell(self) -> bool:
        """Say whether all but the tables accept the party, whatever the mode waives, and tables are not settled."""
        reasons = (*self.decision.reasons, *self.decision.waived)
        return isinstance(self.seating, SeatingUndecided) and not reasons

    @property
    def is_refused(self) -> bool:
        return not self.decision.is_accepted

    @property
    def plan(self) -> SeatingPlan | None:
        """Return the tables planned for each party; None where no table is needed, or none was found."""
        return self.seating if isinstance(self.seating, SeatingPlan) else None

    @property
    def ends_at(self) -> datetime:
        return self.wish.starts_at + timedelta(minutes=self.turn_minutes)

    @property
    def blocked_until(self) -> datetime:
        return self.ends_at + timedelta(minutes=self.buffer_minutes)

    @property
    def blocked(self) -> TimeSpan:
        """Return the time that its tables are kept, the buffer included."""
        return TimeSpan(self.wish.starts_at, self.blocked_until)

    @property
    def uses(self) -> tuple[LimitUse, ...]:
        """Return every limit that this start meets; none outside service."""
        if self.service is None:
            return ()
        return tuple(use for use, _ in limits_met(self.wish.starts_at, self.service, self.present))

    @property
    def fullest(self) -> LimitUse | None:
        """Return the limit that this start meets and that is used most."""
        return fullest_use(self.uses)


def assess(
    loaded: LoadedDays, wish: Wish, *, case: DecisionCase | None = None, at_most: TimeBudget | None = None
) -> Assessment:
    """Decide a wish on loaded days by policy, planner (with their time budget, or less) and mode.

    `case` is what is decided on, where the wish does not say it all.
    """
    stay = stay_interval(loaded.settings, wish)
    decided = case or _case_of(loaded, wish)
    judged = _judge_in_mode(loaded, decided, at_most, is_thorough=wish.answers_for)
    return Assessment(
        wish=wish,
        decision=judged.decision,
        turn_minutes=int((stay.ends_at - stay.starts_at).total_seconds() // 60),
        buffer_minutes=loaded.settings.restaurant.buffer_minutes,
        seating=judged.seating,
        case=decided,
        is_unexamined=judged.is_unexamined,
    )


def assess_settled(
    loaded: LoadedDays, wish: Wish, seating: SeatingOutcome | None, *, case: DecisionCase | None = None
) -> Assessment:
    """Decide a wish with settled tables by the limits alone; `seating` is the answer that settled them."""
    limits_alone = replace(case or _case_of(loaded, wish), seating=None)
    return replace(assess(loaded, wish, case=limits_alone), seating=seating)


def _case_of(loaded: LoadedDays, wish: Wish) -> DecisionCase:
    stay = stay_interval(loaded.settings, wish)
    return DecisionCase(
        request=_party_request(wish, stay.ends_at),
        day=_day_of(loaded, wish, stay),
        now=loaded.settings.now,
        seating=seating_request(loaded.settings, wish) if needs_table(loaded.settings, wish) else None,
        is_enforced=loaded.settings.is_enforced,
    )


def _day_of(loaded: LoadedDays, wish: Wish, stay: TimeSpan) -> DayState:
    return DayState(
        window=loaded.settings.window,
        service=_service_of(loaded, wish),
        present=loaded.present_slots(stay),
        closed=_is_closed(loaded.settings, wish),
    )


def _service_of(loaded: LoadedDays, wish: Wish) -> ServiceState | None:
    service = loaded.service(wish.period_id, wish.business_date)
    if service is None and wish.asks_no_more and wish.period_id is not None:
        return loaded.stored_service(wish.period_id, wish.business_date)
    return service


def needs_table(settings: ServiceSettings, wish: Wish) -> bool:
    """Say whether the planner is asked about a wish: its service seats parties at tables, or it names some."""
    return wish.period_id is not None and (bool(wish.table_ids) or settings.needs_tables(wish.period_id))


def _judge_in_mode(
    loaded: LoadedDays, case: DecisionCase, at_most: TimeBudget | None, *, is_thorough: bool
) -> Judgement:
    """Decide in full; shadow mode waives limits and tables, and a decision that fails there refuses no party."""

    def ask(request: SeatingRequest, *, is_refused: bool) -> SeatingOutcome:
        # Where a limit refuses already, a table is one reason more, and not worth the exact model.
        return loaded.plan_seating(request, at_most=WITHOUT_EXACT if is_refused and not is_thorough else at_most)

    if case.is_enforced:
        return judge(case, ask)
    try:
        return judge(case, ask).in_shadow()
    except Exception:
        # The one place where anything is caught: in shadow mode the engine is on trial, not the guest.
        logger.exception("shadow decision failed")
        metrics.booking_shadow_error.inc()
        return Judgement(decide_without_capacity(case.request, case.day, case.now), None, is_unexamined=True)


def _party_request(wish: Wish, ends_at: datetime) -> PartyRequest:
    return PartyRequest(
        *(wish.party_size, wish.business_date, wish.starts_at, ends_at, wish.channel),
        keeps_start=wish.keeps_start,
        is_outside_hours=wish.is_outside_hours,
    )


def solved_seating(loaded: LoadedDays, assessment: Assessment) -> SolvedSeating | None:
    """Return the planner's answer with its request, None where it was not asked."""
    if assessment.seating is None:
        return None
    return SolvedSeating(loaded.seating, (seating_request(loaded.settings, assessment.wish),), assessment.seating)


def is_refused_by_limits(loaded: LoadedDays, wish: Wish) -> bool:
    """Say whether the limits refuse a wish, whatever the seating: the planner need not be asked."""
    stay = stay_interval(loaded.settings, wish)
    decision = decide(_party_request(wish, stay.ends_at), _day_of(loaded, wish, stay), loaded.settings.now)
    return not (decision if loaded.settings.is_enforced else decision.in_shadow()).is_accepted


def is_refused_without_a_day(settings: ServiceSettings, wish: Wish) -> bool:
    """Say whether party size, booking window, closures or hours refuse a wish, whatever its service day looks like."""
    if wish.period_id is None:
        return True
    request = _party_request(wish, stay_interval(settings, wish).ends_at)
    day = DayState(window=settings.window, service=None, closed=_is_closed(settings, wish))
    standing = decide_without_capacity(request, day, settings.now)
    return any(reason.code is not ReasonCode.OUTSIDE_SERVICE for reason in standing.reasons)


def _is_closed(settings: ServiceSettings, wish: Wish) -> bool:
    if not settings.periods_on(wish.business_date):
        return True
    return settings.is_closed(wish.period_id, wish.business_date, wish.wall_time, wish.channel) or settings.is_paused(
        wish.period_id, wish.business_date, wish.channel
    )


class AskPlanner(Protocol):
    """The question to the planner; `is_refused` says that a limit refuses already: a table is one reason more."""

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
