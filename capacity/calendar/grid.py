"""The slot grid: every start time of a service on one business date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from capacity.calendar.hours import PeriodHours
from capacity.calendar.wall_clock import ONE_MINUTE, instants_of, jump_over, wall_clock


@dataclass(frozen=True)
class SlotTime:
    """One start time of the grid; `fold` is 1 for the second instant of a repeated wall time.

    `minute` counts from the midnight of the business date and may pass 1440. `ends_at` is `slot_minutes` of elapsed
    time after `starts_at`.
    """

    starts_at: datetime
    ends_at: datetime
    wall_time: time
    fold: int
    minute: int


@dataclass(frozen=True)
class ServiceTimes:
    """One service period on one business date; `slots` are sorted by instant and may be empty.

    `opens_at` is the first instant of the start, `closes_at` the end of the last minute. Both lie at the jump if the
    clocks jump over that minute.
    """

    period_id: int
    name: str
    business_date: date
    slots: tuple[SlotTime, ...]
    opens_at: datetime
    closes_at: datetime


# Pure, and asked for the same few dates by every request.
@lru_cache(maxsize=4096)
def service_times(period: PeriodHours, business_date: date, zone: ZoneInfo, slot_minutes: int) -> ServiceTimes:
    """Return the slots of a period on a business date, whether or not it is offered that day.

    The grid runs in wall-clock steps: a start that does not exist gives no slot, a repeated one gives two.

    Raises:
        ValueError: `slot_minutes` is not positive.
    """
    return ServiceTimes(
        period_id=period.period_id,
        name=period.name,
        business_date=business_date,
        slots=_slots_of(period.seating_minutes(slot_minutes), business_date, zone, slot_minutes),
        opens_at=_opens_at(wall_clock(business_date, period.start_minute), zone),
        closes_at=_closes_at(wall_clock(business_date, period.end_minute), zone),
    )


# The same for all restaurants that offer these hours.
@lru_cache(maxsize=4096)
def _slots_of(minutes: range, business_date: date, zone: ZoneInfo, slot_minutes: int) -> tuple[SlotTime, ...]:
    slots = (slot for minute in minutes for slot in _slots_at(business_date, minute, zone, slot_minutes))
    return tuple(sorted(slots, key=lambda slot: slot.starts_at))


def _slots_at(business_date: date, minute: int, zone: ZoneInfo, slot_minutes: int) -> Iterator[SlotTime]:
    wall = wall_clock(business_date, minute)
    for fold, starts_at in enumerate(instants_of(wall, zone)):
        yield SlotTime(starts_at, starts_at + timedelta(minutes=slot_minutes), wall.time(), fold, minute)


@lru_cache(maxsize=4096)
def _opens_at(start: datetime, zone: ZoneInfo) -> datetime:
    instants = instants_of(start, zone)
    return instants[0] if instants else jump_over(start, zone)


@lru_cache(maxsize=4096)
def _closes_at(end: datetime, zone: ZoneInfo) -> datetime:
    # The end itself may be repeated an hour later without a minute of the service in between: ask the minute before.
    last_minute = end - ONE_MINUTE
    instants = instants_of(last_minute, zone)
    return instants[-1] + ONE_MINUTE if instants else jump_over(last_minute, zone)
