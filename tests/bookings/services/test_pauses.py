"""Online booking is paused for the service that runs: at once, for guests alone, with an end."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from bookings.errors import OperatingHoursClosed
from bookings.models import Booking
from bookings.selectors import check_time
from bookings.selectors.bookings import list_running_pauses
from bookings.services import lift_pause, pause_online, save_settings_row, seat_walk_in
from capacity.models import OnlinePause
from capacity.past import clock_at
from capacity.selectors import get_service_settings, read_clock
from config.errors import InputInvalid, RecordNotFound
from tables.models import Restaurant
from tests.helpers.dining_room import book, faults, room, room_at_noon
from tests.helpers.factories import ServicePeriodFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house() -> Restaurant:
    """A house where it is noon, with a service from 09:00 to 16:00 and ten tables for two."""
    return room_at_noon(*[2] * 10)


def today(house: Restaurant) -> date:
    return read_clock().astimezone(house.zone).date()


def ask(house: Restaurant, at: str = "15:00", **asked: Any) -> Booking:
    return book(house, at, business_date=today(house), **asked)


def is_refused(house: Restaurant, at: str = "15:00", **asked: Any) -> bool:
    try:
        ask(house, at, **asked)
    except OperatingHoursClosed as refusal:
        return [reason.code for reason in refusal.reasons] == ["CLOSED"]
    return False


def test_guests_are_refused_at_once_whatever_start_they_ask_for(house: Restaurant) -> None:
    host: User = UserFactory(username="host")
    ask(house)

    pause = pause_online(restaurant_id=house.pk, minutes=30, reason=" The kitchen is behind ", actor=host)

    assert [is_refused(house, at) for at in ("13:30", "15:00", "16:00")] == [True, True, True]
    assert is_refused(house, source="partner")
    assert (pause.reason, pause.paused_by, pause.lifted_at) == ("The kitchen is behind", host, None)
    assert pause.ends_at - pause.starts_at == timedelta(minutes=30)
    assert pause.business_date == today(house)


def test_what_is_shown_is_what_is_accepted(house: Restaurant) -> None:
    pause_online(restaurant_id=house.pk, minutes=30, reason="Rush")

    shown = check_time(restaurant_id=house.pk, business_date=today(house), party_size=2, wall_time=time(15))

    assert not shown.assessment.is_available
    assert shown.alternatives == ()


def test_the_staff_and_whoever_walks_in_are_not_paused(house: Restaurant) -> None:
    pause_online(restaurant_id=house.pk, minutes=30, reason="Rush")

    ask(house, source="phone")
    seat_walk_in(restaurant_id=house.pk, party_size=2)

    assert Booking.objects.count() == 2
    assert faults(house) == []


def test_other_dates_and_other_services_stay_open(house: Restaurant) -> None:
    ServicePeriodFactory(
        restaurant=house, name="Late", start_time="19:00", last_seating="21:00", end_time="23:00", seating_mode="tables"
    )

    pause_online(restaurant_id=house.pk, minutes=30, reason="Rush")

    assert is_refused(house)
    assert not is_refused(house, "20:00")
    assert book(house, "15:00").pk


def test_it_ends_by_itself(house: Restaurant) -> None:
    pause = pause_online(restaurant_id=house.pk, minutes=30, reason="Rush")
    settings = get_service_settings(house.pk)
    period = settings.services_left()[0].period_id

    with clock_at(pause.ends_at - timedelta(seconds=1)):
        assert get_service_settings(house.pk).is_paused(period, today(house), "online")
        assert list_running_pauses() == [pause]
    with clock_at(pause.ends_at):
        assert not get_service_settings(house.pk).is_paused(period, today(house), "online")
        assert list_running_pauses() == []


def test_an_answer_that_is_kept_holds_no_longer_than_the_pause(house: Restaurant) -> None:
    ask(house)
    for offset in (1, 2):
        book(house, "15:00", business_date=today(house) + timedelta(days=offset))
    pause = pause_online(restaurant_id=house.pk, minutes=1, reason="Rush")

    shown = check_time(restaurant_id=house.pk, business_date=today(house), party_size=2, wall_time=time(15))

    assert shown.freshness is None or shown.freshness.until <= pause.ends_at


def test_it_is_lifted_early_and_says_by_whom(house: Restaurant) -> None:
    host: User = UserFactory()
    pause = pause_online(restaurant_id=house.pk, reason="Rush")

    lifted = lift_pause(pause_id=pause.pk, actor=host)
    again = lift_pause(pause_id=pause.pk)

    assert not is_refused(house)
    assert (lifted.lifted_by, again.lifted_by, again.lifted_at) == (host, host, lifted.lifted_at)
    assert list_running_pauses() == []


def test_the_rest_of_the_service_is_until_its_last_start_is_over(house: Restaurant) -> None:
    pause = pause_online(restaurant_id=house.pk, reason="Rush")

    assert f"{pause.ends_at.astimezone(house.zone):%H:%M}" == "16:15"


def test_a_second_pause_replaces_the_first(house: Restaurant) -> None:
    first = pause_online(restaurant_id=house.pk, minutes=60, reason="Rush")
    second = pause_online(restaurant_id=house.pk, minutes=30, reason="Still")

    first.refresh_from_db()
    assert first.lifted_at == second.starts_at
    assert list_running_pauses() == [second]


def test_bookings_stay_and_nobody_is_left_for_a_decision(house: Restaurant) -> None:
    booking = ask(house)
    pause_online(restaurant_id=house.pk, reason="Rush")

    outcome = save_settings_row(row=house.service_periods.get())

    assert outcome.unnamed == ()
    booking.refresh_from_db()
    assert booking.status == "confirmed"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"reason": "Rush", "minutes": 0}, "minutes"),
        ({"reason": "Rush", "minutes": 1441}, "minutes"),
    ],
)
def test_a_pause_without_sense_is_refused(house: Restaurant, asked: dict[str, Any], field: str) -> None:
    with pytest.raises(InputInvalid) as refusal:
        pause_online(restaurant_id=house.pk, **asked)

    assert list(refusal.value.details) == [field]
    assert not OnlinePause.objects.exists()


def test_without_a_service_today_there_is_nothing_to_pause() -> None:
    house = room(2)
    house.service_periods.update(weekdays=[])

    with pytest.raises(InputInvalid):
        pause_online(restaurant_id=house.pk, reason="Rush")


def test_a_pause_that_is_not_there_cannot_be_lifted() -> None:
    with pytest.raises(RecordNotFound):
        lift_pause(pause_id=1)
