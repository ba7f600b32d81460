"""Another time zone beside bookings: each is decided by the one clock or the other, and moves if it was by the old."""

from collections.abc import Callable
from functools import partial

import pytest

from bookings.insight.audit import AuditReport, AuditScope, audit
from bookings.services import SettingsOutcome, save_settings_row
from tests.helpers.crowd import BOOKED, Crowd, outcome_of, tally
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import NINETEEN, House, dinner_house
from tests.helpers.race_verdict import watched
from tests.helpers.stopping_points import Points, wait_until_blocked

DECIDED = "bookings.services.booking.write_bookings"
FOLLOWED = "bookings.services.settings.settings_changes.refit_service_days"


def moving(house: House, zone: str = "America/New_York") -> Callable[[], SettingsOutcome]:
    """Return the act of moving a house to another zone, where the wall clock stays."""
    house.restaurant.timezone = zone
    return partial(save_settings_row, row=house.restaurant, columns=["timezone"], keeps_wall_clock=True)


def audited(house: House) -> AuditReport:
    return audit(AuditScope(restaurant_id=house.restaurant.pk))


def assert_by_one_clock(house: House) -> None:
    house.restaurant.refresh_from_db()
    for booking in house.live_bookings():
        local = booking.starts_at.astimezone(house.restaurant.zone)
        assert (local.date(), local.time()) == (house.business_date, NINETEEN)
        assert [row.during.lower for row in booking.assignments.all()] == [booking.starts_at]
    assert audited(house).is_clean


def test_bookings_beside_a_change_of_zone_all_come_at_the_same_time_of_the_new_clock(
    crowd: Crowd, rounds: range, isolation: str
) -> None:
    for _ in rounds:
        house = dinner_house(tables=6)

        with watched(house.restaurant):
            *outcomes, _change = crowd.run([*[house.booking()] * 5, moving(house)])

        assert tally(outcomes)[BOOKED] == 5
        assert_by_one_clock(house)


def test_a_guest_waits_for_the_change_and_is_booked_by_the_new_clock(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house = dinner_house(tables=2)
    pause = points.pause_after(FOLLOWED)

    with watched(house.restaurant):
        change = crowd.start(moving(house))
        pause.wait_for_arrival()
        guest = crowd.start(house.booking())
        wait_until_blocked()
        pause.release()

        assert outcome_of(change).value.rescheduled == ()
        assert outcome_of(guest).code == BOOKED

    assert_by_one_clock(house)


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_a_guest_is_booked_by_the_clock_of_the_past(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(tables=2)
    without.service_day_lock()
    pause = points.pause_before(DECIDED)

    guest = crowd.start(house.booking())
    pause.wait_for_arrival()
    moving(house)()
    pause.release()

    assert outcome_of(guest).code == BOOKED
    assert "BOOKING_AT_ANOTHER_TIME" in {problem.kind for problem in audited(house).problems}
