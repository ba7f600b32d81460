"""What /metrics says where limits refuse nobody though they are meant to."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from bookings.selectors.enforcement import get_enforcement_off
from bookings.services import resume_enforcement, roll_back_enforcement, set_restaurant_mode
from tests.helpers.dining_room import book
from tests.helpers.factories import RestaurantFactory, open_restaurant
from tests.helpers.metric_samples import scrape

pytestmark = pytest.mark.django_db(transaction=True)


def off(client: Client) -> dict[str, float]:
    return {by: value for (by,), value in scrape(client)["booking_enforcement_off"].items()}


@pytest.fixture
def houses() -> None:
    """Two active restaurants that enforce, one in shadow mode, one that is closed for good."""
    RestaurantFactory.create_batch(2)
    RestaurantFactory(enforcement="shadow")
    RestaurantFactory(active=False)


@pytest.mark.usefixtures("houses")
def test_nothing_is_off_where_everything_enforces(client: Client) -> None:
    assert off(client) == {"environment": 0, "switch": 0, "restaurant": 0}


@pytest.mark.usefixtures("houses")
def test_the_switch_is_off_for_those_that_enforce_themselves_until_it_is_on_again(client: Client) -> None:
    roll_back_enforcement(reason="Too many calls")
    assert off(client) == {"environment": 0, "switch": 2, "restaurant": 0}

    resume_enforcement(reason="Explained")
    assert off(client) == {"environment": 0, "switch": 0, "restaurant": 0}


@pytest.mark.usefixtures("houses")
@pytest.mark.parametrize("turn", [resume_enforcement, roll_back_enforcement])
def test_the_environment_counts_before_the_switch(client: Client, settings: Settings, turn: Callable[..., Any]) -> None:
    settings.ENABLE_CAPACITY_ENFORCEMENT = False
    turn(reason="Rollout")

    assert off(client) == {"environment": 2, "switch": 0, "restaurant": 0}


def test_a_restaurant_that_is_set_back_to_shadow_counts_until_it_enforces_again(client: Client) -> None:
    house = open_restaurant()
    book(house)
    set_restaurant_mode(restaurant_id=house.pk, mode="shadow", reason="Too many refusals", label="ops")
    assert off(client) == {"environment": 0, "switch": 0, "restaurant": 1}

    set_restaurant_mode(restaurant_id=house.pk, mode="enforce", reason="Rules mended", label="ops")
    assert off(client) == {"environment": 0, "switch": 0, "restaurant": 0}


def test_a_restaurant_that_begins_in_shadow_before_anybody_booked_is_not_taken_off(client: Client) -> None:
    house = open_restaurant()
    set_restaurant_mode(restaurant_id=house.pk, mode="shadow", reason="Opens in shadow", label="ops")
    book(house)
    assert off(client)["restaurant"] == 0

    # Set to enforce by mistake, and back before anybody booked.
    set_restaurant_mode(restaurant_id=house.pk, mode="enforce", reason="Stage 1", label="ops")
    set_restaurant_mode(restaurant_id=house.pk, mode="shadow", reason="Wrong house", label="ops")
    assert off(client)["restaurant"] == 0


def test_it_takes_at_most_three_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    roll_back_enforcement(reason="Too many calls")

    with django_assert_num_queries(3):
        get_enforcement_off()
