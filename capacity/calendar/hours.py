"""Opening hours: the service periods of a business date, and the minutes that belong to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time

from capacity.calendar.wall_clock import MINUTES_PER_DAY, minute_of


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
