"""The lock at work: whoever comes second waits until the first has committed, and decides on what is then true."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from bookings.services import materialize_service_days, save_settings_row
from capacity.selectors import get_service_settings
from tests.helpers.crowd import BOOKED, Crowd, outcome_of, tally
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import all_day_house, dinner_house
from tests.helpers.race_verdict import Gauge, watched
from tests.helpers.stopping_points import Points, count_blocked, wait_until_blocked

FULL = "CAPACITY_EXCEEDED"
DECIDED = "bookings.services.booking.write_bookings"


def test_the_second_guest_waits_for_the_first_and_is_then_refused(crowd: Crowd, points: Points, isolation: str) -> None:
    house = dinner_house(max_parties=1)
    pause = points.pause_before(DECIDED)

    with watched(house.restaurant) as gauge:
        first = crowd.start(house.booking())
        pause.wait_for_arrival()
        second = crowd.start(house.booking())
        wait_until_blocked()
        pause.release()

        assert (outcome_of(first).code, outcome_of(second).code) == (BOOKED, FULL)

    assert gauge.attempts_a_call() == 1


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_the_second_guest_does_not_wait_and_the_constraint_refuses_the_first(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_parties=1)
    without.service_day_lock()
    pause = points.pause_before(DECIDED)

    first = crowd.start(house.booking())
    pause.wait_for_arrival()
    second = crowd.start(house.booking())
    assert outcome_of(second).code == BOOKED
    assert count_blocked() == 0
    pause.release()

    assert outcome_of(first).code == FULL


def test_a_guest_for_dinner_waits_for_the_lunch_that_runs_into_it(crowd: Crowd, points: Points, isolation: str) -> None:
    house = all_day_house(tables=1)
    pause = points.pause_before(DECIDED)

    with watched(house.restaurant):
        lunch = crowd.start(house.booking(at=time(14, 30)))
        pause.wait_for_arrival()
        dinner = crowd.start(house.booking(at=time(15)))
        wait_until_blocked()
        pause.release()

        assert (outcome_of(lunch).code, outcome_of(dinner).code) == (BOOKED, FULL)


def test_guests_of_services_that_do_not_meet_do_not_wait_for_each_other(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house = dinner_house(max_parties=1)
    tomorrow = house.business_date + timedelta(days=1)
    materialize_service_days(restaurant_id=house.restaurant.pk, from_date=tomorrow, to_date=tomorrow)
    pause = points.pause_before(DECIDED)

    with watched(house.restaurant):
        first = crowd.start(house.booking())
        pause.wait_for_arrival()
        second, third = crowd.start(house.booking()), crowd.start(house.booking(business_date=tomorrow))
        assert outcome_of(third).code == BOOKED
        pause.release()

        # At serializable the first may start over for the page that it shared with the third, and be second.
        assert sorted(outcome_of(guest).code for guest in (first, second)) == [FULL, BOOKED]


def test_a_lower_limit_waits_for_the_booking_before_it_and_keeps_it_as_excess(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house = dinner_house(max_covers=4)
    house.rule.max_covers = 2
    pause = points.pause_before(DECIDED)

    with watched(house.restaurant):
        booking = crowd.start(house.booking())
        pause.wait_for_arrival()
        edit = crowd.start(lambda: save_settings_row(row=house.rule))
        wait_until_blocked()
        pause.release()

        assert outcome_of(booking).code == BOOKED
        assert [(each.limit, each.amount) for each in outcome_of(edit).value.raised] == [("SERVICE_COVERS", 2)]


def test_whoever_waits_until_the_deadline_is_told_to_come_again(
    crowd: Crowd, points: Points, isolation: str, settings: Settings
) -> None:
    house = dinner_house(max_covers=400)
    pause = points.pause_before(DECIDED)

    first = crowd.start(house.booking())
    pause.wait_for_arrival()
    settings.BOOKING_DEADLINE_SECONDS = 0.3
    others = [crowd.start(house.booking()) for _ in range(8)]
    assert {outcome_of(other).code for other in others} == {"BOOKING_CONFLICT"}
    pause.release()

    assert outcome_of(first).code == BOOKED
    assert len(house.live_bookings()) == 1


def drafting_under_the_lock(points: Points) -> None:
    """Let bookings read in their transaction, as every other write does."""
    points.replace("bookings.services.booking.CreateBooking.is_drafted_at_gate", False)


def book_evenings_at_once(crowd: Crowd, points: Points) -> Gauge:
    """Book sixteen evenings of one house, all decided before the first is written; return what was counted."""
    house = dinner_house(max_covers=400, tables=1)
    evenings = [house.business_date + timedelta(days=day) for day in range(16)]
    materialize_service_days(restaurant_id=house.restaurant.pk, from_date=evenings[0], to_date=evenings[-1])
    get_service_settings(house.restaurant.pk)
    points.meet_before(DECIDED, clients=16)

    with watched(house.restaurant) as gauge:
        assert tally(crowd.run([house.booking(business_date=evening) for evening in evenings])) == {BOOKED: 16}
    return gauge


def book_houses_at_once(crowd: Crowd, points: Points) -> Gauge:
    """Book one evening of each of sixteen houses, all decided before the first is written."""
    houses = [dinner_house(max_covers=400, tables=1) for _ in range(16)]
    for house in houses:
        get_service_settings(house.restaurant.pk)
    points.meet_before(DECIDED, clients=16)

    with watched(houses[0].restaurant) as gauge:
        assert tally(crowd.run([house.booking() for house in houses])) == {BOOKED: 16}
    return gauge


@pytest.fixture
def serializable(settings: Settings) -> None:
    settings.BOOKING_ISOLATION = "serializable"


BOOKING_AT_ONCE = pytest.mark.parametrize("book_at_once", [book_evenings_at_once, book_houses_at_once])


@BOOKING_AT_ONCE
@pytest.mark.usefixtures("serializable")
def test_whoever_is_drafted_at_the_gate_meets_hardly_anybody(
    crowd: Crowd, points: Points, book_at_once: Callable[[Crowd, Points], Gauge]
) -> None:
    assert book_at_once(crowd, points).is_within(2)


def begin_page_of_service_days(count: int) -> None:
    """Make service days on an empty page: those of sixteen houses follow them."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE capacity_serviceday CASCADE")
    house = dinner_house(is_materialized=False)
    last = house.business_date + timedelta(days=count - 1)
    materialize_service_days(restaurant_id=house.restaurant.pk, from_date=house.business_date, to_date=last)


