"""The shift sheet in the admin: an evening on paper."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from bookings.models import Booking
from bookings.services import GuestDetails, cancel_booking
from tables.models import Restaurant, TableBlock
from tests.helpers.admin_screens import client_with, count_queries, text_of
from tests.helpers.dining_room import book, room
from tests.helpers.factories import CapacityRuleFactory, days_ahead

pytestmark = pytest.mark.django_db(transaction=True)

SHEET = "/admin/bookings/booking/shift-sheet/"
QUERIES = 11


@pytest.fixture
def house() -> Restaurant:
    """A house with T1 for two and T2 for four, dinner from 17:00 to 21:30."""
    house = room(2, 4, name="Bistro", timezone="Etc/UTC")
    CapacityRuleFactory(restaurant=house, max_covers=40)
    return house


def guest(name: str) -> GuestDetails:
    return GuestDetails(name, "guest@example.com", "+442071838750")


def sheet_of(client: Client, **query: Any) -> str:
    return text_of(client.get(SHEET, {"date": days_ahead().isoformat(), **query}))


def test_the_sheet_says_who_comes_when_to_which_table_and_what_must_not_be_missed(
    admin_client: Client, house: Restaurant
) -> None:
    book(house, "19:00", 4, guest=guest("Grace Hopper"), notes="By the window", allergies="Nuts")
    book(house, "18:15", 2, guest=guest("Ada Lovelace"))

    said = sheet_of(admin_client)

    assert "Dinner: 6 of 40 covers, 2 parties. Expected: 2 parties, 6 covers." in said
    assert said.index("Ada Lovelace") < said.index("Grace Hopper")
    assert "Allergies: Nuts" in said
    assert "Notes: By the window" in said
    assert "+442071838750" in said
    assert "T1 2 18:15 to 19:45 Ada Lovelace, 2" in said
    assert "T2 4 19:00 to 20:30 Grace Hopper, 4" in said


def test_each_quarter_hour_says_who_comes_and_how_many_are_there(admin_client: Client, house: Restaurant) -> None:
    book(house, "18:15", 2)
    book(house, "18:45", 4)

    rows = admin_client.get(SHEET, {"date": days_ahead().isoformat()}).context["quarters"]

    assert [(row["time"], row["parties"], row["covers"], row["present"]) for row in rows] == [
        ("18:15", 1, 2, 2),
        ("18:30", 0, 0, 2),
        ("18:45", 1, 4, 6),
        ("19:00", 0, 0, 6),
        ("19:15", 0, 0, 6),
        ("19:30", 0, 0, 6),
        ("19:45", 0, 0, 4),
        ("20:00", 0, 0, 4),
    ]


def test_parties_of_other_dates_and_those_that_do_not_come_are_left_out(
    admin_client: Client, house: Restaurant
) -> None:
    cancel_booking(booking_id=book(house, guest=guest("Cancelled")).pk, actor=None)
    book(house, business_date=days_ahead(31), guest=guest("Another day"))

    said = sheet_of(admin_client)

    assert "Nobody is expected." in said
    assert "Cancelled" not in said
    assert "Another day" not in said


def test_a_block_stands_at_its_table(admin_client: Client, house: Restaurant) -> None:
    starts_at = datetime.combine(days_ahead(), datetime.min.time(), tzinfo=UTC) + timedelta(hours=18)
    TableBlock.objects.create(
        restaurant=house,
        table=house.tables.get(number="T1"),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        reason="Wobbly",
    )

    assert "T1 2 18:00 to 19:00 blocked: Wobbly" in sheet_of(admin_client)


def test_a_wrong_date_is_the_evening_that_runs(admin_client: Client, house: Restaurant) -> None:
    for wrong in ("", "soon", "0001-01-01", "2027-02-30"):
        answer = admin_client.get(SHEET, {"date": wrong})
        assert answer.status_code == 200
        assert "Nobody is expected." in text_of(answer)


def test_who_may_not_see_bookings_sees_no_sheet(house: Restaurant) -> None:
    assert client_with("tables.view_table").get(SHEET).status_code == 403


def test_the_queries_do_not_grow_with_the_evening(admin_client: Client) -> None:
    house = room(*[2] * 12)
    url = f"{SHEET}?date={days_ahead().isoformat()}"
    book(house, "18:00", 2)
    assert count_queries(admin_client, url) == QUERIES

    for _ in range(8):
        book(house, "18:00", 2)

    assert count_queries(admin_client, url) == QUERIES
    assert Booking.objects.count() == 9
