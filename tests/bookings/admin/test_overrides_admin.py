"""The list of what was authorised, filtered and exported."""

import csv
import io
from typing import Any

import pytest
from django.test import Client

from bookings.models import CapacityOverride
from bookings.services import Override
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, text_of
from tests.helpers.dining_room import book, room
from tests.helpers.factories import CapacityRuleFactory, days_ahead

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/bookings/capacityoverride/"


@pytest.fixture
def house(admin_user: Any) -> Restaurant:
    """A house where one party sits beyond the limit, and one comes out of hours."""
    house = room(2, 2, name="Bistro, Lane")
    CapacityRuleFactory(restaurant=house, pacing_covers=3)
    book(house)
    for at, code, reason in (("19:00", "PACING_COVERS", '=HYPERLINK("x")'), ("15:00", "OUTSIDE_SERVICE", "Friends")):
        book(house, at, source="phone", actor=admin_user, override=Override(reason, {code: 1}))
    return house


def exported(client: Client, variant: str = "csv", query: str = "") -> tuple[Any, list[list[str]]]:
    answer = client.get(f"{LIST}export/{variant}/{query}")
    content = b"".join(answer.streaming_content).decode()
    return content, list(csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline="")))


def test_the_list_tells_limits_and_hours_apart(admin_client: Client, house: Restaurant) -> None:
    page = text_of(admin_client.get(LIST))

    assert "covers starting per slot" in page
    assert "out of hours" in page
    assert "Friends" in page


def test_the_export_is_a_line_a_limit_and_runs_no_formula(admin_client: Client, house: Restaurant) -> None:
    content, (head, late, early) = exported(admin_client)

    day, booking = days_ahead().isoformat(), CapacityOverride.objects.latest("pk").booking
    assert booking is not None
    assert content.count("\r\n") == 3
    assert content.count("\n") == 3
    assert (head[0], head[-1]) == ("restaurant", "booking status")
    assert late[:9] == ["Bistro, Lane", day, "Dinner", "", "OUTSIDE_SERVICE", "out of hours", "1", "Staff", "admin"]
    assert late[10:] == ["Friends", booking.reference, "2", "Confirmed"]
    assert early[3:8] == ["19:00", "PACING_COVERS", "covers starting per slot", "1", "Staff"]
    assert early[10] == '\'=HYPERLINK("x")'


def test_for_a_spreadsheet_the_file_says_that_it_is_utf_8(admin_client: Client, house: Restaurant) -> None:
    assert exported(admin_client, "spreadsheet")[0].startswith("\ufeffrestaurant,")
    assert exported(admin_client)[0].startswith("restaurant,")


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("?limit=PACING_COVERS", ["PACING_COVERS"]),
        ("?source=shadow", []),
        ("?q=Friends", ["OUTSIDE_SERVICE"]),
        ("?restaurant__id__exact=999999", []),
    ],
)
def test_what_is_filtered_is_what_is_exported(
    admin_client: Client, house: Restaurant, query: str, codes: list[str]
) -> None:
    room(2, name="Another")

    assert [row[4] for row in exported(admin_client, query=query)[1][1:]] == codes


def test_the_export_is_for_whoever_may_see_the_list(house: Restaurant) -> None:
    assert client_with("bookings.view_capacityoverride").get(f"{LIST}export/csv/").status_code == 200
    assert client_with("bookings.view_booking").get(f"{LIST}export/csv/").status_code == 403
    assert Client().get(f"{LIST}export/csv/").status_code == 302


def test_another_format_is_not_found(admin_client: Client, house: Restaurant) -> None:
    assert admin_client.get(f"{LIST}export/xlsx/").status_code == 404


def test_the_list_takes_no_query_per_row(admin_client: Client, admin_user: Any, house: Restaurant) -> None:
    few = count_queries(admin_client, LIST)
    book(house, "22:30", source="phone", actor=admin_user, override=Override("Late", {"OUTSIDE_SERVICE": 1}))

    assert count_queries(admin_client, LIST) == few
