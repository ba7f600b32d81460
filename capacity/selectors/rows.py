"""The rows of a restaurant's settings, as decisions and screens take them."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import F

from capacity.calendar import PeriodHours
from capacity.limits import LIMIT_FIELDS, Rule
from capacity.models import CapacityRule, ServicePeriod


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
