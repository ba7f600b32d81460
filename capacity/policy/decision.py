"""One function decides for every caller."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from capacity.limits import LIMITS, OCCUPANCY_LIMITS, PACING_LIMITS
from capacity.policy.state import (
    ONLINE,
    WALK_IN,
    BookingWindow,
    DayState,
    LimitUse,
    PartyRequest,
    ServiceState,
    SlotState,
)
from capacity.reasons import Reason, ReasonCode

# Shadow mode waives these and nothing else.
CAPACITY_REASONS = frozenset({*(limit.code for limit in LIMITS), ReasonCode.NO_TABLE})
# A person with the right may book in spite of these and nothing else: never in the past.
OVERRIDABLE_REASONS = CAPACITY_REASONS | {ReasonCode.CLOSED, ReasonCode.OUTSIDE_SERVICE}


@dataclass(frozen=True, slots=True)
class Decision:
    """An acceptance, or a refusal with every reason that holds, in the order of `ReasonCode`.

    An undecided request would be accepted if only the planner had found, in time, a plan or a proof that there is none.
    """

    reasons: tuple[Reason, ...] = ()
    waived: tuple[Reason, ...] = ()
    is_undecided: bool = False

    @property
    def is_accepted(self) -> bool:
        return not self.reasons

    @property
    def is_standing_refusal(self) -> bool:
        """Say whether a reason holds that no counter and no table can change."""
        return any(reason.code not in CAPACITY_REASONS for reason in self.reasons)

    def in_shadow(self) -> "Decision":
        """Return the decision of shadow mode: limits and tables are waived, all else holds."""
        return replace(
            self,
            reasons=tuple(reason for reason in self.reasons if reason.code not in CAPACITY_REASONS),
            waived=tuple(reason for reason in self.reasons if reason.code in CAPACITY_REASONS),
            is_undecided=False,
        )


def decide(request: PartyRequest, day: DayState, now: datetime) -> Decision:
    """Accept a request, or refuse it with every reason that holds."""
    return Decision(tuple(_all_reasons(request, day, now)))


def decide_without_capacity(request: PartyRequest, day: DayState, now: datetime) -> Decision:
    """Decide on party size, booking window and opening hours alone, which no mode waives."""
    return Decision(tuple(_standing_reasons(request, day, now)))


def _all_reasons(request: PartyRequest, day: DayState, now: datetime) -> Iterator[Reason]:
    yield from _standing_reasons(request, day, now)
    yield from _limit_reasons(request, day)
    if day.no_table is not None:
        yield day.no_table


def _standing_reasons(request: PartyRequest, day: DayState, now: datetime) -> Iterator[Reason]:
    if request.channel == ONLINE:
        yield from _party_reasons(request.party_size, day.window)
    yield from _window_reasons(request, day.window, now)
    yield from _hours_reasons(request, day)


def _party_reasons(party_size: int, window: BookingWindow) -> Iterator[Reason]:
    if party_size < window.party_size_min:
        yield Reason(ReasonCode.PARTY_TOO_SMALL, limit=window.party_size_min, asked=party_size)
    if party_size > window.party_size_max:
        yield Reason(ReasonCode.PARTY_TOO_LARGE, limit=window.party_size_max, asked=party_size)


def _window_reasons(request: PartyRequest, window: BookingWindow, now: datetime) -> Iterator[Reason]:
    if request.channel == WALK_IN or request.keeps_start:
        return
    if request.starts_at < now:
        yield Reason(ReasonCode.PAST)
    if request.channel != ONLINE:
        return
    notice = timedelta(minutes=window.min_notice_minutes)
    if now <= request.starts_at < now + notice:
        ahead = int((request.starts_at - now).total_seconds() // 60)
        yield Reason(ReasonCode.TOO_SOON, limit=window.min_notice_minutes, asked=ahead)
    days_ahead = (request.business_date - now.astimezone(window.zone).date()).days
    if days_ahead > window.max_days_ahead:
        yield Reason(ReasonCode.TOO_FAR, limit=window.max_days_ahead, asked=days_ahead)


def _hours_reasons(request: PartyRequest, day: DayState) -> Iterator[Reason]:
    if day.closed and not request.keeps_start:
        yield Reason(ReasonCode.CLOSED)
    elif day.service is None or request.is_outside_hours or not _may_start(request, day.service):
        yield Reason(ReasonCode.OUTSIDE_SERVICE)


def _may_start(request: PartyRequest, service: ServiceState) -> bool:
    return request.keeps_start or request.channel != ONLINE or _starts_in_bookable_slot(request, service)


def _starts_in_bookable_slot(request: PartyRequest, service: ServiceState) -> bool:
    slot = service.starting_slot(request.starts_at)
    return slot is not None and slot.starts_at == request.starts_at and slot.bookable


def _limit_reasons(request: PartyRequest, day: DayState) -> Iterator[Reason]:
    if day.service is None:
        return
    for use, _ in limits_met(request.starts_at, day.service, day.present):
        asked = use.asked_by(request.party_size)
        if use.refuses(asked):
            yield use.reason(asked)


def limits_met(
    starts_at: datetime, service: ServiceState, present: Sequence[SlotState]
) -> Iterator[tuple[LimitUse, SlotState | None]]:
    """Yield every limit that a start at `starts_at` meets, and its slot; of occupancy that of its least free moment."""
    yield from ((use, None) for use in service.uses())
    starting = service.starting_slot(starts_at)
    if starting is not None:
        yield from ((use, starting) for use in starting.uses(PACING_LIMITS))
    for limit in OCCUPANCY_LIMITS if present else ():
        least_free = min(present, key=limit.room_left)
        yield LimitUse.of(least_free, limit), least_free


def fullest_use(uses: Iterable[LimitUse]) -> LimitUse | None:
    """Return the limit that is used most in per cent, the first of equals; None if none limits."""
    limited = [use for use in uses if use.limit is not None]
    return max(limited, key=lambda use: use.percent or 0, default=None)
