"""The gaps in the settings of all active restaurants, in a fixed number of queries. Never writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef

from bookings.choices import AWAITED_STATUSES, BookingStatus
from bookings.models import Booking
from capacity.calendar import PeriodHours
from capacity.choices import SeatingMode
from capacity.coverage import has_rule_that_limits, is_limited, is_still_offered
from capacity.limits import Rule
from capacity.selectors import read_clock
from capacity.selectors.rows import PERIODS, RULES
from config.statements import read_each
from tables.choices import TableStatus
from tables.models import Restaurant, Table
from tables.zones import zone_called

AWAITED_OR_SEATED = (*AWAITED_STATUSES, BookingStatus.SEATED)


@dataclass(frozen=True)
class Configuration:
    """The numbers of service periods offered and limited, and of restaurants that lack something."""

    offered_periods: int
    limited_periods: int
    restaurants_without_rules: int
    restaurants_without_tables: int

    @property
    def coverage_ratio(self) -> float:
        """Return the share of the offered service periods that rules limit: 1 without any."""
        return self.limited_periods / self.offered_periods if self.offered_periods else 1.0


@dataclass(frozen=True)
class _House:
    """The settings of one restaurant, on its own today."""

    today: date
    periods: list[PeriodHours]
    rules: Sequence[Rule]

    @property
    def is_without_rules(self) -> bool:
        return bool(self.periods) and not has_rule_that_limits(self.periods, self.rules, self.today)


def get_configuration() -> Configuration:
    """Get what all active restaurants have set in 3 queries, however many there are."""
    now = read_clock()
    houses = _read_houses(now)
    return Configuration(
        offered_periods=sum(len(house.periods) for house in houses),
        limited_periods=sum(is_limited(period, house.rules) for house in houses for period in house.periods),
        restaurants_without_rules=sum(house.is_without_rules for house in houses),
        restaurants_without_tables=_count_without_tables(now),
    )


def _read_houses(now: datetime) -> list[_House]:
    kinds = PERIODS, RULES
    rows = Restaurant.objects.filter(active=True).values_list("timezone", *kinds)
    return [_house_of(now.astimezone(zone_called(zone)).date(), *read_each(kinds, arrays)) for zone, *arrays in rows]


def _house_of(today: date, periods: Sequence[PeriodHours], rules: Sequence[Rule]) -> _House:
    return _House(today, [period for period in periods if is_still_offered(period, today)], rules)


def _count_without_tables(now: datetime) -> int:
    """Count the active restaurants that expect parties at tables and have no active table, in 1 query."""
    tables = Table.objects.filter(restaurant=OuterRef("pk"), status=TableStatus.ACTIVE)
    expected = Booking.objects.filter(
        restaurant=OuterRef("pk"),
        ends_at__gt=now,
        status__in=AWAITED_OR_SEATED,
        service_day__service_period__seating_mode=SeatingMode.TABLES,
    ).exclude(status=BookingStatus.HELD, expires_at__lte=now)
    return Restaurant.objects.filter(~Exists(tables), Exists(expected), active=True).count()
