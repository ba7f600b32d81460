"""The facts of a decision: a request, and the service days that it meets."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from capacity.limits import SERVICE_LIMITS, SLOT_LIMITS, Limit
from capacity.policy.uses import LimitUse
from capacity.reasons import Reason
from tables.spans import TimeSpan

ONLINE = "online"
IN_HOUSE = "in_house"
WALK_IN = "walk_in"


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
    """

    party_size: int
    business_date: date
    starts_at: datetime
    ends_at: datetime
    channel: str = ONLINE
    keeps_start: bool = False


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
