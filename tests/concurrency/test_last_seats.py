"""A hundred guests want the last seats at once."""

import random

from bookings.models import Booking, TableAssignment
from tests.helpers.crowd import BOOKED, Crowd, tally
from tests.helpers.race_houses import dinner_house
from tests.helpers.race_verdict import watched

GUESTS = 100
FULL = "CAPACITY_EXCEEDED"


def test_a_hundred_parties_of_four_fill_forty_covers_exactly(crowd: Crowd, rounds: range, isolation: str) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=40)

        with watched(house.restaurant):
            outcomes = crowd.run([house.booking()] * GUESTS)

        assert tally(outcomes) == {BOOKED: 10, FULL: 90}
        assert [booking.party_size for booking in house.live_bookings()] == [4] * 10


def test_room_for_one_party_goes_to_one_party(crowd: Crowd, rounds: range, isolation: str) -> None:
    for _ in rounds:
        house = dinner_house(max_parties=1)

        with watched(house.restaurant):
            outcomes = crowd.run([house.booking()] * GUESTS)

        assert tally(outcomes) == {BOOKED: 1, FULL: 99}
        assert Booking.objects.filter(restaurant=house.restaurant).count() == 1


def test_one_table_goes_to_one_party(crowd: Crowd, rounds: range, isolation: str) -> None:
    for _ in rounds:
        house = dinner_house(tables=1)

        with watched(house.restaurant):
            outcomes = crowd.run([house.booking()] * GUESTS)

        assert tally(outcomes) == {BOOKED: 1, FULL: 99}
        assert TableAssignment.objects.filter(restaurant=house.restaurant).count() == 1


def test_where_there_is_room_for_all_nobody_is_turned_away(crowd: Crowd, rounds: range, isolation: str) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=400)

        with watched(house.restaurant) as gauge:
            outcomes = crowd.run([house.booking()] * GUESTS)

        assert tally(outcomes) == {BOOKED: 100}
        assert gauge.attempts_a_call() <= 1.5


def test_parties_of_all_sizes_fill_up_until_the_smallest_refused_does_not_fit(
    crowd: Crowd, rounds: range, isolation: str
) -> None:
    for number in rounds:
        house = dinner_house(max_covers=24)
        dice = random.Random(number)
        sizes = [dice.randint(1, 8) for _ in range(24)]

        with watched(house.restaurant):
            outcomes = crowd.run([house.booking(party_size=size) for size in sizes])

        refused = [size for size, outcome in zip(sizes, outcomes, strict=True) if outcome.code == FULL]
        booked = sum(size for size, outcome in zip(sizes, outcomes, strict=True) if outcome.code == BOOKED)
        assert len(refused) + tally(outcomes)[BOOKED] == len(sizes)
        assert 24 - booked < min(refused)
