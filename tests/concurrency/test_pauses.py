"""Online booking is paused while guests book: who waits at that moment is refused."""

from datetime import UTC, datetime
from functools import partial

import pytest
from pytest_django import Settings

from bookings.services import pause_online
from capacity.models import ServiceDay
from tables.models import Restaurant
from tests.helpers.crowd import BOOKED, Crowd, outcome_of
from tests.helpers.dining_room import book, room_at_noon
from tests.helpers.race_verdict import watched
from tests.helpers.stopping_points import Points, wait_until_blocked

CLOSED = "OPERATING_HOURS_CLOSED"


@pytest.fixture
def house(transactional_db: None) -> Restaurant:
    """A house where it is noon, and its service runs."""
    house = room_at_noon(*[2] * 4)
    _ask(house)
    return house


def _ask(house: Restaurant) -> object:
    return book(house, "15:00", business_date=datetime.now(UTC).astimezone(house.zone).date())


def book_beside_a_pause(house: Restaurant, crowd: Crowd, points: Points) -> str:
    """Let a guest wait for a pause that is about to be committed; return what became of the guest."""
    point = points.pause_before("bookings.services.pauses._running")
    pause = crowd.start(partial(pause_online, restaurant_id=house.pk, reason="Rush"))
    point.wait_for_arrival()
    guest = crowd.start(partial(_ask, house))
    wait_until_blocked()
    point.release()
    assert outcome_of(pause).code == BOOKED
    return outcome_of(guest).code


def test_a_guest_waits_for_a_pause_and_is_refused_by_it(
    crowd: Crowd, points: Points, isolation: str, house: Restaurant
) -> None:
    with watched(house):
        assert book_beside_a_pause(house, crowd, points) == CLOSED


def test_without_a_raised_version_a_guest_is_booked_into_a_pause(
    crowd: Crowd, points: Points, settings: Settings, house: Restaurant
) -> None:
    settings.BOOKING_ISOLATION = "serializable"
    points.replace("bookings.services.pauses.lock_service_days", _lock_without_writing)

    assert book_beside_a_pause(house, crowd, points) == BOOKED


def _lock_without_writing(ids: object) -> list[int]:
    rows = ServiceDay.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=list(ids))  # type: ignore[call-overload]
    return [day.pk for day in rows.order_by("pk")]
