"""Ask policy and seating: may this party start then? One answer for every caller."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import NamedTuple

from bookings.day import WITHOUT_EXACT, DayBook, Interval
from bookings.errors import NonexistentTime
from capacity.calendar import RequestedTime, local_wall_time, resolve_instant, resolve_time, turn_minutes
from capacity.policy import (
    ONLINE,
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
from config.errors import InputInvalid
from tables.seating import SeatingOutcome, SeatingPlan, SeatingRefusal, SeatingRequest, SeatingUndecided

logger = logging.getLogger(__name__)

ALTERNATIVES_WITHIN = timedelta(hours=2)
MOST_ALTERNATIVES = 5


class StartTime(NamedTuple):
    """A start on the restaurant's wall, and its instant in UTC."""

    wall_time: time
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """What a party asks for: a start on a business date, perhaps a seating type, by a way in.

    Staff may name the minutes of the stay, the tables, and by `seated_as` the way in whose tables may be given. A
    booking that is changed and `keeps_start` is not asked again whether it may start then; one that has begun needs
    tables `seated_from` now on.
    """

    party_size: int
    business_date: date
    starts_at: datetime
    wall_time: time
    period_id: int | None
    seating: str | None = None
    channel: str = ONLINE
    turn_minutes: int | None = None
    table_ids: tuple[int, ...] | None = None
    keeps_start: bool = False
    seated_from: datetime | None = None
    seated_as: str | None = None


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


def read_wish(
    settings: ServiceSettings,
    *,
    party_size: int,
    business_date: date,
    wall_time: time | None = None,
    starts_at: datetime | None = None,
    seating: str | None = None,
    channel: str = ONLINE,
) -> Wish:
    """Turn a wall time, an instant or both into a wish.

    Of a repeated wall time the first instant is meant unless `starts_at` names the other.

    Raises: `InputInvalid` for a time off its grid or an instant against the wall time,
    `NonexistentTime` for a time that the clocks jump over.
    """
    requested = _requested_time(settings, business_date, wall_time, starts_at)
    if not requested.exists:
        raise NonexistentTime(wall_time=requested.wall_time, following=_following_start(requested))
    if not requested.on_grid:
        raise _off_grid(settings, requested, "startsAt" if wall_time is None else "time")
    return Wish(
        party_size=party_size,
        business_date=business_date,
        starts_at=requested.starts_at,
        wall_time=requested.wall_time,
        period_id=requested.period.period_id if requested.period and requested.is_bookable else None,
        seating=seating,
        channel=channel,
    )


def _following_start(requested: RequestedTime) -> StartTime | None:
    if requested.next_existing is None:
        return None
    return StartTime(requested.next_existing, requested.starts_at)


def _requested_time(
    settings: ServiceSettings, business_date: date, wall_time: time | None, starts_at: datetime | None
) -> RequestedTime:
    periods = settings.periods_on(business_date)
    slot_minutes = settings.restaurant.slot_minutes
    if wall_time is None:
        if starts_at is None:
            raise ValueError("a wish names a wall time or an instant")
        return resolve_instant(periods, business_date, starts_at, settings.zone, slot_minutes)
    by_wall_time = resolve_time(periods, business_date, wall_time, settings.zone, slot_minutes)
    if starts_at is None or not by_wall_time.exists or starts_at == by_wall_time.starts_at:
        return by_wall_time
    if starts_at != by_wall_time.second_starts_at:
        raise InputInvalid.of_field(
            "startsAt", "mismatch", "startsAt is another instant than date and time in the restaurant's zone."
        )
    return resolve_instant(periods, business_date, starts_at, settings.zone, slot_minutes)


def _off_grid(settings: ServiceSettings, requested: RequestedTime, field: str) -> InputInvalid:
    start = requested.period.start_time if requested.period else requested.wall_time
    message = f"Start times run every {settings.restaurant.slot_minutes} minutes from {start:%H:%M}."
    return InputInvalid.of_field(field, "off_grid", message)


def stay_interval(settings: ServiceSettings, wish: Wish) -> Interval:
    """Return the stay that a wish leads to, without the buffer."""
    minutes = wish.turn_minutes or turn_minutes(settings.bands, wish.period_id, wish.party_size)
    return Interval(wish.starts_at, wish.starts_at + timedelta(minutes=minutes))


def blocked_interval(settings: ServiceSettings, wish: Wish) -> Interval:
    """Return how long a table is kept for a wish: the stay and the buffer."""
    stay = stay_interval(settings, wish)
    return Interval(stay.starts_at, stay.ends_at + timedelta(minutes=settings.restaurant.buffer_minutes))


