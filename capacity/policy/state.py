"""The facts of a decision: a request, and the service days that it meets."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from capacity.limits import LIMIT_OF, SERVICE_LIMITS, SLOT_LIMITS, Limit
from capacity.reasons import Reason, ReasonCode
from tables.spans import TimeSpan

ONLINE = "online"
IN_HOUSE = "in_house"
WALK_IN = "walk_in"


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
