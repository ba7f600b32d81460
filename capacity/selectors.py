"""The settings of a restaurant: periods, turn times, rules, closures, mode, and the database's clock."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from threading import Lock
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from cachetools import LRUCache
from django.conf import settings
from django.db.models import BigIntegerField, F, QuerySet, Subquery

from capacity.advice import House, TableOffer
from capacity.calendar import ONE_DAY, PeriodHours, ServiceTimes, TurnBand, periods_on, service_times
from capacity.choices import ClosureChannel, SeatingMode
from capacity.clock import PREPARED_CLOCK, shown_instant
from capacity.clock import ClockTimestamp as ClockTimestamp
from capacity.clock import read_clock as read_clock
from capacity.limits import LIMIT_FIELDS, Rule
from capacity.misconfigurations import (
    HouseSettings,
    Misconfiguration,
    MisconfigurationCode,
    PeriodOffer,
    find_misconfigurations,
)
from capacity.models import CapacityRule, Closure, EnforcementSwitch, OnlinePause, ServicePeriod, TurnTime
from capacity.policy import ONLINE, BookingWindow
from config.cached import cached_property
from config.errors import RecordNotFound
from config.statements import Parameter, Statement
from tables.choices import Audience, EnforcementMode
from tables.models import Restaurant
from tables.seating import Floor, SeatingTable
from tables.selectors import load_floor


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


def _facts_of_restaurant() -> QuerySet[Restaurant, tuple[UUID, datetime, bool | None]]:
    found = Restaurant.objects.filter(pk=Parameter("restaurant_id", BigIntegerField()))
    return found.values_list("settings_version", PREPARED_CLOCK, SWITCH)


# The switch of enforcement, NULL if nobody ever touched it.
SWITCH = Subquery(EnforcementSwitch.objects.filter(pk=1).values("enforced"))
FACTS = Statement.of("facts_of_restaurant", _facts_of_restaurant)
# By restaurant: the settings that were read last. A worker that is asked for ten thousand houses keeps some.
_kept: LRUCache[int, ServiceSettings] = LRUCache(maxsize=512)
_keeping = Lock()


def get_service_settings(restaurant_id: int) -> ServiceSettings:
    """Get the settings of a restaurant in 1 query; 9 more where the process does not know this version of them.

    Raises: `RecordNotFound`.
    """
    rows = FACTS.run(restaurant_id=restaurant_id, shown=shown_instant())
    if not rows:
        raise RecordNotFound
    facts = Facts(*rows[0])
    kept = _kept_settings(restaurant_id)
    if kept is None or kept.version != facts.settings_version:
        kept = _load_settings(restaurant_id)
        with _keeping:
            _kept[restaurant_id] = kept
    return kept.at(facts)


def presumed_settings(restaurant_id: int) -> ServiceSettings:
    """Return the settings that this process read last, by its own clock: they may not hold any more.

    No query, but as above where it has read none.
    """
    kept = _kept_settings(restaurant_id) or get_service_settings(restaurant_id)
    return replace(kept, now=shown_instant() or datetime.now(UTC), is_presumed=True)


def forget_settings(restaurant_id: int) -> None:
    """Forget the kept settings of a restaurant: they were read in a transaction that is rolled back."""
    with _keeping:
        _kept.pop(restaurant_id, None)


def _kept_settings(restaurant_id: int) -> ServiceSettings | None:
    with _keeping:
        return _kept.get(restaurant_id)


def _load_settings(restaurant_id: int) -> ServiceSettings:
    # The restaurant first: what is changed meanwhile is then kept under a version that nobody will ever see again.
    restaurant = Restaurant.objects.filter(pk=restaurant_id).first()
    if restaurant is None:
        raise RecordNotFound
    periods = list(ServicePeriod.objects.filter(restaurant_id=restaurant_id, retired_at__isnull=True).order_by("pk"))
    return ServiceSettings(
        restaurant=restaurant,
        now=datetime.now(UTC),
        is_enforced=True,
        periods=tuple(period_hours(period) for period in periods),
        modes={period.pk: period.seating_mode for period in periods},
        bands=list_turn_bands(restaurant_id),
        rules=list_rules(restaurant_id),
        closures=_list_closures(restaurant_id),
        floor=load_floor(restaurant_id),
        pauses=_list_pauses(restaurant_id),
    )


def is_enforced(restaurant_mode: str, *, switch: bool | None) -> bool:
    """Say whether limits refuse: the weakest of environment, switch and restaurant wins."""
    # A switch that nobody ever touched has no row and is on.
    return settings.ENABLE_CAPACITY_ENFORCEMENT and switch is not False and restaurant_mode == EnforcementMode.ENFORCE


def period_hours(period: ServicePeriod) -> PeriodHours:
    """Return a service period as the calendar needs it."""
    return PeriodHours(
        period_id=period.pk,
        name=period.name,
        weekdays=frozenset(period.weekdays),
        start_time=period.start_time,
        last_seating=period.last_seating,
        end_time=period.end_time,
        valid_from=period.valid_from,
        valid_to=period.valid_to,
        on_date=period.on_date,
    )


def list_service_periods(restaurant_id: int) -> list[ServicePeriod]:
    """List the periods that a restaurant offers, special hours last, in 1 query."""
    offered = ServicePeriod.objects.filter(restaurant_id=restaurant_id, retired_at__isnull=True)
    return list(offered.order_by(F("on_date").asc(nulls_first=True), "start_time", "pk"))


def list_periods_by_restaurant(restaurant_ids: Iterable[int]) -> defaultdict[int, list[PeriodHours]]:
    """List the periods that some restaurants offer in 1 query."""
    periods: defaultdict[int, list[PeriodHours]] = defaultdict(list)
    for period in ServicePeriod.objects.filter(restaurant__in=restaurant_ids, retired_at=None):
        periods[period.restaurant_id].append(period_hours(period))
    return periods


def list_turn_bands(restaurant_id: int) -> tuple[TurnBand, ...]:
    """List the turn times of a restaurant in 1 query."""
    rows = TurnTime.objects.filter(restaurant_id=restaurant_id)
    return tuple(TurnBand(*row) for row in rows.values_list("up_to", "minutes", "service_period_id"))


RULE_COLUMNS = (
    "pk",
    "service_period_id",
    "weekday",
    "from_date",
    "to_date",
    "from_time",
    "to_time",
    *LIMIT_FIELDS,
    "version",
)


def list_rules(restaurant_id: int) -> tuple[Rule, ...]:
    """List the capacity rules of a restaurant in 1 query."""
    rows = CapacityRule.objects.filter(restaurant_id=restaurant_id).values_list(*RULE_COLUMNS)
    return tuple(Rule(*row) for row in rows)


def list_rules_by_restaurant(restaurant_ids: Iterable[int]) -> defaultdict[int, list[Rule]]:
    """List the capacity rules of some restaurants in 1 query."""
    rules: defaultdict[int, list[Rule]] = defaultdict(list)
    rows = CapacityRule.objects.filter(restaurant__in=restaurant_ids)
    for restaurant_id, *columns in rows.values_list("restaurant_id", *RULE_COLUMNS):
        rules[restaurant_id].append(Rule(*columns))
    return rules


def rule_of(row: CapacityRule) -> Rule:
    """Return a capacity rule as decisions see it."""
    return Rule(*(getattr(row, name) for name in RULE_COLUMNS))


def list_misconfigurations(restaurant_id: int, *codes: MisconfigurationCode) -> list[Misconfiguration]:
    """List the settings that a restaurant has probably not meant, under these codes; queries as above.

    Raises: `RecordNotFound`.
    """
    found = find_misconfigurations(get_house_settings(get_service_settings(restaurant_id)))
    return [misconfiguration for misconfiguration in found if misconfiguration.code in codes]


def get_house_settings(settings: ServiceSettings) -> HouseSettings:
    """Get the settings of a house as `find_misconfigurations` takes them."""
    restaurant, floor = settings.restaurant, settings.floor
    combined = {table_id for combination in floor.combinations for table_id in combination.table_ids}
    periods = sorted(settings.periods, key=lambda period: period.start_time)
    return HouseSettings(
        today=settings.today,
        house=House(
            seats=sum(table.capacity for table in floor.tables),
            smallest_party=restaurant.party_size_min,
            largest_party=restaurant.party_size_max,
        ),
        periods=tuple(PeriodOffer(period, settings.needs_tables(period.period_id)) for period in periods),
        rules=settings.rules,
        bands=settings.bands,
        tables={table.table_id: _offer(table, is_combined=table.table_id in combined) for table in floor.tables},
    )


def _offer(table: SeatingTable, *, is_combined: bool) -> TableOffer:
    return TableOffer(
        number=table.number,
        smallest=table.min_party_size,
        largest=table.max_party_size,
        is_online=Audience.ONLINE in table.audience,
        is_in_house=bool({Audience.IN_HOUSE, Audience.WALK_IN} & set(table.audience)),
        is_combined=is_combined,
    )


def _list_pauses(restaurant_id: int) -> tuple[PausedTime, ...]:
    rows = OnlinePause.objects.filter(restaurant_id=restaurant_id, lifted_at=None, ends_at__gt=ClockTimestamp())
    return tuple(
        PausedTime(*row) for row in rows.values_list("service_period_id", "business_date", "starts_at", "ends_at")
    )


def _list_closures(restaurant_id: int) -> tuple[ClosedSpan, ...]:
    rows: Iterable[tuple[int | None, date, date, time | None, time | None, str]] = Closure.objects.filter(
        restaurant_id=restaurant_id
    ).values_list("service_period_id", "from_date", "to_date", "from_time", "to_time", "channel")
    return tuple(ClosedSpan(*row) for row in rows)
