"""Restaurants are found by the names that guests use for them, all that are asked for in one query."""

from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from tables.selectors import find_active_restaurants
from tests.helpers.factories import RestaurantFactory

pytestmark = pytest.mark.django_db


def test_each_of_several_names_gets_its_own_restaurant(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    bistro, bar = RestaurantFactory(slug="bistro"), RestaurantFactory(slug="bar")
    closed = RestaurantFactory(slug="closed", active=False)
    names = ["bar", str(bistro.public_id), "bistro", "closed", str(closed.public_id), str(uuid4()), "b\x00r", "", "bar"]

    with django_assert_num_queries(1):
        found = find_active_restaurants(names)

    assert found == [bar, bistro, bistro, None, None, None, None, None, bar]


def test_what_can_be_no_name_is_not_asked_for(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert find_active_restaurants(["no name", "\ud800", "x" * 64]) == [None] * 3
