"""Opening hours: the service periods of a business date, and the service and instant that a requested time means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

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
from config.values import LARGEST_PARTY


@dataclass(frozen=True)
class PeriodHours:
    """A service period as the calendar needs it.

    Weekdays are ISO (Monday = 1), `valid_from` and `valid_to` are inclusive. With `on_date` these are special hours:
    weekdays and validity say nothing. An `end_time` not after `start_time` is on the next date, and so is a
    `last_seating` before `start_time`.

    Raises:
        ValueError: a time has seconds or a zone.
    """

    period_id: int
    name: str
    weekdays: frozenset[int]
    start_time: time
    last_seating: time
    end_time: time
    valid_from: date | None = None
    valid_to: date | None = None
    on_date: date | None = None

    def __post_init__(self) -> None:
        for wall in (self.start_time, self.last_seating, self.end_time):
            if wall.second or wall.microsecond or wall.tzinfo:
                raise ValueError(f"{self.name}: {wall} is not a whole minute of the wall clock")

    @property
    def start_minute(self) -> int:
        return minute_of(self.start_time)

    @property
    def last_seating_minute(self) -> int:
        minute = minute_of(self.last_seating)
        return minute if minute >= self.start_minute else minute + MINUTES_PER_DAY

    @property
    def end_minute(self) -> int:
        minute = minute_of(self.end_time)
        return minute if minute > self.start_minute else minute + MINUTES_PER_DAY

    @property
    def seats_before_end(self) -> bool:
        """Say whether the last seating lies inside the period, as it must: starts at or after the end are dropped."""
        return self.last_seating_minute < self.end_minute

    def holds(self, minute: int) -> bool:
        """Say whether a minute of the business date lies in [start, end)."""
        return self.start_minute <= minute < self.end_minute

    def seating_minutes(self, slot_minutes: int) -> range:
        """Return the grid: every start from the first to the last seating.

        Raises:
            ValueError: `slot_minutes` is not positive.
        """
        if slot_minutes <= 0:
            raise ValueError(f"slots of {slot_minutes} minutes make no grid")
        return range(self.start_minute, min(self.last_seating_minute + 1, self.end_minute), slot_minutes)

    def is_regular_on(self, business_date: date) -> bool:
        """Say whether weekday and validity offer the period on a date that has no special hours."""
        return (
            self.on_date is None
            and business_date.isoweekday() in self.weekdays
            and (self.valid_from or date.min) <= business_date <= (self.valid_to or date.max)
        )


def periods_on(periods: Iterable[PeriodHours], business_date: date) -> tuple[PeriodHours, ...]:
    """Return the periods offered on a business date, by start; special hours replace all regular ones."""
    known = tuple(periods)
    special = [period for period in known if period.on_date == business_date]
    regular = [period for period in known if period.is_regular_on(business_date)]
    return tuple(sorted(special or regular, key=lambda period: (period.start_minute, period.period_id)))


@dataclass(frozen=True)
class TurnBand:
    """The turn time in minutes of parties up to a size, in one period or (None) the whole restaurant."""

    up_to: int
    minutes: int
    period_id: int | None


DEFAULT_BANDS = (TurnBand(2, 90, None), TurnBand(6, 120, None), TurnBand(LARGEST_PARTY, 150, None))


def turn_minutes(bands: Iterable[TurnBand], period_id: int | None, party_size: int) -> int:
    """Return the elapsed minutes that a party keeps its table.

    The smallest fitting band of the period decides, else of the restaurant, else of the defaults.
    """
    fitting = (band for band in (*_bands_of(bands, period_id), *DEFAULT_BANDS) if band.up_to >= party_size)
    return next(fitting, DEFAULT_BANDS[-1]).minutes


@lru_cache(maxsize=4096)
def longest_turn_minutes(bands: tuple[TurnBand, ...], period_id: int | None) -> int:
    """Return the longest turn time of any party size, defaults included where no band fits."""
    configured = _bands_of(bands, period_id)
    # The turn time changes only just above a band: one size of each stretch stands for all.
    sizes = {1} | {band.up_to + 1 for band in (*configured, *DEFAULT_BANDS) if band.up_to < LARGEST_PARTY}
    return max(turn_minutes(configured, period_id, size) for size in sizes)


def find_band_gaps(bands: Iterable[TurnBand], period_id: int | None, largest_party: int) -> range:
    """Return the party sizes up to the largest for which bands exist but none fits; falsy if there are none."""
    covered = max((band.up_to for band in _bands_of(bands, period_id)), default=largest_party)
    return range(covered + 1, largest_party + 1)


def _bands_of(bands: Iterable[TurnBand], period_id: int | None) -> tuple[TurnBand, ...]:
    relevant = (band for band in bands if band.period_id is None or band.period_id == period_id)
    return tuple(sorted(relevant, key=lambda band: (band.period_id is None, band.up_to)))


# Requested times


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
