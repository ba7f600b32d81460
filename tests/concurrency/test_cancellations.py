"""Cancellations beside bookings, beside each other and beside changes of the grid."""

from collections.abc import Callable
from datetime import time
from functools import partial

import pytest

from bookings.errors import CapacityExceeded
from bookings.models import Booking, BookingEvent
from bookings.services import SettingsOutcome, cancel_booking, save_settings_row
from tests.helpers.crowd import BOOKED, Crowd, outcome_of, tally
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import House, dinner_house
from tests.helpers.race_verdict import Gauge, watched
from tests.helpers.recount import list_faults
from tests.helpers.stopping_points import Points, wait_until_blocked

CANCELLED_BEFORE_COMMIT = "bookings.services.cancellation._write_cancelled"
ABOUT_TO_FREE = "bookings.services.cancellation.take_from_counters"
SLOTS_FOUND = "bookings.services.cancellation.find_counted_stay"


def cancelling(booking: Booking) -> Callable[[], Booking]:
    """Return the act of cancelling a booking."""
    return partial(cancel_booking, booking_id=booking.pk)


def fill(house: House) -> list[Booking]:
    """Book parties of four until the house refuses; return the bookings made."""
    made = []
    while True:
        try:
            made.append(house.booking()().booking)
        except CapacityExceeded:
            return made


def test_what_is_cancelled_beside_bookings_is_booked_again_and_no_more(
    crowd: Crowd, rounds: range, isolation: str
) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=12)
        booked = fill(house)

        with watched(house.restaurant):
            crowd.run([cancelling(each) for each in booked[:2]] + [house.booking()] * 6)
            assert len(house.live_bookings()) <= 3
            fill(house)

        assert len(house.live_bookings()) == 3


def test_a_guest_waits_for_a_cancellation_and_gets_its_place(crowd: Crowd, points: Points, isolation: str) -> None:
    house = dinner_house(max_parties=1)
    booking = house.booking()().booking
    pause = points.pause_after(CANCELLED_BEFORE_COMMIT)

    with watched(house.restaurant):
        cancellation = crowd.start(cancelling(booking))
        pause.wait_for_arrival()
        guest = crowd.start(house.booking())
        wait_until_blocked()
        pause.release()

        assert outcome_of(cancellation).value.status == "cancelled"
        assert outcome_of(guest).code == BOOKED


def test_a_booking_that_is_cancelled_by_many_at_once_frees_its_covers_once(
    crowd: Crowd, rounds: range, isolation: str
) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=8)
        booked = fill(house)

        with watched(house.restaurant):
            outcomes = crowd.run([cancelling(booked[0])] * 8)

        assert {outcome.value.status for outcome in outcomes} == {"cancelled"}
        assert house.days[0].booked_covers == 4
        assert BookingEvent.objects.filter(booking=booked[0], kind="cancelled").count() == 1


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_two_cancellations_free_the_covers_twice_and_overbook(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_covers=8)
    booked = fill(house)
    without.service_day_lock()
    points.meet_before(ABOUT_TO_FREE, clients=2)

    crowd.run([cancelling(booked[0])] * 2)
    assert house.days[0].booked_covers == 0
    fill(house)

    assert sum(booking.party_size for booking in house.live_bookings()) == 12


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_the_constraint_stops_the_second_cancellation_and_is_counted(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_covers=4)
    booked = fill(house)
    without.service_day_lock()
    points.meet_before(ABOUT_TO_FREE, clients=2)
    gauge = Gauge()

    outcomes = crowd.run([cancelling(booked[0])] * 2)

    assert {outcome.value.status for outcome in outcomes} == {"cancelled"}
    assert gauge.disagreements == 1
    assert list_faults(house.restaurant.pk) == []


def seat_until_twenty(house: House) -> Callable[[], SettingsOutcome]:
    """Return the act of adding slots after 19:00: whoever comes at 19:00 is present in them too."""
    period = house.restaurant.service_periods.get()
    period.last_seating = time(20)
    return partial(save_settings_row, row=period)


def test_a_change_of_the_grid_waits_for_a_cancellation_that_has_found_its_slots(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house = dinner_house(max_covers=8)
    booked = fill(house)
    pause = points.pause_after(SLOTS_FOUND)

    with watched(house.restaurant):
        cancellation = crowd.start(cancelling(booked[0]))
        pause.wait_for_arrival()
        edit = crowd.start(seat_until_twenty(house))
        wait_until_blocked()
        pause.release()

        assert outcome_of(cancellation).value.status == "cancelled"
        assert outcome_of(edit).value.service_days == 1


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_a_cancellation_misses_the_slots_that_a_change_adds(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_covers=8)
    booked = fill(house)
    without.service_day_lock()
    pause = points.pause_after(SLOTS_FOUND)

    cancellation = crowd.start(cancelling(booked[0]))
    pause.wait_for_arrival()
    seat_until_twenty(house)()
    pause.release()

    assert outcome_of(cancellation).value.status == "cancelled"
    assert any("present_covers" in fault for fault in list_faults(house.restaurant.pk))


def test_bookings_and_cancellations_in_one_crowd_leave_every_counter_right(
    crowd: Crowd, rounds: range, isolation: str
) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=12, tables=4)
        booked = fill(house)

        def book_and_cancel(house: House = house) -> None:
            cancel_booking(booking_id=house.booking(party_size=2)().booking.pk)

        with watched(house.restaurant):
            freed = crowd.run([cancelling(booking) for booking in booked])
            crowd.run([book_and_cancel] * 4)

        assert tally(freed) == {BOOKED: 3}
        assert house.days[0].booked_covers == 0
