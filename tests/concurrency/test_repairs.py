"""`rebuild_counters` beside bookings: it finds nothing to repair where nothing is wrong."""

from functools import partial

import pytest

from bookings.services import cancel_booking, rebuild_counters
from tests.helpers.crowd import BOOKED, Act, Crowd, outcome_of
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import dinner_house
from tests.helpers.race_verdict import watched
from tests.helpers.recount import list_faults
from tests.helpers.stopping_points import Points, wait_until_blocked

COUNTED_AFRESH = "bookings.services.upkeep.counter_repair.count_stays"


def test_a_repair_beside_bookings_and_cancellations_changes_nothing(
    crowd: Crowd, rounds: range, isolation: str
) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=40)
        early = [house.booking()().booking for _ in range(4)]
        acts: list[Act] = [partial(cancel_booking, booking_id=booking.pk) for booking in early]
        repair = partial(rebuild_counters, restaurant_id=house.restaurant.pk)

        with watched(house.restaurant):
            outcomes = crowd.run([*acts, *[house.booking()] * 6, *[repair] * 2])

        assert [outcome.value.changes for outcome in outcomes[-2:]] == [(), ()]


def test_a_guest_waits_for_a_repair_that_is_counting(crowd: Crowd, points: Points, isolation: str) -> None:
    house = dinner_house(max_covers=40)
    pause = points.pause_after(COUNTED_AFRESH)

    with watched(house.restaurant):
        repair = crowd.start(partial(rebuild_counters, restaurant_id=house.restaurant.pk))
        pause.wait_for_arrival()
        guest = crowd.start(house.booking())
        wait_until_blocked()
        pause.release()

        assert outcome_of(repair).value.changes == ()
        assert outcome_of(guest).code == BOOKED


@pytest.mark.usefixtures("read_committed")
def test_without_its_lock_a_repair_forgets_the_guest_who_came_meanwhile(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_covers=40)
    booking = house.booking()().booking
    without.lock_of_repairs()
    pause = points.pause_after(COUNTED_AFRESH)
    house.restaurant.booking_slots.update(present_parties=7)

    repair = crowd.start(partial(rebuild_counters, restaurant_id=house.restaurant.pk))
    pause.wait_for_arrival()
    cancel_booking(booking_id=booking.pk)
    pause.release()

    assert outcome_of(repair).refusal is None
    assert any("present_parties" in fault for fault in list_faults(house.restaurant.pk))
