"""Holds that are over: out of every decision at once, freed by the next write, once."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from bookings.choices import BookingStatus
from bookings.errors import CapacityExceeded
from bookings.models import Booking, BookingEvent
from bookings.services import save_settings_row
from tests.helpers.crowd import BOOKED, Crowd, tally
from tests.helpers.factories import BookingFactory
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import NINETEEN, House, all_day_house, dinner_house, house_with_long_slots
from tests.helpers.race_verdict import Gauge, watched
from tests.helpers.recount import list_faults
from tests.helpers.stopping_points import Points

FULL = "CAPACITY_EXCEEDED"
ABOUT_TO_FREE = "bookings.services.rows.booking.take_from_counters"


def hold(house: House, *, holds: int, at: time = NINETEEN) -> list[Booking]:
    """Let holds take the house, all of them over by now."""
    return BookingFactory.create_batch(
        holds,
        service_day=house.days[0],
        wall_time=at,
        party_size=4,
        status=BookingStatus.HELD,
        expires_at=timezone.now() - timedelta(minutes=1),
    )


def test_holds_that_are_over_make_way_for_guests_once(crowd: Crowd, rounds: range, isolation: str) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=20)
        held = hold(house, holds=5)

        with watched(house.restaurant):
            outcomes = crowd.run([house.booking()] * 7)

        assert tally(outcomes) == {BOOKED: 5, FULL: 2}
        assert {booking.status for booking in Booking.objects.filter(pk__in=[each.pk for each in held])} == {"expired"}
        assert BookingEvent.objects.filter(booking__in=held, kind="expired").count() == 5


@pytest.mark.usefixtures("transactional_db", "isolation")
def test_a_hold_of_another_service_that_is_over_makes_way_in_the_slot_that_both_touch() -> None:
    house = house_with_long_slots()
    hold(house, holds=1, at=time(12))

    with watched(house.restaurant):
        assert house.booking(at=time(12, 45))().booking.status == "confirmed"


@pytest.mark.usefixtures("transactional_db", "isolation")
def test_a_hold_that_is_over_in_a_slot_of_an_older_grid_makes_no_room_in_another_slot() -> None:
    house = all_day_house(pacing_parties=1)
    house.booking(at=time(14))()
    hold(house, holds=1, at=time(14, 30))
    house.restaurant.slot_minutes = 60
    save_settings_row(row=house.restaurant)

    with watched(house.restaurant), pytest.raises(CapacityExceeded):
        house.booking(at=time(14))()


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_two_guests_free_one_hold_and_the_constraint_is_counted(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_covers=20)
    hold(house, holds=1)
    without.service_day_lock()
    points.meet_before(ABOUT_TO_FREE, clients=2)
    gauge = Gauge()

    assert tally(crowd.run([house.booking(party_size=1)] * 2)) == {BOOKED: 2}

    assert gauge.disagreements == 1
    assert list_faults(house.restaurant.pk) == []


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_a_hold_that_is_freed_twice_makes_room_that_is_not_there(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_covers=20)
    hold(house, holds=1)
    house.booking(party_size=8)()
    hold(house, holds=1)
    without.service_day_lock()
    points.meet_before(ABOUT_TO_FREE, clients=2)

    crowd.run([house.booking(party_size=1)] * 2)

    assert any("booked_covers" in fault for fault in list_faults(house.restaurant.pk))
