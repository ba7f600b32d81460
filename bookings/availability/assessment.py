"""Ask policy and seating about one wish."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bookings.availability.wishes import Wish, seating_request, stay_interval
from bookings.day import WITHOUT_EXACT, DayBook, Interval
from capacity.policy import (
    DayState,
    Decision,
    LimitUse,
    PartyRequest,
    Reason,
    ReasonCode,
    ServiceState,
    SlotState,
    decide,
    decide_without_capacity,
    fullest_use,
    limits_met,
)
from capacity.selectors import ServiceSettings
from config import metrics
from tables.seating import SeatingLimits, SeatingOutcome, SeatingPlan, SeatingRefusal, SeatingUndecided

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer to a wish: decision, service day, stay, the slots it touches, what the planner said.

    `[starts_at of the wish, ends_at)` is the stay; `blocked_until` adds the buffer. `seating` is None where no table
    is needed.
    """

    wish: Wish
    decision: Decision
    service: ServiceState | None
    present: tuple[SlotState, ...]
    turn_minutes: int
    buffer_minutes: int
    seating: SeatingOutcome | None = None

    @property
    def is_available(self) -> bool:
        """Say whether the party can be taken, proven by a plan where it needs a table."""
        return self.decision.is_accepted and not self.is_undecided

    @property
    def is_undecided(self) -> bool:
        """Say whether all but the tables accept the party, and the planner ran out of time."""
        return self.decision.is_undecided

    @property
    def is_refused(self) -> bool:
        return not self.decision.is_accepted

    @property
    def plan(self) -> SeatingPlan | None:
        """Return who gets which tables; None where no table is needed, or none was found."""
        return self.seating if isinstance(self.seating, SeatingPlan) else None

    @property
    def ends_at(self) -> datetime:
        return self.wish.starts_at + timedelta(minutes=self.turn_minutes)

    @property
    def blocked_until(self) -> datetime:
        return self.ends_at + timedelta(minutes=self.buffer_minutes)

    @property
    def uses(self) -> tuple[LimitUse, ...]:
        """Return every limit that this start meets; none outside service."""
        if self.service is None:
            return ()
        return tuple(limits_met(self.wish.starts_at, self.service, self.present))

    @property
    def fullest(self) -> LimitUse | None:
        """Return the limit that this start meets and that is used most."""
        return fullest_use(self.uses)


def assess(book: DayBook, wish: Wish, *, at_most: SeatingLimits | None = None) -> Assessment:
    """Decide a wish on loaded days: policy, planner (with the book's limits, or less) and mode."""
    settings = book.settings
    stay = stay_interval(settings, wish)
    day = _day_of(book, wish, stay)
    judge = _judge if settings.is_enforced else _judge_in_shadow
    decision, seating = judge(book, wish, day, stay.ends_at, at_most)
    return Assessment(
        wish=wish,
        decision=decision,
        service=day.service,
        present=day.present,
        turn_minutes=int((stay.ends_at - stay.starts_at).total_seconds() // 60),
        buffer_minutes=settings.restaurant.buffer_minutes,
        seating=seating,
    )


def _day_of(book: DayBook, wish: Wish, stay: Interval) -> DayState:
    return DayState(
        window=book.settings.window,
        service=book.service(wish.period_id, wish.business_date),
        present=book.present_slots(stay),
        closed=_is_closed(book.settings, wish),
    )


def _judge(
    book: DayBook, wish: Wish, day: DayState, ends_at: datetime, at_most: SeatingLimits | None
) -> tuple[Decision, SeatingOutcome | None]:
    request = _party_request(wish, ends_at)
    decision = decide(request, day, book.settings.now)
    if day.service is None:
        return decision, None
    # Where a limit refuses already, a table is one reason more, and not worth the exact model.
    seating = _find_seating(book, wish, at_most if decision.is_accepted else WITHOUT_EXACT)
    if isinstance(seating, SeatingRefusal):
        decision = decide(request, replace(day, no_table=_no_table(seating)), book.settings.now)
    if isinstance(seating, SeatingUndecided) and decision.is_accepted:
        decision = replace(decision, is_undecided=True)
    return decision, seating


def _judge_in_shadow(
    book: DayBook, wish: Wish, day: DayState, ends_at: datetime, at_most: SeatingLimits | None
) -> tuple[Decision, SeatingOutcome | None]:
    """Decide in full, waive limits and tables; a decision that fails refuses nobody."""
    try:
        decision, seating = _judge(book, wish, day, ends_at, at_most)
    except Exception:
        # The one place where anything is caught: in shadow mode the engine is on trial, not the guest.
        logger.exception("shadow decision failed")
        metrics.booking_shadow_error.inc()
        return decide_without_capacity(_party_request(wish, ends_at), day, book.settings.now), None
    return decision.in_shadow(), seating


def _party_request(wish: Wish, ends_at: datetime) -> PartyRequest:
    return PartyRequest(
        wish.party_size, wish.business_date, wish.starts_at, ends_at, wish.channel, keeps_start=wish.keeps_start
    )


def is_refused_by_limits(book: DayBook, wish: Wish) -> bool:
    """Say whether a wish is refused whoever sits where: the planner need not be asked."""
    stay = stay_interval(book.settings, wish)
    decision = decide(_party_request(wish, stay.ends_at), _day_of(book, wish, stay), book.settings.now)
    return not (decision if book.settings.is_enforced else decision.in_shadow()).is_accepted


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
    return settings.is_closed(wish.period_id, wish.business_date, wish.wall_time, wish.channel)


def _find_seating(book: DayBook, wish: Wish, at_most: SeatingLimits | None) -> SeatingOutcome | None:
    if wish.period_id is None or not (wish.table_ids or book.settings.needs_tables(wish.period_id)):
        return None
    return book.plan_seating(seating_request(book.settings, wish), at_most=at_most)


def _no_table(refusal: SeatingRefusal) -> Reason:
    # A table that is free, but without which a party that has none could not be seated, is as good as taken.
    return Reason(ReasonCode.NO_TABLE, limit=refusal.suitable, used=refusal.suitable, asked=1)
