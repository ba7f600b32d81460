"""Opening hours: the service periods of a business date, and the minutes that belong to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache

from capacity.calendar.wall_clock import MINUTES_PER_DAY, minute_of
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
