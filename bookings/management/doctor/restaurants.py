"""Active restaurants that cannot take a party as they are set, or take more than anybody meant."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, QuerySet

from bookings.management.doctor.findings import Deployment, Finding, ok, problem, some_of, warning
from capacity.advice import House, advise_on_limits, advise_on_turn_times
from capacity.choices import SeatingMode
from capacity.models import CapacityRule, ServicePeriod
from capacity.selectors import house_in_scope, list_rules, list_service_periods, list_turn_bands
from tables.choices import TableStatus
from tables.models import Restaurant, Table
from tables.selectors import load_floor


def check_restaurants(deployment: Deployment) -> Iterator[Finding]:
    """Is there any restaurant, and is each ever open?"""
    active = Restaurant.objects.filter(active=True)
    if not active.exists():
        yield warning("restaurants", "none is active", "manage.py import_restaurant FILE.yaml")
        return
    closed = _slugs(active.exclude(Exists(_live_periods())))
    if closed:
        advice = "Give it a service period in the admin or its file, or set active to false."
        yield warning("restaurants", f"never open, no service period: {some_of(closed)}", advice)
    else:
        yield ok("restaurants", f"{active.count()} active, each with a service period")


def check_rules(deployment: Deployment) -> Iterator[Finding]:
    """Has every active restaurant a capacity rule?"""
    rules = CapacityRule.objects.filter(restaurant=OuterRef("pk"))
    without = _slugs(Restaurant.objects.filter(active=True).exclude(Exists(rules)))
    if without:
        advice = "Configure capacity rules in the admin, or capacity_rules in the restaurant's file."
        yield warning("capacity-rules", f"no limit at all: {some_of(without)}", advice)
    else:
        yield ok("capacity-rules", "every active restaurant has one")


def check_tables(deployment: Deployment) -> Iterator[Finding]:
    """Has every active restaurant that seats at tables one that takes parties?"""
    seating = _live_periods().filter(seating_mode=SeatingMode.TABLES)
    tables = Table.objects.filter(restaurant=OuterRef("pk"), status=TableStatus.ACTIVE)
    without = _slugs(Restaurant.objects.filter(Exists(seating), active=True).exclude(Exists(tables)))
    if without:
        advice = "Add tables in the admin or the restaurant's file, or set seating_mode of its services to covers."
        yield problem("tables", f"seats at tables and has none, every party is refused: {some_of(without)}", advice)
    else:
        yield ok("tables", "every restaurant that seats at tables has some")


def check_advice(deployment: Deployment) -> Iterator[Finding]:
    """Which settings are allowed, but probably not meant? 5 queries a restaurant."""
    is_quiet = True
    for restaurant in Restaurant.objects.filter(active=True).order_by("slug"):
        for message in dict.fromkeys(_advise(restaurant)):
            is_quiet = False
            advice = f"In the admin, or: manage.py export_restaurant {restaurant.slug}, change, import_restaurant."
            yield warning("settings", f"{restaurant.slug}: {message}", advice)
    if is_quiet:
        yield ok("settings", "no limit or turn time that is probably not meant")


def _advise(restaurant: Restaurant) -> Iterator[str]:
    seats = sum(table.capacity for table in load_floor(restaurant.pk).tables)
    house = House(seats, restaurant.party_size_min, restaurant.party_size_max)
    offered = list_service_periods(restaurant.pk)
    for rule in list_rules(restaurant.pk):
        met = house_in_scope(house, rule, offered)
        yield from (advice.message for advice in advise_on_limits(rule.limits, met))
    periods = {period.pk: period.name for period in offered}
    gaps = advise_on_turn_times(list_turn_bands(restaurant.pk), periods, restaurant.party_size_max)
    yield from (advice.message for advice in gaps)


def _live_periods() -> QuerySet[ServicePeriod]:
    return ServicePeriod.objects.filter(restaurant=OuterRef("pk"), retired_at=None)


def _slugs(restaurants: QuerySet[Restaurant]) -> list[str]:
    return list(restaurants.order_by("slug").values_list("slug", flat=True))
