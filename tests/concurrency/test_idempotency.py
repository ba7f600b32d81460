"""Twins: the same request, with the same key, more than once at once; and a request whose answer was lost."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from bookings.models import Booking
from tests.helpers.crowd import BOOKED, Crowd, tally
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import dinner_house
from tests.helpers.race_verdict import Gauge, watched
from tests.helpers.stopping_points import Points

DECIDED = "bookings.services.booking.write_bookings"
UNIQUE = "booking_idempotency_key_unique_in_restaurant"
UNIQUE_VIOLATION = "23505"


def test_twins_get_one_booking_and_one_answer(crowd: Crowd, rounds: range, isolation: str) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=40)

        with watched(house.restaurant):
            outcomes = crowd.run([house.booking(idempotency_key="tea-for-two")] * 8)

        receipts = [outcome.value for outcome in outcomes]
        assert [receipt.is_replayed for receipt in receipts].count(False) == 1
        assert {receipt.booking.pk for receipt in receipts} == {house.live_bookings()[0].pk}
        assert all(receipt.answer == receipts[0].answer for receipt in receipts)
        assert len({receipt.manage_token for receipt in receipts}) == 1


def test_twins_for_the_last_seats_are_all_booked(crowd: Crowd, rounds: range, isolation: str) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=4)

        with watched(house.restaurant):
            outcomes = crowd.run([house.booking(idempotency_key="last")] * 8)

        assert tally(outcomes) == {BOOKED: 8}
        assert len(house.live_bookings()) == 1


def test_requests_that_share_a_key_but_not_a_body_book_one_of_them(crowd: Crowd, rounds: range, isolation: str) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=40)

        with watched(house.restaurant):
            outcomes = crowd.run([house.booking(party_size=size, idempotency_key="shared") for size in range(1, 9)])

        assert tally(outcomes) == {BOOKED: 1, "IDEMPOTENCY_KEY_REUSED": 7}


def test_a_key_used_for_two_dates_at_once_books_one_of_them(
    crowd: Crowd, points: Points, isolation: str, settings: Settings
) -> None:
    # With the gate one comes after the other, whatever the date: here the key alone keeps them apart.
    settings.BOOKING_GATE = False
    house = dinner_house(max_covers=40)
    other_date = house.business_date + timedelta(days=1)
    points.meet_before(DECIDED, clients=2)

    with watched(house.restaurant):
        outcomes = crowd.run(
            [house.booking(idempotency_key="one"), house.booking(business_date=other_date, idempotency_key="one")]
        )

    assert tally(outcomes) == {BOOKED: 1, "IDEMPOTENCY_KEY_REUSED": 1}


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_twins_get_two_bookings(crowd: Crowd, points: Points, without: Protections) -> None:
    house = dinner_house(max_covers=40)
    without.service_day_lock()
    without.constraints(UNIQUE)
    points.meet_before(DECIDED, clients=2)

    crowd.run([house.booking(idempotency_key="twice")] * 2)

    assert Booking.objects.filter(restaurant=house.restaurant, idempotency_key="twice").count() == 2


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_the_constraint_sends_the_second_twin_to_the_first_one_s_booking(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_covers=40)
    without.service_day_lock()
    points.meet_before(DECIDED, clients=2)
    gauge = Gauge()

    outcomes = crowd.run([house.booking(idempotency_key="once")] * 2)

    assert sorted(outcome.value.is_replayed for outcome in outcomes) == [False, True]
    assert gauge.retries(UNIQUE_VIOLATION) == 1
