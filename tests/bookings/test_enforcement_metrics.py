"""What /metrics says where limits refuse nobody though they are meant to."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from bookings.selectors.enforcement import get_enforcement_off
from bookings.services import set_enforcement, set_restaurant_mode
from tests.bookings.scraping import scrape
from tests.factories import RestaurantFactory

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
    set_enforcement(enforced=False, reason="Too many calls")
    assert off(client) == {"environment": 0, "switch": 2, "restaurant": 0}

    set_enforcement(enforced=True, reason="Explained")
    assert off(client) == {"environment": 0, "switch": 0, "restaurant": 0}


@pytest.mark.usefixtures("houses")
@pytest.mark.parametrize("is_switch_on", [True, False])
def test_the_environment_counts_before_the_switch(client: Client, settings: Settings, is_switch_on: bool) -> None:
    settings.ENABLE_CAPACITY_ENFORCEMENT = False
    set_enforcement(enforced=is_switch_on, reason="Rollout")

    assert off(client) == {"environment": 2, "switch": 0, "restaurant": 0}


def test_a_restaurant_that_is_set_back_to_shadow_counts_until_it_enforces_again(client: Client) -> None:
    house = RestaurantFactory()
    set_restaurant_mode(restaurant_id=house.pk, mode="shadow", reason="Too many refusals", label="ops")
    assert off(client) == {"environment": 0, "switch": 0, "restaurant": 1}

    set_restaurant_mode(restaurant_id=house.pk, mode="enforce", reason="Rules mended", label="ops")
    assert off(client) == {"environment": 0, "switch": 0, "restaurant": 0}


def test_it_takes_at_most_three_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    set_enforcement(enforced=False, reason="Too many calls")

    with django_assert_num_queries(3):
        get_enforcement_off()
