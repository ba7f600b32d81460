"""Requested times: the service and the instant that each means, on the grid or not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from capacity.calendar.hours import PeriodHours
from capacity.calendar.wall_clock import (
    MINUTES_PER_DAY,
    instants_of,
    jump_over,
    local_wall_time,
    minute_of,
    minute_on,
    to_local,
    wall_clock,
)


@dataclass(frozen=True)
class RequestedTime:
    """A requested time of a business date, with the service and the instant that it means.

    `minute` counts from the midnight of the business date and may pass 1440. `starts_at` is the instant meant: the
    first of a repeated wall time unless the request named the instant. `second_starts_at` is the later one, None where
    the time is not repeated.

    For a wall time that does not exist, `next_existing` and `starts_at` are the next real time. It is of the grid if
    the period has one left, else the moment the clocks jump. `period` is None outside service; no grid is there, so
    `on_grid` is True.
    """

    wall_time: time
    minute: int
    starts_at: datetime
    second_starts_at: datetime | None
    period: PeriodHours | None
    on_grid: bool
    exists: bool = True
    next_existing: time | None = None

    @property
    def is_bookable(self) -> bool:
        """Say whether this is a slot of its service: real, on the grid, not after the last seating."""
        is_slot = self.exists and self.on_grid
        return is_slot and self.period is not None and self.minute <= self.period.last_seating_minute


def resolve_time(
    periods_of_date: Iterable[PeriodHours], business_date: date, wall: time, zone: ZoneInfo, slot_minutes: int
) -> RequestedTime:
    """Find the service and the instant of a wall time asked for on a business date.

    The period that holds it on the business date itself comes first. Next is the one that holds it 24 hours later
    (service past midnight). With no such period it is the wall clock of the business date.

    Raises:
        ValueError: `slot_minutes` is not positive, or `wall` has a zone.
    """
    if wall.tzinfo:
        raise ValueError("a wall time has no zone")
    period, minute = _find_service(tuple(periods_of_date), minute_of(wall))
    on_grid = _is_on_grid(period, minute, wall, slot_minutes)
    instants = instants_of(_exactly(business_date, minute, wall), zone)
    if instants:
        return RequestedTime(wall, minute, instants[0], _second(instants), period, on_grid)
    next_real = _next_real(period, business_date, minute, zone, slot_minutes)
    next_wall = local_wall_time(next_real, zone)
    return RequestedTime(wall, minute, next_real, None, period, on_grid, exists=False, next_existing=next_wall)


def resolve_instant(
    periods_of_date: Iterable[PeriodHours],
    business_date: date,
    starts_at: datetime,
    zone: ZoneInfo,
    slot_minutes: int,
) -> RequestedTime:
    """Find the service of an instant asked for on a business date; it may be the second of a repeated time.

    An instant that no period of this business date holds is outside service, even if the next date offers it.

    Raises:
        ValueError: `slot_minutes` is not positive, or `starts_at` is naive.
    """
    local = to_local(starts_at, zone)
    wall = local.time()
    minute = minute_on(business_date, local)
    period = next((period for period in periods_of_date if period.holds(minute)), None)
    on_grid = _is_on_grid(period, minute, wall, slot_minutes)
    second = _second(instants_of(local.replace(tzinfo=None), zone))
    return RequestedTime(wall, minute, starts_at.astimezone(UTC), second, period, on_grid)


def _find_service(periods: Sequence[PeriodHours], minute: int) -> tuple[PeriodHours | None, int]:
    for candidate in (minute, minute + MINUTES_PER_DAY):
        for period in periods:
            if period.holds(candidate):
                return period, candidate
    return None, minute


def _exactly(business_date: date, minute: int, wall: time) -> datetime:
    return wall_clock(business_date, minute).replace(second=wall.second, microsecond=wall.microsecond)


def _second(instants: Sequence[datetime]) -> datetime | None:
    return instants[1] if len(instants) > 1 else None


def _is_on_grid(period: PeriodHours | None, minute: int, wall: time, slot_minutes: int) -> bool:
    if slot_minutes <= 0:
        raise ValueError(f"slots of {slot_minutes} minutes make no grid")
    if period is None:
        return True
    return (minute - period.start_minute) % slot_minutes == 0 and not (wall.second or wall.microsecond)


def _next_real(
    period: PeriodHours | None, business_date: date, minute: int, zone: ZoneInfo, slot_minutes: int
) -> datetime:
    # A time off the grid would only be refused again.
    later = (start for start in period.seating_minutes(slot_minutes) if start > minute) if period else ()
    real = (instant for start in later for instant in instants_of(wall_clock(business_date, start), zone))
    return next(real, None) or jump_over(wall_clock(business_date, minute), zone)
