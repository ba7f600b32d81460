"""Two persons save the floor plan at once: one of them, and the other is told; no booking waits for either."""

from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from bookings.services import TablePlace, place_tables
from tables.models import Restaurant, Table
from tests.helpers.crowd import BOOKED, Crowd, outcome_of
from tests.helpers.race_houses import House, seated_house
from tests.helpers.race_verdict import watched
from tests.helpers.stopping_points import Points, wait_until_blocked

SERVICE = "bookings.services.settings.floor_plan"


def place(house: House, crowd: Crowd, x: int) -> "Future[Any]":
    """Let somebody save a plan with the only table elsewhere, as seen before anybody moved it."""
    table = house.restaurant.tables.get()
    seen = TablePlace.of(table)
    places = {table.pk: replace(seen, x=x, y=0)}
    return crowd.start(
        partial(place_tables, restaurant_id=house.restaurant.pk, places=places, as_read={table.pk: seen})
    )


def x_of(house: House) -> int | None:
    return Table.objects.get(restaurant=house.restaurant).x


def test_of_two_plans_at_once_one_is_saved_and_the_other_is_told(crowd: Crowd, points: Points) -> None:
    house = seated_house(4)
    point = points.pause_before(f"{SERVICE}._require_unchanged")

    first = place(house, crowd, 100)
    point.wait_for_arrival()
    second = place(house, crowd, 200)
    wait_until_blocked()
    point.release()

    assert (outcome_of(first).code, outcome_of(second).code) == (BOOKED, "STALE_EDIT")
    assert x_of(house) == 100


def test_without_the_lock_the_later_plan_is_laid_over_the_other(crowd: Crowd, points: Points) -> None:
    house = seated_house(4)
    points.replace(
        f"{SERVICE}.lock_restaurant_settings", lambda restaurant_id: Restaurant.objects.get(pk=restaurant_id)
    )
    point = points.pause_before(f"{SERVICE}._require_unchanged")

    first = place(house, crowd, 100)
    point.wait_for_arrival()
    second = outcome_of(place(house, crowd, 200))
    point.release()

    assert (outcome_of(first).code, second.code) == (BOOKED, BOOKED)
    assert x_of(house) == 100


@pytest.mark.usefixtures("isolation")
def test_a_booking_does_not_wait_for_a_plan(crowd: Crowd, points: Points) -> None:
    house = seated_house(4)
    point = points.pause_before(f"{SERVICE}._require_unchanged")

    with watched(house.restaurant):
        plan = place(house, crowd, 100)
        point.wait_for_arrival()
        guest = outcome_of(crowd.start(house.booking(2)))
        point.release()

    assert (guest.code, outcome_of(plan).code) == (BOOKED, BOOKED)
