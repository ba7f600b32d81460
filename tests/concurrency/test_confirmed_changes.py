"""A change of settings that a person has confirmed, beside a booking that comes in meanwhile."""

from collections.abc import Callable
from functools import partial

import pytest

from bookings.services import ASKING, ChangeUnconfirmed, SettingsOutcome, save_settings_row
from tests.helpers.crowd import BOOKED, Crowd, outcome_of
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import House, dinner_house
from tests.helpers.race_verdict import watched
from tests.helpers.stopping_points import Points, wait_until_blocked

DECIDED = "bookings.services.booking.write_bookings"


def confirming(house: House, covers: int) -> Callable[[], SettingsOutcome]:
    """Look at what follows from another limit, and return the act of confirming it."""
    house.rule.max_covers = covers
    with pytest.raises(ChangeUnconfirmed) as seen:
        save_settings_row(row=house.rule, confirmed=ASKING)
    house.rule.refresh_from_db(fields=["version"])
    return partial(save_settings_row, row=house.rule, confirmed=seen.value.fingerprint)


def test_a_confirmed_change_waits_for_a_booking_and_is_refused_by_it(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house = dinner_house(max_covers=40)
    confirm = confirming(house, 20)
    pause = points.pause_before(DECIDED)

    with watched(house.restaurant):
        guest = crowd.start(house.booking())
        pause.wait_for_arrival()
        manager = crowd.start(confirm)
        wait_until_blocked()
        pause.release()

        assert outcome_of(guest).code == BOOKED
        with pytest.raises(ChangeUnconfirmed):
            outcome_of(manager)

    (day,) = house.days
    assert (day.max_covers, day.booked_covers) == (40, 4)


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_a_change_is_saved_beside_a_booking_that_nobody_saw(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_covers=40)
    confirm = confirming(house, 20)
    without.service_day_lock()
    pause = points.pause_before(DECIDED)

    guest = crowd.start(house.booking())
    pause.wait_for_arrival()
    confirm()
    pause.release()

    assert outcome_of(guest).code == BOOKED
    (day,) = house.days
    assert (day.max_covers, day.booked_covers) == (20, 4)
