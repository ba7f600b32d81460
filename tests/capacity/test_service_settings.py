"""Settings as they are read: what the rows say, for each of several restaurants, whatever stands in them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from capacity.models import OnlinePause, TurnTime
from capacity.selectors import ClosedSpan, PausedTime, list_service_settings, period_hours, rule_of
from tables.models import Restaurant
from tables.seating import CombinedTables, SeatingTable
from tables.selectors import load_floor
from tests.helpers.factories import (
    CapacityRuleFactory,
    ClosureFactory,
    RestaurantFactory,
    SectionFactory,
    ServicePeriodFactory,
    TableCombinationFactory,
    TableFactory,
)

pytestmark = pytest.mark.django_db

ON = date(2090, 6, 14)


def house_with_everything() -> Restaurant:
    house: Restaurant = RestaurantFactory(name='Chez "É"\\', timezone="Asia/Calcutta")
    dinner = ServicePeriodFactory(restaurant=house, name="Dîner\t1", start_time=time(18), end_time=time(1, 30))
    ServicePeriodFactory(restaurant=house, name="Eve", on_date=ON, weekdays=[], valid_from=None, seating_mode="covers")
    ServicePeriodFactory(restaurant=house, name="Old", retired_at=datetime.now(UTC))
    CapacityRuleFactory(restaurant=house, service_period=dinner, weekday=7, max_covers=20, pacing_parties=2)
    CapacityRuleFactory(
        restaurant=house, from_date=ON, to_date=ON, from_time=time(22), to_time=time(1), occupancy_covers=0
    )
    ClosureFactory(restaurant=house, from_date=ON, to_date=date(9999, 12, 31), channel="all")
    ClosureFactory(restaurant=house, from_date=ON, from_time=time(23, 59), to_time=time(0), service_period=dinner)
    TurnTime.objects.create(restaurant=house, up_to=4, minutes=75, service_period=dinner)
    now = datetime.now(UTC)
    for hours, lifted_at in ((1, None), (-1, None), (1, now)):
        OnlinePause.objects.create(
            restaurant=house,
            service_period=dinner,
            business_date=ON,
            reason="full",
            starts_at=now - timedelta(hours=2),
            ends_at=now + timedelta(hours=hours),
            lifted_at=lifted_at,
        )
    tables = [
        TableFactory(restaurant=house, audience=["walk_in", "online"], section=SectionFactory(restaurant=house)),
        TableFactory(restaurant=house, audience=[], priority=-3),
        TableFactory(restaurant=house, status="out_of_service"),
    ]
    TableCombinationFactory(restaurant=house, tables=[tables[1], tables[0]])
    TableCombinationFactory(restaurant=house, tables=tables)
    # Its tables have left it one after the other.
    TableCombinationFactory(restaurant=house)
    return house


def vars_of(restaurant: Restaurant) -> dict[str, Any]:
    return {field.attname: getattr(restaurant, field.attname) for field in Restaurant._meta.concrete_fields}


def test_they_are_what_the_rows_say(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    house, empty = house_with_everything(), RestaurantFactory()

    with django_assert_num_queries(1):
        found = list_service_settings([house.pk, empty.pk, -1])

    read, none = found[house.pk], found[empty.pk]
    offered = house.service_periods.filter(retired_at=None).order_by("pk")
    assert [vars_of(each.restaurant) for each in (read, none)] == list(Restaurant.objects.order_by("pk").values())
    assert read.periods == tuple(period_hours(period) for period in offered)
    assert read.modes == {period.pk: period.seating_mode for period in offered}
    assert read.rules == tuple(rule_of(rule) for rule in house.capacity_rules.order_by("pk"))
    assert read.closures == tuple(ClosedSpan.of(closure) for closure in house.closures.order_by("pk"))
    (pause,) = house.online_pauses.filter(lifted_at=None, ends_at__gt=datetime.now(UTC))
    assert read.pauses == (PausedTime(pause.service_period_id, ON, pause.starts_at, pause.ends_at),)
    assert [(band.up_to, band.minutes) for band in read.bands] == [(4, 75)]
    assert (none.periods, none.rules, none.closures, none.pauses, none.bands) == ((), (), (), (), ())
    assert found.keys() == {house.pk, empty.pk}


def test_the_floor_is_that_of_the_tables_which_take_parties() -> None:
    house = house_with_everything()
    first, second, third = house.tables.order_by("pk")

    floor = list_service_settings([house.pk])[house.pk].floor

    assert floor.tables == tuple(
        SeatingTable(
            *(table.pk, table.number, table.min_party_size, table.max_party_size, table.capacity, table.priority),
            *(table.seating_type, frozenset(table.audience), table.section_id),
        )
        for table in (first, second)
    )
    assert floor.combinations == (
        CombinedTables((first.pk, second.pk), 5, 8),
        CombinedTables((first.pk, second.pk, third.pk), 5, 8),
        CombinedTables((), 5, 8),
    )
    assert len(floor.seats) == 3
    assert load_floor(house.pk) == floor
    assert [table.table_id for table in load_floor(house.pk, also=[third.pk]).tables] == [first.pk, second.pk, third.pk]
