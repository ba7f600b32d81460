"""Two things that only a waiter notices: a row that was locked and not written, and a claim that became too small."""

from collections.abc import Callable
from datetime import time
from functools import partial

from pytest_django import Settings

from bookings.services import SettingsOutcome, save_settings_row
from capacity.models import Closure, ServiceDay, ServicePeriod
from tests.helpers.crowd import BOOKED, Crowd, outcome_of
from tests.helpers.race_houses import House, dinner_house
from tests.helpers.race_verdict import watched
from tests.helpers.stopping_points import Points, wait_until_blocked

CLOSED = "OPERATING_HOURS_CLOSED"
FITTED = "bookings.services.settings.settings_changes.refit_service_days"
ABOUT_TO_LOCK = "bookings.services.writes.lock_service_days"


def closing(house: House) -> Callable[[], SettingsOutcome]:
    """Return the act of closing a date: it changes no column of its service days."""
    closure = Closure(restaurant=house.restaurant, from_date=house.business_date, to_date=house.business_date)
    return partial(save_settings_row, row=closure)


def book_beside_a_closure(house: House, crowd: Crowd, points: Points) -> str:
    """Let a guest wait for a closure that is about to be committed; return what became of the guest."""
    pause = points.pause_after(FITTED)
    closure = crowd.start(closing(house))
    pause.wait_for_arrival()
    guest = crowd.start(house.booking())
    wait_until_blocked()
    pause.release()
    assert outcome_of(closure).code == BOOKED
    return outcome_of(guest).code


def test_a_guest_waits_for_a_closure_and_is_refused_by_it(crowd: Crowd, points: Points, isolation: str) -> None:
    house = dinner_house(max_covers=40)

    with watched(house.restaurant):
        assert book_beside_a_closure(house, crowd, points) == CLOSED


def test_without_a_raised_version_a_guest_is_booked_into_a_closure(
    crowd: Crowd, points: Points, settings: Settings
) -> None:
    settings.BOOKING_ISOLATION = "serializable"
    house = dinner_house(max_covers=40)
    points.replace("capacity.locks.lock_service_days", _lock_without_writing)

    assert book_beside_a_closure(house, crowd, points) == BOOKED


def _lock_without_writing(ids: list[int]) -> list[int]:
    rows = ServiceDay.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=list(ids))
    return [day.pk for day in rows.order_by("pk")]


def test_a_stay_that_a_new_service_meets_meanwhile_is_claimed_anew(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house = dinner_house(max_covers=40)
    dinner = house.restaurant.service_periods.get()
    dinner.end_time = time(20)
    save_settings_row(row=dinner)
    supper = ServicePeriod(
        restaurant=house.restaurant,
        name="Supper",
        weekdays=dinner.weekdays,
        start_time=time(20),
        last_seating=time(20),
        end_time=time(22),
        seating_mode="covers",
    )
    pause = points.pause_before(ABOUT_TO_LOCK)

    with watched(house.restaurant) as gauge:
        guest = crowd.start(house.booking())
        pause.wait_for_arrival()
        save_settings_row(row=supper)
        pause.release()

        assert outcome_of(guest).code == BOOKED

    assert gauge.retries("settings") == 1
    assert [slot.present_covers for slot in house.days[1].slots.all()] == [4]
