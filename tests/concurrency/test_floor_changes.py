"""Changes of tables and of the restaurant itself beside bookings that refer to them."""

from collections.abc import Callable
from functools import partial

import pytest

from bookings.services import SettingsOutcome, delete_settings_row, save_settings_row
from tests.helpers.crowd import BOOKED, Crowd, Outcome, outcome_of
from tests.helpers.race_houses import House, dinner_house
from tests.helpers.race_verdict import watched
from tests.helpers.stopping_points import Points, wait_until_blocked

SEATED = "bookings.services.booking.write_bookings"
NO_FUTURE_FOUND = "bookings.services.settings.settings_changes._require_no_future_assignments"
DEADLOCK = "40P01"


def deleting_the_table(house: House) -> Callable[[], SettingsOutcome]:
    return partial(delete_settings_row, row=house.restaurant.tables.get())


def renaming_the_table(house: House) -> Callable[[], SettingsOutcome]:
    table = house.restaurant.tables.get()
    table.number = "Window"
    return partial(save_settings_row, row=table)


def renaming_the_address(house: House) -> Callable[[], SettingsOutcome]:
    house.restaurant.slug = f"{house.restaurant.slug}-moved"
    return partial(save_settings_row, row=house.restaurant)


def change_beside_a_booking(
    house: House, change: Callable[[], SettingsOutcome], crowd: Crowd, points: Points
) -> tuple[Outcome, Outcome]:
    """Start a change while a booking holds its table but has not committed; return what became of both."""
    pause = points.pause_after(SEATED)
    guest = crowd.start(house.booking())
    pause.wait_for_arrival()
    edit = crowd.start(change)
    wait_until_blocked()
    pause.release()
    return outcome_of(guest), outcome_of(edit)


def test_a_table_that_somebody_is_just_booking_is_not_deleted(crowd: Crowd, points: Points, isolation: str) -> None:
    house = dinner_house(tables=1)

    with watched(house.restaurant) as gauge:
        guest, edit = change_beside_a_booking(house, deleting_the_table(house), crowd, points)

    assert (guest.code, edit.code) == (BOOKED, "VALIDATION_ERROR")
    assert gauge.retries(DEADLOCK) == 0


@pytest.mark.parametrize("rename", [renaming_the_table, renaming_the_address])
def test_a_new_name_waits_for_the_booking_that_refers_to_the_old_one(
    crowd: Crowd, points: Points, isolation: str, rename: Callable[[House], Callable[[], SettingsOutcome]]
) -> None:
    house = dinner_house(tables=1)

    with watched(house.restaurant) as gauge:
        guest, edit = change_beside_a_booking(house, rename(house), crowd, points)

    assert guest.code == BOOKED
    assert edit.refusal is None
    assert gauge.retries(DEADLOCK) == 0


def test_nobody_books_a_table_between_the_look_at_its_future_and_its_end(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house = dinner_house(tables=1)
    pause = points.pause_after(NO_FUTURE_FOUND)

    with watched(house.restaurant):
        edit = crowd.start(deleting_the_table(house))
        pause.wait_for_arrival()
        guest = crowd.start(house.booking())
        wait_until_blocked()
        pause.release()

        assert outcome_of(edit).refusal is None
        assert outcome_of(guest).code == "CAPACITY_EXCEEDED"
