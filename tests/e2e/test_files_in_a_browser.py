"""Tables and bookings by CSV, as a manager uses them: by keyboard, on a phone, in light and dark."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import FilePayload, Page, expect

from bookings.choices import Role
from bookings.models import Booking
from tables.models import Restaurant, Table
from tests.e2e.conftest import OpenPage
from tests.helpers.dining_room import at_tables, book, room
from tests.helpers.factories import MembershipFactory, UserFactory, days_ahead

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

TABLES, BOOKINGS = "/admin/tables/table/", "/admin/bookings/booking/"
EVERY_LOOK = [(width, dark) for width in (320, 375, 1280) for dark in (False, True)]
HEAD = "external_reference,date,time,party_size,name"
FILES = "nav[aria-label='This list as a file']"


def manager_of(restaurant: Restaurant, role: Role = Role.MANAGER) -> User:
    user: User = UserFactory(is_staff=True)
    MembershipFactory(user=user, restaurant=restaurant, role=role)
    return user


def csv_file(*lines: str, name: str = "tables.csv") -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": "\r\n".join(lines).encode()}


def send(page: Page, file: FilePayload | Path) -> None:
    """Choose a file and look at what it would do, by the keyboard alone."""
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Look at what it would do").focus()
    page.keyboard.press("Enter")


def violations(page: Page, part: str = "html") -> list[str]:
    found = Axe().run(page, part).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def is_wider_than_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def stored(house: Restaurant) -> list[dict[str, Any]]:
    return list(house.tables.order_by("pk").values())


def test_import_with_a_bad_row_changes_nothing(open_page: OpenPage) -> None:
    house = room(2, 4)
    before = stored(house)
    page = open_page(TABLES, user=manager_of(house))
    page.get_by_role("link", name="Import CSV").click()

    send(page, csv_file("number,capacity,section", "T9,2,", "T2,many,", "T1,2,Attic"))

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Nothing was changed: tables.csv is not imported.")
    expect(alert).to_contain_text('Line 3, column capacity: must be a whole number, not "many".')
    assert stored(house) == before

    send(page, csv_file("number,capacity,section", "T9,2,", "T2,4,", "T1,2,Attic"))
    expect(alert).to_contain_text('Line 4, column section: unknown section "Attic".')
    assert stored(house) == before


def test_a_list_is_taken_out_and_brought_in_again_without_a_change(open_page: OpenPage, tmp_path: Path) -> None:
    house = room(2, 4)
    before = stored(house)
    page = open_page(TABLES, user=manager_of(house))

    with page.expect_download() as download:
        page.get_by_role("link", name="Export for a spreadsheet").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.read_bytes().startswith(b"\xef\xbb\xbfrestaurant,number,")
    page.get_by_role("link", name="Import CSV").click()
    send(page, file)

    expect(page.get_by_text("All of this is there already: there is nothing to import.")).to_be_visible()
    assert stored(house) == before


def test_tables_are_imported_as_the_preview_shows_and_parties_are_seated_anew(open_page: OpenPage) -> None:
    house = room(2, 4)
    booking = book(house)
    page = open_page(f"{TABLES}import/", user=manager_of(house))

    send(page, csv_file("number,capacity,status", "T9,6,active", "T1,2,retired"))
    expect(page.get_by_role("region", name="Tables that are added")).to_contain_text("T9")
    expect(page.get_by_role("region", name="Tables that are changed or retired")).to_contain_text("retired")
    expect(page.get_by_role("region", name="Bookings that get other tables")).to_contain_text(booking.reference)
    assert at_tables(booking) == ["T1"]
    page.get_by_role("button", name="Import as shown").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("tables.csv is imported: 1 table is added. 1 table is retired.")).to_be_visible()
    assert Table.objects.get(number="T9").capacity == 6
    assert at_tables(booking) != ["T1"]


def test_bookings_are_imported_and_a_refused_line_leads_to_what_would_take_it(open_page: OpenPage) -> None:
    house, day = room(2), days_ahead()
    page = open_page(f"{BOOKINGS}import/", user=manager_of(house))

    send(page, csv_file(HEAD, f"x1,{day},19:00,2,Ada", f"x2,{day},19:00,2,Grace", name="old.csv"))
    expect(page.get_by_role("region", name="Bookings that are made")).to_contain_text("Ada")
    refused = page.get_by_role("region", name="Refused, and not booked")
    expect(refused).to_contain_text("Grace")
    assert not Booking.objects.exists()
    page.get_by_role("button", name="Book 1 party").click()
    expect(page.get_by_text("old.csv is imported: 1 booking made.")).to_be_visible()
    assert Booking.objects.get().guest_name == "Ada"

    page.goto(f"{BOOKINGS}import/")
    send(page, csv_file(HEAD, f"x1,{day},19:00,2,Ada", f"x2,{day},19:00,2,Grace", name="old.csv"))
    refused.get_by_role("link", name="Book it by hand").click()
    expect(page.get_by_label("Time*", exact=True)).to_have_value("19:00")


def test_a_host_finds_no_way_to_take_the_guests_out(open_page: OpenPage) -> None:
    house = room(2)
    page = open_page(BOOKINGS, user=manager_of(house, Role.HOST))

    expect(page.get_by_role("link", name="New booking")).to_be_visible()
    expect(page.get_by_role("link", name="Export as CSV")).to_have_count(0)
    expect(page.get_by_role("link", name="Import CSV")).to_have_count(0)


@pytest.mark.parametrize(("width", "dark"), EVERY_LOOK)
def test_the_import_of_tables_is_usable_by_everybody(open_page: OpenPage, width: int, dark: bool) -> None:
    house = room(2, 4)
    book(house)
    page = open_page(f"{TABLES}import/", user=manager_of(house), width=width, dark=dark)
    page.get_by_text("All columns").click()
    assert (violations(page), is_wider_than_the_screen(page)) == ([], False)

    send(page, csv_file("number,capacity", "T9,many", name=f"{'a-long-name-' * 7}.csv"))
    expect(page.get_by_role("alert")).to_be_visible()
    assert (violations(page), is_wider_than_the_screen(page)) == ([], False)

    send(page, csv_file("number,capacity,status", "T9,6,active", "T1,2,retired", name=f"{'a-long-name-' * 7}.csv"))
    expect(page.get_by_role("button", name="Import as shown")).to_be_visible()
    assert (violations(page), is_wider_than_the_screen(page)) == ([], False)


@pytest.mark.parametrize(("width", "dark"), EVERY_LOOK)
def test_the_import_of_bookings_is_usable_by_everybody(open_page: OpenPage, width: int, dark: bool) -> None:
    house, day = room(2), days_ahead()
    known = book(house, "17:00")
    page = open_page(f"{BOOKINGS}import/", user=manager_of(house), width=width, dark=dark)
    assert (violations(page), is_wider_than_the_screen(page)) == ([], False)

    rows = [f"{known.reference},,{day},17:00,2,Anne", f",x1,{day},19:00,2,Ada", f",x2,{day},19:00,2,{'Grace' * 20}"]
    send(page, csv_file(f"reference,{HEAD}", *rows, name="old.csv"))

    expect(page.get_by_role("button", name="Book 1 party")).to_be_visible()
    assert (violations(page), is_wider_than_the_screen(page)) == ([], False)


@pytest.mark.parametrize(("width", "dark"), EVERY_LOOK)
@pytest.mark.parametrize("address", [TABLES, BOOKINGS])
def test_the_lists_with_their_exports_are_usable_by_everybody(
    open_page: OpenPage, address: str, width: int, dark: bool
) -> None:
    house = room(2, 4)
    page = open_page(address, user=manager_of(house), width=width, dark=dark)

    expect(page.get_by_role("link", name="Export as CSV")).to_be_visible()
    assert (violations(page, FILES), is_wider_than_the_screen(page)) == ([], False)
