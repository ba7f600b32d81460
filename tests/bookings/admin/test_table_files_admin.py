"""Tables by CSV: the list as a file, and a file as a change that is looked at before it is saved."""

from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bookings.choices import Role
from bookings.models import TableAssignment
from tables.models import Restaurant, Table
from tests.helpers import csv_files
from tests.helpers.admin_screens import confirmed, form_of, member_of, messages_of, text_of, user_of
from tests.helpers.csv_files import rows_of
from tests.helpers.dining_room import at_tables, book, room
from tests.helpers.factories import MembershipFactory, SectionFactory, TableFactory

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/tables/table/"
IMPORT = f"{LIST}import/"


@pytest.fixture
def house() -> Restaurant:
    """A house with what a cell can hold: a comma, a quote, a formula, nobody to book."""
    house = room(2, 4, slug="bistro", name="Bistro, Lane")
    patio = SectionFactory(restaurant=house, name='Patio, "back"')
    house.tables.filter(number="T1").update(section=patio, x=-5, y=40, rotation=90)
    TableFactory(restaurant=house, number="=A1", capacity=2, audience=[], status="out_of_service", priority=-3)
    return house


@pytest.fixture
def manager(house: Restaurant) -> Client:
    return member_of(house, role=Role.MANAGER)


def exported(client: Client, variant: str = "csv", query: str = "") -> str:
    return csv_files.exported(client, LIST, variant, query)


def send(client: Client, content: str | bytes, name: str = "tables.csv") -> Any:
    return csv_files.send(client, IMPORT, content, name)


def stored(house: Restaurant) -> list[dict[str, Any]]:
    return list(house.tables.order_by("pk").values())


def test_the_export_is_the_list_as_a_file(manager: Client, house: Restaurant) -> None:
    by_number = {row["number"]: row for row in rows_of(exported(manager))}
    assert set(by_number) == {"'=A1", "T1", "T2"}
    assert by_number["T1"] == {
        **dict.fromkeys(("size.width", "size.depth"), ""),
        "restaurant": "bistro",
        "number": "T1",
        "capacity": "2",
        "min_party_size": "1",
        "max_party_size": "2",
        "section": 'Patio, "back"',
        "seating_type": "indoor",
        "position.x": "-5",
        "position.y": "40",
        "shape": "square",
        "rotation": "90",
        "priority": "0",
        "audience": "online, in_house, walk_in",
        "status": "active",
    }
    assert by_number["'=A1"]["audience"] == "nobody"


def test_for_a_spreadsheet_the_file_says_that_it_is_utf_8(manager: Client, house: Restaurant) -> None:
    assert exported(manager, "spreadsheet").startswith("\ufeffrestaurant,number,")
    assert exported(manager).startswith("restaurant,number,")


def test_what_is_filtered_is_what_is_exported(manager: Client, house: Restaurant) -> None:
    assert [row["number"] for row in rows_of(exported(manager, query="?q=T2"))] == ["T2"]
    assert [row["number"] for row in rows_of(exported(manager, query="?status__exact=out_of_service"))] == ["'=A1"]


@pytest.mark.parametrize("variant", ["csv", "spreadsheet"])
def test_what_is_exported_is_imported_again_without_a_change(manager: Client, house: Restaurant, variant: str) -> None:
    before = stored(house)

    answer = send(manager, exported(manager, variant))

    assert messages_of(answer) == ["All of this is there already: there is nothing to import."]
    assert stored(house) == before


def test_who_exported_how_many_rows_stands_in_the_history_of_the_restaurant(manager: Client, house: Restaurant) -> None:
    exported(manager, query="?q=T2&status__exact=active")

    entry = LogEntry.objects.get()
    assert (entry.get_edited_object(), entry.user_id) == (house, int(manager.session["_auth_user_id"]))
    assert entry.change_message == "Exported 1 table as CSV, narrowed by q, status__exact."
    assert entry.change_message in text_of(manager.get(f"/admin/tables/restaurant/{house.pk}/history/"))


@pytest.mark.parametrize("role", [Role.HOST, Role.ENGINEER, Role.CUSTOM])
def test_who_may_not_use_files_finds_no_button_and_no_address(house: Restaurant, role: Role) -> None:
    client = member_of(house, role=role)

    shown = client.get(LIST).content.decode()

    assert "Export as CSV" not in shown
    assert "Import CSV" not in shown
    assert client.get(f"{LIST}export/csv/").status_code == 403
    assert client.get(IMPORT).status_code == 403
    assert client.post(IMPORT, {"file": SimpleUploadedFile("t.csv", b"number,capacity\nT9,2")}).status_code == 403
    assert not LogEntry.objects.exists()


def test_a_manager_finds_both_buttons(manager: Client) -> None:
    shown = manager.get(LIST).content.decode()

    assert "Export as CSV" in shown
    assert "Import CSV" in shown


def test_who_is_a_host_elsewhere_exports_the_house_that_he_manages(house: Restaurant) -> None:
    other = room(2, name="Bar", slug="bar")
    client = member_of(house, role=Role.MANAGER)
    MembershipFactory(user=user_of(client), restaurant=other, role=Role.HOST)

    assert {row["restaurant"] for row in rows_of(exported(client, query="?restaurant=all"))} == {"bistro"}
    assert client.get(f"{LIST}export/csv/?restaurant=bar").status_code == 403
    assert client.get(f"{IMPORT}?restaurant=bar").status_code == 403


