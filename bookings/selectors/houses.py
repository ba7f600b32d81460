"""The settings of many restaurants at once, as a decision sees them. Never writes."""

from collections import defaultdict
from collections.abc import Collection

from capacity.calendar import TurnBand
from capacity.models import Closure, ServicePeriod, TurnTime
from capacity.selectors import (
    SWITCH,
    ClockTimestamp,
    ClosedSpan,
    ServiceSettings,
    is_enforced,
    list_rules_by_restaurant,
    period_hours,
)
from tables.models import Restaurant
from tables.selectors import load_floors


def list_service_settings(restaurant_ids: Collection[int]) -> dict[int, ServiceSettings]:
    """List the settings of restaurants by id in 7 queries, however many there are."""
    rows = Restaurant.objects.filter(pk__in=restaurant_ids).annotate(switch=SWITCH, clock=ClockTimestamp())
    houses = {restaurant.pk: restaurant for restaurant in rows}
    periods, closures, bands = _periods_of(houses), _closures_of(houses), _bands_of(houses)
    rules, floors = list_rules_by_restaurant(houses), load_floors(houses)
    return {
        pk: ServiceSettings(
            restaurant=house,
            now=vars(house)["clock"],
            is_enforced=is_enforced(house.enforcement, switch=vars(house)["switch"]),
            periods=tuple(period_hours(period) for period in periods[pk]),
            modes={period.pk: period.seating_mode for period in periods[pk]},
            bands=tuple(bands[pk]),
            rules=tuple(rules[pk]),
            closures=tuple(closures[pk]),
            floor=floors[pk],
        )
        for pk, house in houses.items()
    }


def _periods_of(restaurant_ids: Collection[int]) -> defaultdict[int, list[ServicePeriod]]:
    found: defaultdict[int, list[ServicePeriod]] = defaultdict(list)
    for period in ServicePeriod.objects.filter(restaurant__in=restaurant_ids, retired_at=None).order_by("pk"):
        found[period.restaurant_id].append(period)
    return found


def _closures_of(restaurant_ids: Collection[int]) -> defaultdict[int, list[ClosedSpan]]:
    found: defaultdict[int, list[ClosedSpan]] = defaultdict(list)
    for closure in Closure.objects.filter(restaurant__in=restaurant_ids):
        found[closure.restaurant_id].append(ClosedSpan.of(closure))
    return found


def _bands_of(restaurant_ids: Collection[int]) -> defaultdict[int, list[TurnBand]]:
    found: defaultdict[int, list[TurnBand]] = defaultdict(list)
    rows = TurnTime.objects.filter(restaurant__in=restaurant_ids)
    for owner, *band in rows.values_list("restaurant_id", "up_to", "minutes", "service_period_id"):
        found[owner].append(TurnBand(*band))
    return found
