"""Many guests want tables at once, and get them only by combinations that share tables, or by others who move."""

import random
from functools import partial

from bookings.models import Booking, BookingEvent, TableAssignment
from bookings.services import cancel_booking
from tests.helpers.crowd import BOOKED, Act, Crowd, Outcome, tally
from tests.helpers.race_houses import NINETEEN, House, seated_house
from tests.helpers.race_verdict import is_refused_by_all, list_misplaced, watched
from tests.helpers.second_opinion import Wish

FULL = "CAPACITY_EXCEEDED"
TAKEN_MEANWHILE = "23P01"
# Two rows of four tables: whoever gets the two in the middle of a row leaves two that nobody can combine.
ROWS = ((1, 2), (3, 1), (2, 4), (5, 6), (7, 5), (6, 8))


def wish(house: House, party_size: int) -> Wish:
    return Wish(house.business_date, NINETEEN, party_size)


def house_of_displaced_pairs(pairs: int) -> tuple[House, list[Booking]]:
    """Let parties of two sit at all the tables for four, since those for two were taken and were given up again."""
    house = seated_house(*[2] * pairs, *[4] * pairs)
    booked = [house.booking(party_size=2)().booking for _ in range(2 * pairs)]
    for booking in booked[:pairs]:
        cancel_booking(booking_id=booking.pk)
    return house, booked[pairs:]


def refused_sizes(sizes: list[int], outcomes: list[Outcome]) -> set[int]:
    return {size for size, outcome in zip(sizes, outcomes, strict=True) if outcome.code == FULL}


def test_a_hundred_parties_get_as_many_combinations_that_share_tables_as_there_can_be(
    crowd: Crowd, isolation: str
) -> None:
    house = seated_house(*[4] * 8, combined=ROWS)

    with watched(house.restaurant):
        outcomes = crowd.run([house.booking(party_size=6)] * 100)

    assert tally(outcomes) == {BOOKED: 4, FULL: 96}
    assert TableAssignment.objects.filter(restaurant=house.restaurant).count() == 8
    assert is_refused_by_all(house.restaurant, wish(house, 6))
    assert list_misplaced(house.restaurant) == []


def test_nobody_is_refused_while_everybody_could_be_seated(crowd: Crowd, few_rounds: range, isolation: str) -> None:
    for number in few_rounds:
        house = seated_house(2, 2, 4, 4, 4, 6, combined=((1, 2), (3, 4), (5, 4), (3, 2)))
        dice = random.Random(number)
        sizes = [dice.choice((1, 2, 2, 3, 4, 5, 6, 8)) for _ in range(12)]

        with watched(house.restaurant):
            outcomes = crowd.run([house.booking(party_size=size) for size in sizes])

        assert set(tally(outcomes)) == {BOOKED, FULL}
        assert all(is_refused_by_all(house.restaurant, wish(house, each)) for each in refused_sizes(sizes, outcomes))
        assert list_misplaced(house.restaurant) == []


def test_many_who_fit_only_if_others_move_all_find_room(crowd: Crowd, few_rounds: range, isolation: str) -> None:
    for _ in few_rounds:
        house, displaced = house_of_displaced_pairs(4)

        with watched(house.restaurant) as gauge:
            outcomes = crowd.run([house.booking()] * 8)

        assert tally(outcomes) == {BOOKED: 4, FULL: 4}
        assert is_refused_by_all(house.restaurant, wish(house, 4))
        assert gauge.retries(TAKEN_MEANWHILE) == 0
        assert sorted(house.tables_of(each) for each in displaced) == ["T1", "T2", "T3", "T4"]
        assert list_misplaced(house.restaurant) == []
        moves = BookingEvent.objects.filter(restaurant=house.restaurant, kind="reseated")
        assert sorted(moves.values_list("booking", flat=True)) == [each.pk for each in displaced]
        assert all(move.reason.endswith(", to make room for 4 at 19:00") for move in moves)


def test_whoever_is_cancelled_beside_plans_that_move_him_is_gone_for_good(
    crowd: Crowd, few_rounds: range, isolation: str
) -> None:
    for number in few_rounds:
        house, displaced = house_of_displaced_pairs(4)
        leaving = displaced[:2]
        acts: list[Act] = [partial(cancel_booking, booking_id=each.pk) for each in leaving]
        acts += [house.booking()] * 6
        random.Random(number).shuffle(acts)

        with watched(house.restaurant):
            outcomes = crowd.run(acts)

        assert tally(outcomes) == {BOOKED: 6, FULL: 2}
        assert {Booking.objects.get(pk=each.pk).status for each in leaving} == {"cancelled"}
        assert not TableAssignment.objects.filter(booking__in=leaving).exists()
        assert list_misplaced(house.restaurant) == []