def test_a_bad_row_changes_nothing_and_is_named(manager: Client, house: Restaurant) -> None:
    before = stored(house)

    answer = send(manager, "number,capacity,section\nT9,2,\nT2,many,\nT1,2,Attic\nT9,4,\n")

    shown = text_of(answer)
    assert "Nothing was changed: tables.csv is not imported." in shown
    assert 'Line 3, column capacity: must be a whole number, not "many".'.replace('"', "&quot;") in shown
    assert "Line 5, column number: T9 is given twice, first on line 2." in shown
    assert stored(house) == before
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Line 1: The file is empty."),
        ("number,capacity\nCaf\xe9,2".encode("latin-1"), "Line 2: No valid UTF-8"),
        (b"number;capacity\nT1;2", "Line 1: The cells are separated by semicolons"),
    ],
)
def test_what_is_no_such_file_is_said_in_a_sentence(
    manager: Client, house: Restaurant, content: bytes, said: str
) -> None:
    assert said in text_of(send(manager, content))


def test_without_a_file_the_page_asks_for_one(manager: Client, house: Restaurant) -> None:
    for body in ({}, {"content": "%%%"}, {"content": ""}):
        assert "Choose a file first." in text_of(manager.post(IMPORT, body))


def test_what_a_file_does_is_shown_before_anything_is_saved(manager: Client, house: Restaurant) -> None:
    before = stored(house)

    page = send(manager, "number,capacity,status\nT9,6,\nT2,5,\nT1,2,retired\n")

    shown = text_of(page)
    assert "Before tables.csv is imported: Bistro, Lane" in shown
    assert (
        "1 table is added. 1 table is changed. 1 table is retired. All other tables stay as they are."
        in shown.replace("  ", " ")
    )
    assert "T2 capacity 4 5" in shown
    assert "T1 status active retired" in shown
    assert "No limit, start time or booking is concerned." in shown
    assert stored(house) == before


def test_it_is_saved_as_shown_with_its_history(manager: Client, house: Restaurant) -> None:
    others = list(house.tables.filter(number="=A1").values())
    page = send(manager, "number,capacity,status\nT9,6,\nT2,5,\nT1,2,retired\n")

    answer = confirmed(manager, page)

    assert messages_of(answer)[0] == (
        "tables.csv is imported: 1 table is added. 1 table is changed. 1 table is retired. "
        "All other tables stay as they are."
    )
    assert answer.redirect_chain[-1][0].startswith(LIST)
    numbered = {table.number: table for table in house.tables.all()}
    assert (numbered["T9"].capacity, numbered["T9"].max_party_size, numbered["T9"].status) == (6, 6, "active")
    assert (numbered["T2"].capacity, numbered["T2"].max_party_size) == (5, 4)
    assert (numbered["T1"].status, numbered["T1"].x) == ("retired", -5)
    assert list(house.tables.filter(number="=A1").values()) == others
    logged = {entry.object_repr: (entry.action_flag, entry.change_message) for entry in LogEntry.objects.all()}
    assert logged["T9"] == (ADDITION, "Imported from tables.csv.")
    assert logged["T2"] == (CHANGE, "Imported from tables.csv. Capacity: 4 to 5.")
    assert logged["T1"] == (CHANGE, "Imported from tables.csv. Status: active to retired.")
    assert logged["Bistro, Lane"][1].startswith("Imported tables.csv: 1 table is added.")


def test_parties_that_lose_their_table_are_shown_and_get_another(manager: Client, house: Restaurant) -> None:
    booking = book(house, party_size=2)
    assert at_tables(booking) == ["T1"]

    page = send(manager, "number,capacity,status\nT1,2,out_of_service\n")

    shown = text_of(page)
    assert "1 booking gets another table." in shown
    assert booking.reference in shown
    assert at_tables(booking) == ["T1"]
    confirmed(manager, page)
    assert at_tables(booking) == ["T2"]


def test_a_party_without_another_table_is_one_to_call(manager: Client, house: Restaurant) -> None:
    booking = book(house, party_size=4)

    page = send(manager, "number,capacity,status\nT2,4,retired\n")

    assert "1 booking keeps its table and waits for you." in text_of(page)
    calls = manager.post(IMPORT, {**form_of(page), "_calls": "csv"})
    assert booking.reference in b"".join(calls.streaming_content).decode()
    assert Table.objects.get(number="T2").status == "active"


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"capacity": 3, "max_party_size": 3},
        # Where a table stands is no setting, and has no version.
        {"x": 70},
    ],
)
def test_what_somebody_saved_meanwhile_refuses_it(
    manager: Client, house: Restaurant, meanwhile: dict[str, int]
) -> None:
    content = "number,capacity,max_party_size,position.x\nT2,6,6,10\n"
    page = send(manager, content)
    house.tables.filter(number="T2").update(**meanwhile)

    answer = confirmed(manager, page)

    assert "Bookings or settings have changed since you looked." in text_of(answer)
    assert Table.objects.get(restaurant=house, number="T2").capacity == meanwhile.get("capacity", 4)
    confirmed(manager, answer)
    assert Table.objects.get(restaurant=house, number="T2").capacity == 6


def test_a_party_that_came_meanwhile_refuses_it(manager: Client, house: Restaurant) -> None:
    page = send(manager, "number,capacity,status\nT2,4,retired\n")
    book(house, party_size=4)

    answer = confirmed(manager, page)

    assert "Bookings or settings have changed since you looked." in text_of(answer)
    assert Table.objects.get(number="T2").status == "active"
    assert TableAssignment.objects.count() == 1


def test_with_several_restaurants_the_page_asks_which(admin_client: Client, house: Restaurant) -> None:
    room(2, name="Bar", slug="bar")

    page = text_of(admin_client.get(IMPORT))

    assert "Bar" in page
    assert "CSV file" not in page
    answer = admin_client.post(
        f"{IMPORT}?restaurant=bar", {"file": SimpleUploadedFile("t.csv", exported(admin_client).encode())}
    )
    assert "column restaurant: is of &quot;bistro&quot;, and this is bar." in text_of(answer)
