"""The settings of a restaurant as a decision sees them."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from capacity.calendar import ONE_DAY, PeriodHours, ServiceTimes, TurnBand, periods_on, service_times
from capacity.choices import ClosureChannel, SeatingMode
from capacity.limits import Rule
from capacity.models import Closure
from capacity.policy import ONLINE, BookingWindow
from config.cached import cached_property
from tables.choices import EnforcementMode
from tables.models import Restaurant
from tables.seating import Floor


@dataclass(frozen=True)
class ClosedSpan:
    """A closure as a decision sees it: dates inclusive, times half-open and perhaps past midnight."""

    period_id: int | None
    from_date: date
    to_date: date
    from_time: time | None
    to_time: time | None
    channel: str

    @classmethod
    def of(cls, row: Closure) -> "ClosedSpan":
        """Return the span of a closure."""
        return cls(row.service_period_id, row.from_date, row.to_date, row.from_time, row.to_time, row.channel)

    def covers(self, period_id: int | None, business_date: date, wall_time: time, channel: str) -> bool:
        """Say whether a start is closed to a way in."""
        return (
            self.from_date <= business_date <= self.to_date
            and self.period_id in (None, period_id)
            and self.channel in (ClosureChannel.ALL, channel)
            and self._covers_time(wall_time)
        )

    def _covers_time(self, wall_time: time) -> bool:
        if self.from_time is None or self.to_time is None:
            return True
        if self.from_time < self.to_time:
            return self.from_time <= wall_time < self.to_time
        return wall_time >= self.from_time or wall_time < self.to_time


class PausedTime(NamedTuple):
    """A pause as a decision sees it: what is asked in `[starts_at, ends_at)` for one service, whatever the start."""

    period_id: int
    business_date: date
    starts_at: datetime
    ends_at: datetime


class Facts(NamedTuple):
    """What a decision has to read anew each time: the version of the settings, the clock, the switch (None: on)."""

    settings_version: UUID
    now: datetime
    switch: bool | None


@dataclass(frozen=True)
class ServiceSettings:
    """All settings of a restaurant and its floor, at `now` by the database's clock.

    `is_presumed`: they are those that the process knew last, by its own clock; whoever decides asks for the version.
    """

    restaurant: Restaurant
    now: datetime
    is_enforced: bool
    periods: tuple[PeriodHours, ...]
    modes: dict[int, str]
    bands: tuple[TurnBand, ...]
    rules: tuple[Rule, ...]
    closures: tuple[ClosedSpan, ...]
    floor: Floor
    pauses: tuple[PausedTime, ...] = ()
    is_presumed: bool = False

    @property
    def version(self) -> UUID:
        """Return what every write of these settings and this floor changes."""
        return self.restaurant.settings_version

    def at(self, facts: Facts) -> "ServiceSettings":
        """Return these settings at the time and in the mode of some facts."""
        return replace(
            self,
            now=facts.now,
            is_enforced=is_enforced(self.restaurant.enforcement, switch=facts.switch),
            is_presumed=False,
        )

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the zone of the restaurant's wall clock."""
        return self.restaurant.zone

    @cached_property
    def window(self) -> BookingWindow:
        """Return the bounds of the restaurant online: party sizes, how early and how late."""
        house = self.restaurant
        return BookingWindow(
            zone=self.zone,
            party_size_min=house.party_size_min,
            party_size_max=house.party_size_max,
            min_notice_minutes=house.min_notice_minutes,
            max_days_ahead=house.max_days_ahead,
        )

    @property
    def today(self) -> date:
        """Return the calendar date on the restaurant's wall."""
        return self.now.astimezone(self.zone).date()

    def periods_on(self, business_date: date) -> tuple[PeriodHours, ...]:
        """Return the periods offered on a business date, by start."""
        return periods_on(self.periods, business_date)

    def services_on(self, business_date: date) -> list[ServiceTimes]:
        """Return the services of a business date that have at least one slot."""
        house = self.restaurant
        offered = [
            service_times(period, business_date, self.zone, house.slot_minutes)
            for period in self.periods_on(business_date)
        ]
        return [service for service in offered if service.slots]

    def services_left(self) -> list[ServiceTimes]:
        """Return the services of today, and yesterday's that runs past midnight, that are not over, by start."""
        both = (*self.services_on(self.today - ONE_DAY), *self.services_on(self.today))
        return [service for service in both if service.closes_at > self.now]

    def needs_tables(self, period_id: int) -> bool:
        """Say whether a party of this period must be seated at a table."""
        return self.modes.get(period_id, SeatingMode.TABLES) == SeatingMode.TABLES

    def is_closed(self, period_id: int | None, business_date: date, wall_time: time, channel: str = ONLINE) -> bool:
        """Say whether a closure covers a start."""
        return any(closure.covers(period_id, business_date, wall_time, channel) for closure in self.closures)

    def is_paused(self, period_id: int | None, business_date: date, channel: str) -> bool:
        """Say whether a service takes nobody by a way in just now."""
        return channel == ONLINE and any(
            (pause.period_id, pause.business_date) == (period_id, business_date)
            and pause.starts_at <= self.now < pause.ends_at
            for pause in self.pauses
        )


def is_enforced(restaurant_mode: str, *, switch: bool | None) -> bool:
    """Say whether limits refuse: the weakest of environment, switch and restaurant wins."""
    # A switch that nobody ever touched has no row and is on.
    return settings.ENABLE_CAPACITY_ENFORCEMENT and switch is not False and restaurant_mode == EnforcementMode.ENFORCE
