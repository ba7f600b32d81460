"""Service days are created beside bookings and cancellations; their counters are right from the start."""

from collections.abc import Callable
from datetime import time, timedelta
from functools import partial

from bookings.models import Booking
from bookings.services import Materialization, cancel_booking, materialize_service_days
from capacity.models import BookingSlot, ServiceDay
from tests.helpers.crowd import BOOKED, Act, Crowd, outcome_of, tally
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import House, all_day_house, dinner_house
from tests.helpers.race_verdict import watched
from tests.helpers.recount import list_faults
from tests.helpers.stopping_points import Points, wait_until_blocked

COUNTED = "bookings.services.settings.materialization.insert_services"


def creating(house: House, days: int = 0) -> Callable[[], Materialization]:
    """Return the act of creating the service days of a date and of those after it."""
    return partial(
        materialize_service_days,
        restaurant_id=house.restaurant.pk,
        from_date=house.business_date,
        to_date=house.business_date + timedelta(days=days),
    )


def test_days_created_by_many_beside_bookings_are_there_once_and_counted_right(
    crowd: Crowd, rounds: range, isolation: str
) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=12, is_materialized=False)
        dates = [house.business_date + timedelta(days=day) for day in range(2)]
        guests: list[Act] = [house.booking(business_date=date) for date in dates for _ in range(4)]

        with watched(house.restaurant):
            outcomes = crowd.run([*guests, *[creating(house, days=2)] * 3])

        assert tally(outcomes[: len(guests)]) == {BOOKED: 6, "CAPACITY_EXCEEDED": 2}
        assert ServiceDay.objects.filter(restaurant=house.restaurant).count() == 3
        assert sum(outcome.value.days_created for outcome in outcomes[len(guests) :]) >= 1


def house_without_dinner() -> tuple[House, Booking]:
    """Return a house with a lunch booking that runs into a dinner that has no rows yet."""
    house = all_day_house(occupancy_covers=40)
    booking = house.booking(at=time(14, 30))().booking
    ServiceDay.objects.filter(restaurant=house.restaurant, service_period__name="Dinner").delete()
    return house, booking


def test_a_cancellation_waits_for_the_day_that_is_created_over_its_stay(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house, booking = house_without_dinner()
    pause = points.pause_before(COUNTED)

    with watched(house.restaurant):
        creation = crowd.start(creating(house))
        pause.wait_for_arrival()
        cancellation = crowd.start(partial(cancel_booking, booking_id=booking.pk))
        wait_until_blocked()
        pause.release()

        assert outcome_of(creation).value.days_created == 1
        assert outcome_of(cancellation).value.status == "cancelled"

    assert not BookingSlot.objects.filter(restaurant=house.restaurant, present_covers__gt=0).exists()


def test_without_the_lock_a_cancelled_stay_is_counted_in_the_new_day_for_ever(
    crowd: Crowd, points: Points, without: Protections, isolation: str
) -> None:
    house, booking = house_without_dinner()
    without.lock_of_stays_counted_in_new_days()
    pause = points.pause_before(COUNTED)

    creation = crowd.start(creating(house))
    pause.wait_for_arrival()
    cancel_booking(booking_id=booking.pk)
    pause.release()

    assert outcome_of(creation).value.days_created == 1
    assert any("present_covers" in fault for fault in list_faults(house.restaurant.pk))
