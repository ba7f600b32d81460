"""The settings of a restaurant as a decision sees them and a process keeps them, and the version by which they hold."""

import pickle
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from cachetools import LRUCache
from django.conf import settings
from django.db import connection
from django.db.models import BigIntegerField, F, QuerySet, Subquery

from capacity.calendar import ONE_DAY, PeriodHours, ServiceTimes, TurnBand, periods_on, service_times
from capacity.choices import SeatingMode
from capacity.clock import PREPARED_CLOCK, shown_instant
from capacity.limits import Rule
from capacity.models import EnforcementSwitch
from capacity.policy import ONLINE, BookingWindow
from capacity.selectors.rows import SETTINGS_ROWS, ClosedSpan, PausedTime
from config.cached import cached_property
from config.errors import RecordNotFound
from config.group_commit import SharedWork
from config.statements import AnyOf, Parameter, Statement, ids, read_each
from tables.choices import EnforcementMode
from tables.models import Restaurant
from tables.seating import Floor
from tables.selectors import FLOOR_ROWS, RESTAURANT_COLUMNS


class Facts(NamedTuple):
    """The facts that a decision reads anew each time: version of the settings, clock, switch (None: on)."""

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


def _facts_of_restaurant() -> QuerySet[Restaurant, tuple[UUID, datetime, bool | None]]:
    found = Restaurant.objects.filter(pk=Parameter("restaurant_id", BigIntegerField()))
    return found.values_list("settings_version", PREPARED_CLOCK, SWITCH)


# The switch of enforcement, NULL if nobody ever touched it.
SWITCH = Subquery(EnforcementSwitch.objects.filter(pk=1).values("enforced"))
FACTS = Statement.of("facts_of_restaurant", _facts_of_restaurant)
# By restaurant: the settings that were asked for last, and the rows of many more, which take 0.6 kB packed. A worker
# that is asked for ten thousand restaurants in turn unpacks, and does not read all of them anew each time.
_kept: LRUCache[int, ServiceSettings] = LRUCache(maxsize=512)
_packed: LRUCache[int, bytes] = LRUCache(maxsize=16_384)
_keeping = Lock()


def get_service_settings(restaurant_id: int) -> ServiceSettings:
    """Get the settings of a restaurant in 1 query; 1 more where the process does not know this version of them.

    Of all who ask for them at once outside a transaction one reads.

    Raises: `RecordNotFound`.
    """
    rows = FACTS.run(restaurant_id=restaurant_id, shown=shown_instant())
    if not rows:
        raise RecordNotFound
    facts = Facts(*rows[0])
    kept = _kept_settings(restaurant_id)
    if kept is None or kept.version != facts.settings_version:
        kept = _read_settings(restaurant_id, facts.settings_version)
    return kept.at(facts)


def presumed_settings(restaurant_id: int) -> ServiceSettings:
    """Return the settings that this process read last, by its own clock: they may not hold any more.

    No query, 1 where it has read none.

    Raises: `RecordNotFound`.
    """
    kept = _kept_settings(restaurant_id) or _read_settings(restaurant_id, None)
    return replace(kept, now=shown_instant() or datetime.now(UTC), is_presumed=True)


def forget_settings(restaurant_id: int) -> None:
    """Forget the kept settings of a restaurant: they were read in a transaction that is rolled back."""
    with _keeping:
        _kept.pop(restaurant_id, None)
        _packed.pop(restaurant_id, None)


def _kept_settings(restaurant_id: int) -> ServiceSettings | None:
    with _keeping:
        kept, packed = _kept.get(restaurant_id), _packed.get(restaurant_id)
    if kept is None and packed is not None:
        kept = _settings_of_row(pickle.loads(zlib.decompress(packed)))  # noqa: S301 - packed by this process
        with _keeping:
            # Nobody has read or forgotten them since.
            if _packed.get(restaurant_id) is packed:
                _kept[restaurant_id] = kept
    return kept


def _read_settings(restaurant_id: int, version: UUID | None) -> ServiceSettings:
    # What a transaction has changed itself nobody else can read.
    read = _settings_of if connection.in_atomic_block else _READING.ask
    return read((restaurant_id, version))


def _settings_of(asked: tuple[int, UUID | None]) -> ServiceSettings:
    """Return what is kept of a restaurant if it is of a version, None is any, else what is read now."""
    restaurant_id, version = asked
    kept = _kept_settings(restaurant_id)
    if kept is None or version not in (None, kept.version):
        rows = _read_rows([restaurant_id])
        if not rows:
            raise RecordNotFound
        kept, packed = _settings_of_row(rows[0]), zlib.compress(pickle.dumps(rows[0]), level=1)
        with _keeping:
            _kept[restaurant_id], _packed[restaurant_id] = kept, packed
    return kept


def _settings_of_each(asked: Sequence[tuple[int, UUID | None]]) -> list[ServiceSettings]:
    return [_settings_of(each) for each in asked]


# Each of a hundred guests who come at once to a restaurant that the process does not know would read its settings.
_READING = SharedWork(_settings_of_each)


def _settings_query() -> QuerySet[Restaurant, tuple[Any, ...]]:
    found = Restaurant.objects.filter(AnyOf(F("pk"), ids("restaurant_ids"))).order_by()
    return found.values_list(*RESTAURANT_COLUMNS, PREPARED_CLOCK, SWITCH, *SETTINGS_ROWS, *FLOOR_ROWS)


SETTINGS = Statement.of("settings_of_restaurants", _settings_query)


def list_service_settings(restaurant_ids: Collection[int]) -> dict[int, ServiceSettings]:
    """List the settings of restaurants by id as they are now, in 1 query."""
    return {found.restaurant.pk: found for found in map(_settings_of_row, _read_rows(restaurant_ids))}


def _read_rows(restaurant_ids: Collection[int]) -> list[tuple[Any, ...]]:
    return SETTINGS.run(restaurant_ids=list(restaurant_ids), also=[], shown=shown_instant())


def _settings_of_row(row: Sequence[Any]) -> ServiceSettings:
    width = len(RESTAURANT_COLUMNS)
    restaurant = Restaurant.from_db(None, RESTAURANT_COLUMNS, row[:width])
    now, switch, *arrays = row[width:]
    periods, modes, bands, rules, closures, pauses, *floor = read_each((*SETTINGS_ROWS, *FLOOR_ROWS), arrays)
    return ServiceSettings(
        restaurant=restaurant,
        now=now,
        is_enforced=is_enforced(restaurant.enforcement, switch=switch),
        periods=periods,
        modes={each.period_id: each.seating_mode for each in modes},
        bands=bands,
        rules=rules,
        closures=closures,
        floor=Floor(*floor),
        pauses=pauses,
    )