# A page takes thirty and is full then; seventy in a hundred of it would be forty-two.
@pytest.mark.parametrize("others", [14, 26, 35])
@pytest.mark.usefixtures("serializable")
def test_guests_of_houses_whose_service_days_share_a_page_hardly_meet(
    crowd: Crowd, points: Points, others: int
) -> None:
    begin_page_of_service_days(others)

    assert book_houses_at_once(crowd, points).attempts_a_call() <= 1.25


@pytest.mark.usefixtures("serializable")
def test_without_room_on_that_page_they_start_over_again(crowd: Crowd, points: Points, without: Protections) -> None:
    without.room_for_service_days()
    begin_page_of_service_days(44)

    assert not book_houses_at_once(crowd, points).is_within(2)


@pytest.mark.usefixtures("serializable")
def test_whoever_meets_guests_of_other_evenings_starts_over_once(crowd: Crowd, points: Points) -> None:
    drafting_under_the_lock(points)

    gauge = book_evenings_at_once(crowd, points)

    assert gauge.retries("40001") > 0
    assert gauge.is_within(2)


@pytest.mark.usefixtures("serializable")
def test_where_nobody_has_the_restaurant_alone_guests_of_other_evenings_start_over_again(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    drafting_under_the_lock(points)
    without.restaurant_gate()

    assert not book_evenings_at_once(crowd, points).is_within(2)


@pytest.mark.usefixtures("serializable")
def test_whoever_meets_guests_of_other_houses_starts_over_twice_at_most(crowd: Crowd, points: Points) -> None:
    drafting_under_the_lock(points)

    gauge = book_houses_at_once(crowd, points)

    assert gauge.retries("40001") > 0
    assert gauge.is_within(3)


@pytest.mark.usefixtures("serializable")
def test_where_nobody_is_ever_alone_guests_of_other_houses_start_over_again_and_again(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    drafting_under_the_lock(points)
    without.gate_for_everybody()

    assert not book_houses_at_once(crowd, points).is_within(3)