def assess(book: DayBook, wish: Wish) -> Assessment:
    """Decide a wish on loaded days: policy, planner and mode."""
    settings = book.settings
    stay = stay_interval(settings, wish)
    day = _day_of(book, wish, stay)
    judge = _judge if settings.is_enforced else _judge_in_shadow
    decision, seating = judge(book, wish, day, stay.ends_at)
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


def _judge(book: DayBook, wish: Wish, day: DayState, ends_at: datetime) -> tuple[Decision, SeatingOutcome | None]:
    request = _party_request(wish, ends_at)
    decision = decide(request, day, book.settings.now)
    if day.service is None:
        return decision, None
    seating = _find_seating(book, wish, decides=decision.is_accepted)
    if isinstance(seating, SeatingRefusal):
        decision = decide(request, replace(day, no_table=_no_table(seating)), book.settings.now)
    if isinstance(seating, SeatingUndecided) and decision.is_accepted:
        decision = replace(decision, is_undecided=True)
    return decision, seating


def _judge_in_shadow(
    book: DayBook, wish: Wish, day: DayState, ends_at: datetime
) -> tuple[Decision, SeatingOutcome | None]:
    """Decide in full, waive limits and tables; a decision that fails refuses nobody."""
    try:
        decision, seating = _judge(book, wish, day, ends_at)
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


def _find_seating(book: DayBook, wish: Wish, *, decides: bool) -> SeatingOutcome | None:
    if wish.period_id is None or not (wish.table_ids or book.settings.needs_tables(wish.period_id)):
        return None
    request = seating_request(book.settings, wish)
    # Where a limit refuses already, a table is one reason more, and not worth the exact model.
    return book.plan_seating(request) if decides else book.plan_seating(request, at_most=WITHOUT_EXACT)


def seating_request(settings: ServiceSettings, wish: Wish) -> SeatingRequest:
    """Return what a wish asks of the planner: a seat for the stay, or for what is left of it, and its buffer."""
    blocked = blocked_interval(settings, wish)
    return SeatingRequest(
        party_size=wish.party_size,
        starts_at=wish.seated_from or blocked.starts_at,
        ends_at=blocked.ends_at,
        seating=wish.seating,
        channel=wish.seated_as or wish.channel,
        table_ids=wish.table_ids,
    )


def _no_table(refusal: SeatingRefusal) -> Reason:
    # A table that is free, but without which a party that has none could not be seated, is as good as taken.
    return Reason(ReasonCode.NO_TABLE, limit=refusal.suitable, used=refusal.suitable, asked=1)


def assess_slots(
    book: DayBook, business_date: date, *, party_size: int, seating: str | None, channel: str = ONLINE
) -> Iterator[Assessment]:
    """Decide every slot of a business date that is offered, in order of start."""
    for wish in _wishes_on(book, business_date, party_size=party_size, seating=seating, channel=channel):
        yield assess(book, wish)


def _wishes_on(
    book: DayBook, business_date: date, *, party_size: int, seating: str | None, channel: str
) -> Iterator[Wish]:
    for slot, period_id in _slots_on(book, business_date):
        yield Wish(
            party_size=party_size,
            business_date=business_date,
            starts_at=slot.starts_at,
            wall_time=local_wall_time(slot.starts_at, book.settings.zone),
            period_id=period_id,
            seating=seating,
            channel=channel,
        )


def _slots_on(book: DayBook, business_date: date) -> list[tuple[SlotState, int]]:
    offered = [
        service
        for period in book.settings.periods_on(business_date)
        if (service := book.service(period.period_id, business_date)) is not None
    ]
    slots = [(slot, service.period_id) for service in offered for slot in service.slots if slot.bookable]
    return sorted(slots, key=lambda found: found[0].starts_at)


def find_alternatives(book: DayBook, wish: Wish) -> tuple[Assessment, ...]:
    """Find at most 5 bookable starts of the same date within 2 hours, nearest first, then earlier first."""
    others = _wishes_on(
        book, wish.business_date, party_size=wish.party_size, seating=wish.seating, channel=wish.channel
    )
    near = [other for other in others if abs(other.starts_at - wish.starts_at) <= ALTERNATIVES_WITHIN]
    near.sort(key=lambda other: (abs(other.starts_at - wish.starts_at), other.starts_at))
    # One after the other, and limits first: proving that a full evening has no seat costs more than finding one.
    assessed = (assess(book, other) for other in near if not is_refused_by_limits(book, other))
    return tuple(islice((other for other in assessed if other.is_available), MOST_ALTERNATIVES))
