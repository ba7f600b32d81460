"""Hosts at two screens: two changes into one place, two parties for one table, two clicks on one button.

The controls run at READ COMMITTED, and their clients meet between deciding and writing.
"""

from collections.abc import Callable
from datetime import time
from functools import partial
from typing import Any

import pytest

from bookings.models import Booking
from bookings.services import FloorOutcome, assign_tables, change_booking, swap_tables
from tests.helpers.crowd import BOOKED, Crowd, tally
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import House, seated_house
from tests.helpers.race_verdict import Gauge, watched
from tests.helpers.recount import list_faults
from tests.helpers.stopping_points import Points

FULL = "CAPACITY_EXCEEDED"
CHANGES, ASSIGNMENTS = "bookings.services.floor.changes", "bookings.services.floor.assignments"
PACING, DOUBLE_SEATING = "slot_starting_parties_within_limit", "assignment_no_double_seating"


def open_house(*seats: int, **limits: int) -> House:
    """Open from 17:00 to 21:00 with tables T1, T2, ... of so many seats."""
    house = seated_house(*seats)
    house.restaurant.service_periods.update(start_time=time(17), last_seating=time(21), end_time=time(23))
    house.restaurant.service_days.all().delete()
    type(house.rule).objects.filter(pk=house.rule.pk).update(**limits)
    return house


def booked(house: House, hour: int) -> Booking:
    booking: Booking = house.booking(party_size=2, at=time(hour))().booking
    return booking


def moving(booking: Booking, hour: int, **rest: Any) -> Callable[[], FloorOutcome]:
    return partial(change_booking, booking_id=booking.pk, wall_time=time(hour), **rest)


def putting(house: House, booking: Booking, number: str) -> Callable[[], FloorOutcome]:
    table = house.restaurant.tables.get(number=number)
    return partial(assign_tables, booking_id=booking.pk, table_ids=[table.pk])


def kinds_of(booking: Booking) -> list[str]:
    return list(booking.events.order_by("pk").values_list("kind", flat=True))


def test_two_bookings_change_into_the_last_place_of_a_slot(crowd: Crowd, isolation: str, rounds: range) -> None:
    for _ in rounds:
        house = open_house(2, 2, pacing_parties=1)
        acts = [moving(booked(house, 17), 20), moving(booked(house, 18), 20)]

        with watched(house.restaurant):
            assert tally(crowd.run(acts)) == {BOOKED: 1, FULL: 1}


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_two_bookings_change_into_one_place(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = open_house(2, 2, pacing_parties=1)
    acts = [moving(booked(house, 17), 20), moving(booked(house, 18), 20)]
    points.replace("bookings.services.writes.lock_service_days", lambda ids: [])
    without.constraints(PACING)
    points.meet_before(f"{CHANGES}._write", clients=2)

    assert tally(crowd.run(acts)) == {BOOKED: 2}

    assert any("above pacing_parties" in fault for fault in list_faults(house.restaurant.pk))


def test_a_change_and_a_new_booking_meet_at_the_last_table(crowd: Crowd, isolation: str, rounds: range) -> None:
    for _ in rounds:
        house = open_house(2)
        acts = [moving(booked(house, 17), 20), house.booking(party_size=2, at=time(20))]

        with watched(house.restaurant):
            assert tally(crowd.run(acts)) == {BOOKED: 1, FULL: 1}


def test_two_bookings_trade_times_without_waiting_for_each_other_for_ever(
    crowd: Crowd, isolation: str, rounds: range
) -> None:
    for _ in rounds:
        house = open_house(2, 2)
        early, late = booked(house, 17), booked(house, 20)

        with watched(house.restaurant):
            assert tally(crowd.run([moving(early, 20), moving(late, 17)])) == {BOOKED: 2}

        assert Booking.objects.get(pk=early.pk).wall_time == time(20)
        assert Booking.objects.get(pk=late.pk).wall_time == time(17)


def test_one_of_two_parties_is_put_at_a_table_and_the_other_told_who_has_it(
    crowd: Crowd, isolation: str, rounds: range
) -> None:
    for _ in rounds:
        house = open_house(2, 2, 2)
        ann, bob = booked(house, 19), booked(house, 19)

        with watched(house.restaurant):
            outcomes = crowd.run([putting(house, ann, "T3"), putting(house, bob, "T3")])

        assert tally(outcomes) == {BOOKED: 1, FULL: 1}
        first = ann if outcomes[1].refusal else bob
        refusal = outcomes[1].refusal or outcomes[0].refusal
        assert refusal is not None
        assert refusal.message == f"T3 is taken by {first.reference} until 20:30"


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_two_parties_are_put_at_one_table(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = open_house(2, 2, 2)
    ann, bob = booked(house, 19), booked(house, 19)
    points.replace("bookings.services.writes.lock_service_days", lambda ids: [])
    without.constraints(DOUBLE_SEATING)
    points.meet_before(f"{ASSIGNMENTS}.give_tables", clients=2)

    assert tally(crowd.run([putting(house, ann, "T3"), putting(house, bob, "T3")])) == {BOOKED: 2}

    assert any("at once" in fault for fault in list_faults(house.restaurant.pk))


def test_two_clicks_on_one_swap_from_either_side_swap_once(crowd: Crowd, isolation: str, rounds: range) -> None:
    for _ in rounds:
        house = open_house(2, 2)
        ann, bob = booked(house, 19), booked(house, 19)
        swap = partial(swap_tables, expected_version=1)
        acts = [
            partial(swap, booking_id=ann.pk, other_booking_id=bob.pk),
            partial(swap, booking_id=bob.pk, other_booking_id=ann.pk),
        ]

        with watched(house.restaurant):
            assert tally(crowd.run(acts)) == {BOOKED: 2}

        assert (house.tables_of(ann), house.tables_of(bob)) == ("T2", "T1")
        assert kinds_of(ann) == kinds_of(bob) == ["created", "swapped"]


def test_two_clicks_on_one_change_are_one_change(crowd: Crowd, isolation: str, rounds: range) -> None:
    for _ in rounds:
        house = open_house(2)
        booking = booked(house, 17)

        with watched(house.restaurant):
            assert tally(crowd.run([moving(booking, 20, expected_version=1)] * 2)) == {BOOKED: 2}

        assert kinds_of(booking) == ["created", "changed"]


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_a_second_click_takes_the_old_place_twice_and_a_constraint_is_met(
    crowd: Crowd, points: Points
) -> None:
    house = open_house()
    house.restaurant.service_periods.update(seating_mode="covers")
    booking = booked(house, 17)
    points.replace("bookings.services.writes.lock_service_days", lambda ids: [])
    points.meet_before(f"{CHANGES}._write", clients=2)
    gauge = Gauge()

    assert tally(crowd.run([moving(booking, 20, expected_version=1)] * 2)) == {BOOKED: 2}

    assert gauge.disagreements == 1
