"""What /metrics says about the settings of the restaurants."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from bookings.models import Booking
from bookings.selectors.configuration import get_configuration
from tables.models import Restaurant, Table
from tests.helpers.factories import (
    BookingFactory,
    CapacityRuleFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TableFactory,
    days_ahead,
    open_restaurant,
)
from tests.helpers.metric_samples import scrape

pytestmark = pytest.mark.django_db(transaction=True)


def configured(client: Client) -> tuple[float, float, float]:
    """Return coverage, restaurants without rules, restaurants without tables."""
    page = scrape(client)
    coverage, rules, tables = (
        page[name][()]
        for name in (
            "booking_configuration_coverage_ratio",
            "booking_restaurants_without_rules",
            "booking_restaurants_without_tables",
        )
    )
    return coverage, rules, tables


def test_nothing_to_configure_is_all_configured(client: Client) -> None:
    assert configured(client) == (1, 0, 0)

    RestaurantFactory()

    assert configured(client) == (1, 0, 0)


def test_the_coverage_is_the_share_of_periods_that_are_limited(client: Client) -> None:
    limited, other = open_restaurant(), open_restaurant()
    lunch = ServicePeriodFactory(restaurant=limited, name="Lunch")
    ServicePeriodFactory(restaurant=other, name="Lunch")
    CapacityRuleFactory(restaurant=limited, service_period=lunch, max_parties=0)

    assert configured(client) == (0.25, 1, 0)

    CapacityRuleFactory(restaurant=limited, pacing_covers=8)
    assert configured(client) == (0.5, 1, 0)

    CapacityRuleFactory(restaurant=other, occupancy_covers=30)
    assert configured(client) == (1, 0, 0)


def test_a_rule_without_a_limit_is_no_rule(client: Client) -> None:
    CapacityRuleFactory(restaurant=open_restaurant())

    assert configured(client) == (0, 1, 0)


def test_a_rule_of_another_restaurant_limits_nothing(client: Client) -> None:
    open_restaurant()
    CapacityRuleFactory(max_covers=40)

    assert configured(client) == (0, 1, 0)


def test_what_is_inactive_retired_or_over_is_left_out(client: Client) -> None:
    restaurant = open_restaurant()
    CapacityRuleFactory(restaurant=restaurant, max_covers=40)
    open_restaurant(active=False)
    for number, gone in enumerate(({"retired_at": timezone.now()}, {"on_date": days_ahead(-2)})):
        ServicePeriodFactory(name=f"Lunch {number}", **gone)

    assert configured(client) == (1, 0, 0)


@pytest.mark.parametrize(("zone", "is_over"), [("Etc/GMT+12", False), ("Etc/GMT-14", True)])
def test_special_hours_are_over_by_the_restaurants_own_date(client: Client, zone: str, is_over: bool) -> None:
    # The date west of the date line is at least a day behind that in the east.
    west = (datetime.now(UTC) - timedelta(hours=12)).date()
    ServicePeriodFactory(restaurant=RestaurantFactory(timezone=zone), on_date=west)

    assert configured(client) == ((1, 0, 0) if is_over else (0, 1, 0))


# Bookings, but no tables


def expecting(*, seating_mode: str = "tables", **row: Any) -> Restaurant:
    """Return a restaurant that has a booking and no table."""
    restaurant: Restaurant = RestaurantFactory()
    CapacityRuleFactory(restaurant=restaurant, max_covers=40)
    ServicePeriodFactory(restaurant=restaurant, seating_mode=seating_mode)
    BookingFactory(restaurant=restaurant, **row)
    return restaurant


def without_tables(client: Client) -> float:
    return configured(client)[2]


def test_a_restaurant_that_expects_parties_needs_an_active_table(client: Client) -> None:
    restaurant = expecting()
    assert without_tables(client) == 1

    table = TableFactory(restaurant=restaurant, status="out_of_service")
    TableFactory()
    assert without_tables(client) == 1

    Table.objects.filter(pk=table.pk).update(status="active")
    assert without_tables(client) == 0


def test_restaurants_are_counted_not_their_bookings(client: Client) -> None:
    BookingFactory(restaurant=expecting())
    expecting()

    assert without_tables(client) == 2


def test_a_service_by_numbers_needs_no_table(client: Client) -> None:
    expecting(seating_mode="covers")

    assert without_tables(client) == 0


def test_an_inactive_restaurant_needs_no_table(client: Client) -> None:
    Restaurant.objects.filter(pk=expecting().pk).update(active=False)

    assert without_tables(client) == 0


@pytest.mark.parametrize(
    ("status", "needed"),
    [
        ("confirmed", 1),
        ("arrived", 1),
        ("seated", 1),
        ("completed", 0),
        ("cancelled", 0),
        ("no_show", 0),
        ("expired", 0),
    ],
)
def test_only_a_booking_that_stands_needs_a_table(client: Client, status: str, needed: int) -> None:
    expecting(status=status)

    assert without_tables(client) == needed


@pytest.mark.parametrize(("minutes", "needed"), [(5, 1), (-1, 0)])
def test_a_hold_needs_a_table_until_it_is_over(client: Client, minutes: int, needed: int) -> None:
    expecting(status="held", expires_at=timezone.now() + timedelta(minutes=minutes))

    assert without_tables(client) == needed


@pytest.mark.parametrize(("minutes", "needed"), [(5, 1), (-1, 0)])
def test_a_booking_needs_a_table_until_its_end(client: Client, minutes: int, needed: int) -> None:
    expecting()
    ends_at = timezone.now() + timedelta(minutes=minutes)
    Booking.objects.update(starts_at=ends_at - timedelta(minutes=90), ends_at=ends_at)

    assert without_tables(client) == needed


@pytest.mark.parametrize("restaurants", [1, 4])
def test_it_takes_three_queries_for_any_number_of_restaurants(
    django_assert_num_queries: DjangoAssertNumQueries, restaurants: int
) -> None:
    for _ in range(restaurants):
        expecting()

    with django_assert_num_queries(3):
        get_configuration()
