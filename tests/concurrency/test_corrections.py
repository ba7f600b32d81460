"""A guest's details are corrected while the booking is changed: neither waits, and neither is lost."""

from functools import partial
from typing import Any

import pytest

from bookings.models import Booking
from bookings.services import GuestDetails, change_booking, correct_guest
from tests.helpers.crowd import BOOKED, Crowd, outcome_of
from tests.helpers.race_houses import House, dinner_house
from tests.helpers.race_verdict import watched
from tests.helpers.stopping_points import Points

SAVED = "bookings.services.floor.changes.save_changes"
GRACE = GuestDetails("Grace Hopper")


def correct_beside_a_change(house: House, crowd: Crowd, points: Points) -> Booking:
    """Let a change stop before it saves, correct the name, let the change go on; return the booking as it is then."""
    booking = house.booking()().booking
    point = points.pause_before(SAVED)
    change = crowd.start(partial(change_booking, booking_id=booking.pk, party_size=3))
    point.wait_for_arrival()
    correction = crowd.start(partial(correct_guest, booking_id=booking.pk, guest=GRACE, notes="", allergies=""))
    assert outcome_of(correction).code == BOOKED
    point.release()
    assert outcome_of(change).code == BOOKED
    booking.refresh_from_db()
    return booking


def test_a_correction_waits_for_no_change_and_both_count(crowd: Crowd, points: Points, isolation: str) -> None:
    house = dinner_house(max_covers=8)

    with watched(house.restaurant):
        booking = correct_beside_a_change(house, crowd, points)

    assert (booking.guest_name, booking.party_size) == ("Grace Hopper", 3)
    assert booking.version == booking.events.count() == 3


def _save_by_memory(booking: Booking, *fields: str) -> None:
    booking.version += 1
    booking.save(update_fields=[*fields, "version", "updated_at"])


@pytest.mark.usefixtures("read_committed")
def test_a_version_that_is_not_counted_in_the_database_is_given_twice(
    crowd: Crowd, points: Points, monkeypatch: Any
) -> None:
    monkeypatch.setattr(SAVED, _save_by_memory)

    booking = correct_beside_a_change(dinner_house(max_covers=8), crowd, points)

    assert (booking.version, booking.events.count()) == (2, 3)
