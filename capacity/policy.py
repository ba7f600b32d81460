"""The room that a service day still has: the facts of a decision, and the pure rules by which it is made. No Django.

Availability, booking and shadow mode all ask `decide`: every time that is shown is accepted.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from capacity.limits import LIMIT_OF, LIMITS, OCCUPANCY_LIMITS, PACING_LIMITS, SERVICE_LIMITS, SLOT_LIMITS, Limit
from capacity.reasons import Reason as Reason
from capacity.reasons import ReasonCode as ReasonCode
from tables.spans import TimeSpan

ONLINE = "online"
IN_HOUSE = "in_house"
WALK_IN = "walk_in"

# Shadow mode waives these and nothing else.
CAPACITY_REASONS = frozenset({*(limit.code for limit in LIMITS), ReasonCode.NO_TABLE})
# A person with the right may book in spite of these and nothing else: never in the past.
OVERRIDABLE_REASONS = CAPACITY_REASONS | {ReasonCode.CLOSED, ReasonCode.OUTSIDE_SERVICE}


@dataclass(frozen=True, slots=True)
class LimitUse:
    """The use of one limit. No limit: `limit` is None."""

    code: ReasonCode
    limit: int | None
    used: int

    @classmethod
    def of(cls, row: object, limit: Limit) -> "LimitUse":
        """Return the use of a limit from the attributes of a service or slot."""
        return cls(limit.code, getattr(row, limit.column), getattr(row, limit.counter))

    def refuses(self, asked: int) -> bool:
        """Say whether `asked` more would pass the limit."""
        return self.limit is not None and self.used + asked > self.limit

    def asked_by(self, party_size: int) -> int:
        """Return the amount that a party asks of this limit."""
        return LIMIT_OF[self.code].asked_by(party_size)

    def after(self, party_size: int) -> "LimitUse":
        """Return this use with one more party counted."""
        return LimitUse(self.code, self.limit, self.used + self.asked_by(party_size))

    def excess_raised_by(self, party_size: int) -> int:
        """Return by how much one more party raises the excess over the limit."""
        return self.after(party_size).excess - self.excess

    @property
    def excess(self) -> int:
        """Return the amount above the limit."""
        return 0 if self.limit is None else max(0, self.used - self.limit)

    @property
    def percent(self) -> int | None:
        """Return round(100 x used / limit), None without a limit to speak of."""
        return percent_of(self.used, self.limit)

    def reason(self, asked: int) -> Reason:
        """Return this limit as the reason of a refusal."""
        return Reason(self.code, self.limit, self.used, asked)


def percent_of(used: int, limit: int | None) -> int | None:
    """Return round(100 x used / limit) with halves up; None without a limit, 100 for a limit of 0."""
    if limit is None:
        return None
    return 100 if limit == 0 else (200 * used + limit) // (2 * limit)


@dataclass(frozen=True, slots=True)
class SlotState(TimeSpan):
    """One start time with its limits and counters; as a span it is its quarter hour."""

    slot_id: int | None = None
    service_day_id: int | None = None
    bookable: bool = True
    pacing_covers: int | None = None
    pacing_parties: int | None = None
    occupancy_covers: int | None = None
    occupancy_parties: int | None = None
    starting_covers: int = 0
    starting_parties: int = 0
    present_covers: int = 0
    present_parties: int = 0

    def uses(self, limits: tuple[Limit, ...] = SLOT_LIMITS) -> tuple[LimitUse, ...]:
        """Return the limits of this slot with the use of each."""
        return tuple(LimitUse.of(self, limit) for limit in limits)


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One service day with its limits, counters and slots (sorted by start)."""

    period_id: int
    period_name: str
    business_date: date
    starts_at: datetime
    ends_at: datetime
    slots: tuple[SlotState, ...]
    service_day_id: int | None = None
    max_covers: int | None = None
    max_parties: int | None = None
    booked_covers: int = 0
    booked_parties: int = 0
    version: int = 0

    def uses(self) -> tuple[LimitUse, ...]:
        """Return the limits of the whole service with the use of each."""
        return tuple(LimitUse.of(self, limit) for limit in SERVICE_LIMITS)

    def starting_slot(self, starts_at: datetime) -> SlotState | None:
        """Return the latest slot not after `starts_at`: the one in which the party starts."""
        before = bisect_right(self.slots, starts_at, key=lambda slot: slot.starts_at)
        return self.slots[before - 1] if before else None


@dataclass(frozen=True, slots=True)
class BookingWindow:
    """The bounds of a restaurant online: party sizes, how early and how late."""

    zone: ZoneInfo
    party_size_min: int = 1
    party_size_max: int = 8
    min_notice_minutes: int = 0
    max_days_ahead: int = 365


@dataclass(frozen=True, slots=True)
class PartyRequest:
    """A party that wants to stay `[starts_at, ends_at)` (UTC) on a business date, by a way in.

    `keeps_start`: it is booked for that start already, so the booking window and closures have been answered.
    `is_outside_hours`: it starts outside every service, and counts in the nearest.
    """

    party_size: int
    business_date: date
    starts_at: datetime
    ends_at: datetime
    channel: str = ONLINE
    keeps_start: bool = False
    is_outside_hours: bool = False


@dataclass(frozen=True, slots=True)
class DayState:
    """All facts that a decision depends on.

    `service` is the service day in which the party would start, None outside every service. `present` are the slots, of
    any service day, that its stay touches. `closed` says that a closure (or a day without service) covers the start;
    `no_table` is the planner's refusal.
    """

    window: BookingWindow
    service: ServiceState | None
    present: tuple[SlotState, ...] = ()
    closed: bool = False
    no_table: Reason | None = None


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
