"""Answers about availability that are kept: as fresh as those that are made anew, and told apart by an ETag."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.api import kept_answers
from bookings.models import Booking
from bookings.services import cancel_booking, roll_back_enforcement, save_settings_row
from capacity.models import EnforcementSwitch, ServiceDay
from capacity.past import clock_at
from capacity.selectors import read_clock
from tables.models import Restaurant
from tests.helpers.contract_client import ContractClient
from tests.helpers.dining_room import sit
from tests.helpers.endpoint_house import A_DATE, bistro, order
from tests.helpers.factories import BookingFactory, materialize

pytestmark = pytest.mark.django_db(transaction=True)

EVERY_QUESTION = pytest.mark.parametrize("question", [{"time": "19:00"}, {}], ids=["a time", "a date"])


@pytest.fixture
def house() -> Restaurant:
    restaurant = bistro(tables=1, max_covers=8)
    materialize(restaurant, A_DATE)
    return restaurant


def ask(client: ContractClient, headers: dict[str, str] | None = None, **question: Any) -> Any:
    query = {"restaurantId": "bistro", "date": A_DATE.isoformat(), "partySize": "2", **question}
    return client.get("/api/availability", query, headers=headers or {})


def book(client: ContractClient) -> None:
    answer = client.post("/api/bookings", order(time="19:00"), content_type="application/json")
    assert answer.status_code == 201, answer.content


def is_free(client: ContractClient, **question: Any) -> bool:
    """Say whether 19:00 is free, as the API says it."""
    answer = ask(client, **question).json()
    if "slots" not in answer:
        return bool(answer["available"])
    return next(bool(slot["available"]) for slot in answer["slots"] if slot["time"] == "19:00")


def count_queries(call: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


@EVERY_QUESTION
def test_an_unchanged_answer_takes_one_query_and_is_the_same(
    client: ContractClient, house: Restaurant, question: dict[str, str]
) -> None:
    first = ask(client, **question)

    with CaptureQueriesContext(connection) as queries:
        second = ask(client, **question)

    assert len(queries) == 1
    assert second.content == first.content


@EVERY_QUESTION
def test_bookings_cancellations_and_settings_are_seen_by_the_next_request(
    client: ContractClient, house: Restaurant, question: dict[str, str]
) -> None:
    assert is_free(client, **question)
    book(client)
    assert not is_free(client, **question)
    cancel_booking(booking_id=Booking.objects.get().pk)
    assert is_free(client, **question)
    table = house.tables.get()
    table.status = "out_of_service"
    save_settings_row(row=table)
    assert not is_free(client, **question)


@EVERY_QUESTION
def test_an_answer_is_that_of_the_restaurant_which_bears_the_name(
    client: ContractClient, house: Restaurant, question: dict[str, str]
) -> None:
    first = ask(client, **question).json()
    house.slug = "old-bistro"
    save_settings_row(row=house)
    assert ask(client, **question).status_code == 404
    other = bistro(tables=1)
    assert ask(client, **question).json()["restaurantId"] == str(other.public_id) != first["restaurantId"]
    other.active = False
    save_settings_row(row=other)
    assert ask(client, **question).status_code == 404


@EVERY_QUESTION
def test_the_switch_is_seen_by_the_next_request(
    client: ContractClient, house: Restaurant, question: dict[str, str]
) -> None:
    book(client)
    assert not is_free(client, **question)
    try:
        roll_back_enforcement(reason="A rush", label="test")
        assert is_free(client, **question)
    finally:
        EnforcementSwitch.objects.all().delete()
    assert not is_free(client, **question)


@EVERY_QUESTION
def test_the_clock_alone_ends_an_answer(client: ContractClient, house: Restaurant, question: dict[str, str]) -> None:
    """A start passes, and a hold that is over takes no table any more, though nobody wrote anything."""
    seven = ServiceDay.objects.get().slots.get(starts_at__hour=18, starts_at__minute=0).starts_at
    with clock_at(seven - timedelta(minutes=1)):
        assert is_free(client, **question)
    with clock_at(seven + timedelta(minutes=1)):
        assert not is_free(client, **question)


@EVERY_QUESTION
def test_a_party_that_stays_past_its_time_ends_an_answer_each_minute(
    client: ContractClient, house: Restaurant, question: dict[str, str]
) -> None:
    day, quarter = ServiceDay.objects.get(), timedelta(minutes=15)
    seven = day.slots.get(starts_at__hour=18, starts_at__minute=0).starts_at
    sitting = BookingFactory(
        service_day=day, status="seated", starts_at=seven - 3 * quarter, ends_at=seven - 2 * quarter
    )
    sit(sitting, house.tables.get().number)
    with clock_at(seven - 2 * quarter - timedelta(minutes=1)):
        assert is_free(client, **question)
    with clock_at(seven - quarter):
        assert is_free(client, **question)
    with clock_at(seven - quarter + timedelta(minutes=1)):
        assert not is_free(client, **question)


def test_whoever_is_too_soon_is_told_by_how_much_each_minute(client: ContractClient, house: Restaurant) -> None:
    house.min_notice_minutes = 120
    save_settings_row(row=house)
    seven = ServiceDay.objects.get().slots.get(starts_at__hour=18, starts_at__minute=0).starts_at

    def minutes_ahead() -> list[int]:
        return [reason["asked"] for reason in ask(client, time="19:00").json()["reasons"]]

    with clock_at(seven - timedelta(minutes=52)):
        assert minutes_ahead() == [52]
    with clock_at(seven - timedelta(minutes=51)):
        assert minutes_ahead() == [51]


def test_a_hold_that_ends_ends_the_answer(client: ContractClient, house: Restaurant) -> None:
    now = read_clock()
    held = BookingFactory(
        service_day=ServiceDay.objects.get(), status="held", expires_at=now + timedelta(minutes=10), party_size=8
    )
    with clock_at(now):
        assert not is_free(client, time="19:00")
    with clock_at(now + timedelta(minutes=11)):
        assert is_free(client, time="19:00")
    assert held.status == "held"


def test_a_version_that_is_not_raised_would_be_an_answer_of_the_past(client: ContractClient, house: Restaurant) -> None:
    """The control: what is written without the lock of its service day is not seen."""
    assert is_free(client)

    house.tables.update(capacity=1)
    assert is_free(client)
    ServiceDay.objects.update(booked_covers=8)

    assert is_free(client)


def test_a_date_without_a_row_is_answered_anew(client: ContractClient) -> None:
    bistro(tables=1)

    ask(client)

    assert count_queries(lambda: ask(client)) > 2


def test_a_date_has_an_etag_by_which_nothing_is_sent_twice(client: ContractClient, house: Restaurant) -> None:
    first = ask(client)
    same = ask(client, {"If-None-Match": first.headers["ETag"]})
    book(client)
    other = ask(client, {"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == other.headers["Cache-Control"] == "no-cache, private"
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert (other.status_code, other.headers["ETag"] != first.headers["ETag"]) == (200, True)


def test_a_single_start_has_none_and_is_not_stored(client: ContractClient, house: Restaurant) -> None:
    answer = ask(client, time="19:00")

    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_a_worker_keeps_a_bounded_number_of_answers() -> None:
    assert kept_answers._kept.maxsize == 2048
    assert django_settings.PUBLIC_CAPACITY_DETAILS
