"""What hosts do to tables while guests book them: blocks, swaps and plans that move the same parties."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, time, timedelta
from functools import partial
from itertools import permutations

import pytest

from bookings.models import Booking
from bookings.services import BlockOutcome, FloorOutcome, block_tables, seat_walk_in, swap_tables
from config.errors import EditIsStale
from tests.helpers.crowd import BOOKED, Act, Crowd, outcome_of, tally
from tests.helpers.dining_room import room_at_noon
from tests.helpers.factories import CapacityRuleFactory, materialize
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import NINETEEN, House, seated_house
from tests.helpers.race_verdict import Gauge, is_refused_by_all, list_misplaced, watched
from tests.helpers.recount import list_faults
from tests.helpers.second_opinion import Wish
from tests.helpers.stopping_points import Points, wait_until_blocked

FULL = "CAPACITY_EXCEEDED"
DECIDED = "bookings.services.booking.write_bookings"
BLOCKED = "bookings.services.floor.blocks.write_reseating"
SWAPPED = "bookings.services.floor.assignments.give_tables"
DOUBLE_SEATING = "assignment_no_double_seating"
DEADLOCK, TAKEN_MEANWHILE = "40P01", "23P01"


def blocking(house: House, *numbers: str) -> Callable[[], BlockOutcome]:
    """Return the act of blocking tables for the evening."""
    starts_at = house.days[0].starts_at
    return partial(
        block_tables,
        restaurant_id=house.restaurant.pk,
        table_ids=list(house.restaurant.tables.filter(number__in=numbers).values_list("pk", flat=True)),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        reason="A broken leg",
    )


def swapping(one: Booking, other: Booking) -> Callable[[], FloorOutcome]:
    """Return the act of swapping two parties as they were made."""
    return partial(swap_tables, booking_id=one.pk, other_booking_id=other.pk, expected_version=1)


def swapping_in_the_end(one: Booking, other: Booking) -> Callable[[], FloorOutcome]:
    """Return the act of a host who looks again, and swaps what there is then, whenever somebody was faster."""

    def swap() -> FloorOutcome:
        while True:
            seen = Booking.objects.get(pk=one.pk).version
            with suppress(EditIsStale):
                return swap_tables(booking_id=one.pk, other_booking_id=other.pk, expected_version=seen)

    return swap


def house_of_pairs(*numbers: str, seats: tuple[int, ...] = (4, 4, 4)) -> tuple[House, list[Booking]]:
    """Let a party of two sit at each of some tables."""
    house = seated_house(*seats)
    return house, [house.put(house.booking(party_size=2)().booking, number) for number in numbers]


# A block against bookings


def test_whoever_books_beside_a_block_keeps_off_the_table_or_is_named(
    crowd: Crowd, few_rounds: range, isolation: str
) -> None:
    for _ in few_rounds:
        house = seated_house(4, 4, 4)

        with watched(house.restaurant) as gauge:
            block, *guests = crowd.run([blocking(house, "T1"), *[house.booking()] * 6])

        left = {each.booking.pk for each in block.value.left}
        assert tally(guests) == {BOOKED: 2 + len(left), FULL: 4 - len(left)}
        assert {each.pk for each in house.live_bookings() if house.tables_of(each) == "T1"} == left
        assert is_refused_by_all(house.restaurant, Wish(house.business_date, NINETEEN, 4))
        assert gauge.retries(DEADLOCK) == 0
        assert list_misplaced(house.restaurant) == []


def test_a_guest_waits_for_a_block_and_gets_another_table(crowd: Crowd, points: Points, isolation: str) -> None:
    house = seated_house(4, 4)
    pause = points.pause_before(BLOCKED)

    with watched(house.restaurant):
        block = crowd.start(blocking(house, "T1"))
        pause.wait_for_arrival()
        guest = crowd.start(house.booking())
        wait_until_blocked()
        pause.release()

        assert house.tables_of(outcome_of(guest).value.booking) == "T2"
        assert outcome_of(block).value.left == ()


def test_a_block_waits_for_a_guest_and_gives_him_another_table(crowd: Crowd, points: Points, isolation: str) -> None:
    house = seated_house(4, 4)
    pause = points.pause_before(DECIDED)

    with watched(house.restaurant):
        guest = crowd.start(house.booking())
        pause.wait_for_arrival()
        block = crowd.start(blocking(house, "T1"))
        wait_until_blocked()
        pause.release()

        assert [move.to_tables for move in outcome_of(block).value.moves] == [("T2",)]
        assert house.tables_of(outcome_of(guest).value.booking) == "T2"


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_a_guest_gets_a_blocked_table_and_nobody_is_told(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = seated_house(4, 4)
    without.service_day_lock()
    pause = points.pause_before(BLOCKED)

    block = crowd.start(blocking(house, "T1"))
    pause.wait_for_arrival()
    guest = house.booking()().booking
    pause.release()

    outcome = outcome_of(block).value
    assert (outcome.moves, outcome.left) == ((), ())
    assert house.tables_of(guest) == "T1"


# Swaps against bookings, and against each other


def test_a_guest_waits_for_a_swap_and_moves_nobody_who_is_pinned_by_it(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house, (one, other) = house_of_pairs("T1", "T2", seats=(4, 4, 2))
    pause = points.pause_before(SWAPPED)

    with watched(house.restaurant):
        swap = crowd.start(swapping(one, other))
        pause.wait_for_arrival()
        guest = crowd.start(house.booking())
        wait_until_blocked()
        pause.release()

        assert outcome_of(swap).code == BOOKED
        assert outcome_of(guest).code == FULL

    assert (house.tables_of(one), house.tables_of(other)) == ("T2", "T1")
    assert list_misplaced(house.restaurant) == []


def test_a_swap_waits_for_a_plan_and_swaps_the_tables_that_it_has_given(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house, (one, other) = house_of_pairs("T1", "T2", seats=(4, 4, 2))
    pause = points.pause_before(DECIDED)

    with watched(house.restaurant) as gauge:
        guest = crowd.start(house.booking())
        pause.wait_for_arrival()
        # The plan moves the one, and the host looks at the other.
        swap = crowd.start(swapping(other, one))
        wait_until_blocked()
        pause.release()

        assert outcome_of(swap).code == BOOKED
        assert house.tables_of(outcome_of(guest).value.booking) == "T1"

    assert (house.tables_of(one), house.tables_of(other)) == ("T2", "T3")
    assert gauge.retries(TAKEN_MEANWHILE) == 0
    assert list_misplaced(house.restaurant) == []


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_a_swap_takes_back_a_table_that_a_plan_has_given(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    without.constraints(DOUBLE_SEATING)

    house = swap_beside_a_plan(crowd, points, without)

    assert any("at once" in fault for fault in list_faults(house.restaurant.pk))


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_the_exclusion_makes_the_swap_run_again(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    gauge = Gauge()

    house = swap_beside_a_plan(crowd, points, without)

    assert gauge.retries(TAKEN_MEANWHILE) == 1
    assert list_faults(house.restaurant.pk) == []


def swap_beside_a_plan(crowd: Crowd, points: Points, without: Protections) -> House:
    """Stop a swap before it is written, and let a plan move one of its parties meanwhile."""
    house, (one, other) = house_of_pairs("T1", "T2", seats=(4, 4, 2))
    without.service_day_lock()
    pause = points.pause_before(SWAPPED)
    swap = crowd.start(swapping(other, one))
    pause.wait_for_arrival()
    house.booking()()
    pause.release()
    assert outcome_of(swap).code == BOOKED
    return house


def test_swaps_that_cross_leave_everybody_at_one_table(crowd: Crowd, few_rounds: range, isolation: str) -> None:
    for _ in few_rounds:
        house, parties = house_of_pairs("T1", "T2", "T3")
        acts: list[Act] = [swapping_in_the_end(one, other) for one, other in permutations(parties, 2)]

        with watched(house.restaurant) as gauge:
            outcomes = crowd.run(acts)

        assert tally(outcomes) == {BOOKED: 6}
        assert sorted(house.tables_of(each) for each in parties) == ["T1", "T2", "T3"]
        assert gauge.retries(DEADLOCK) + gauge.retries(TAKEN_MEANWHILE) == 0
        assert list_misplaced(house.restaurant) == []


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_swaps_that_cross_seat_two_parties_at_one_table(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house, (one, two, three) = house_of_pairs("T1", "T2", "T3")
    without.service_day_lock()
    without.constraints(DOUBLE_SEATING)
    points.meet_before(SWAPPED, clients=2)

    assert tally(crowd.run([swapping(one, two), swapping(two, three)])) == {BOOKED: 2}

    assert any("at once" in fault for fault in list_faults(house.restaurant.pk))


def test_a_swap_that_is_clicked_often_happens_once(crowd: Crowd, few_rounds: range, isolation: str) -> None:
    for _ in few_rounds:
        house, (one, other) = house_of_pairs("T1", "T2")

        with watched(house.restaurant):
            outcomes = crowd.run([swapping(one, other)] * 4)

        assert tally(outcomes) == {BOOKED: 4}
        assert (house.tables_of(one), house.tables_of(other)) == ("T2", "T1")
        assert one.events.filter(kind="swapped").count() == 1


# Guests who have come against guests who are to come


def walking_in(house: House) -> Callable[[], object]:
    return partial(seat_walk_in, restaurant_id=house.restaurant.pk, party_size=4)


def house_at_noon(tables: int) -> House:
    """Open a house where it is between 12:00 and 13:00 now: who walks in is still there at 13:15."""
    restaurant = room_at_noon(*[4] * tables)
    today = datetime.now(restaurant.zone).date()
    materialize(restaurant, today)
    return House(restaurant, today, CapacityRuleFactory(restaurant=restaurant))


def test_the_last_tables_go_to_those_who_walk_in_or_to_those_who_book_and_to_nobody_twice(
    crowd: Crowd, few_rounds: range, isolation: str
) -> None:
    for _ in few_rounds:
        house = house_at_noon(2)

        with watched(house.restaurant):
            outcomes = crowd.run([walking_in(house), house.booking(at=time(13, 15))] * 4)

        assert tally(outcomes) == {BOOKED: 2, FULL: 6}
        assert house.restaurant.bookings.count() == 2


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_who_walks_in_and_who_books_get_one_table(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = house_at_noon(1)
    without.service_day_lock()
    without.constraints(DOUBLE_SEATING)
    points.meet_before(DECIDED, clients=2)

    assert tally(crowd.run([walking_in(house), house.booking(at=time(13, 15))])) == {BOOKED: 2}

    assert any("at once" in fault for fault in list_faults(house.restaurant.pk))
