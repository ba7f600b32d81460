"""Bookings by CSV: the list as a file, and a file of which the fate of each line is shown before anything is booked."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from bookings.choices import Role
from bookings.models import Booking
from bookings.services import GuestDetails
from tables.models import Restaurant
from tests.helpers import csv_files
from tests.helpers.admin_screens import confirmed, form_of, member_of, messages_of, text_of, user_of
from tests.helpers.csv_files import rows_of
from tests.helpers.dining_room import book, everything_written, faults, room
from tests.helpers.factories import MembershipFactory, days_ahead

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/bookings/booking/"
IMPORT = f"{LIST}import/"
DAY = days_ahead()
HEAD = "external_reference,date,time,party_size,name"


@pytest.fixture
def house() -> Restaurant:
    return room(2, 4, slug="bistro", name="Bistro", timezone="Europe/London")


@pytest.fixture
def manager(house: Restaurant) -> Client:
    return member_of(house, role=Role.MANAGER)


def exported(client: Client, variant: str = "csv", query: str = "?restaurant=all") -> str:
    return csv_files.exported(client, LIST, variant, query)


def send(client: Client, *rows: str, content: str | None = None) -> Any:
    return csv_files.send(client, IMPORT, content if content is not None else "\n".join((HEAD, *rows)), "old.csv")


def test_the_export_is_the_list_as_a_file_with_the_phone_as_text(manager: Client, house: Restaurant) -> None:
    guest = GuestDetails("=1+1", "ada@example.com", "+442071838750")
    booking = book(house, guest=guest, notes='Cake, "late"\nplease', allergies="-nuts")

    (row,) = rows_of(exported(manager))

    assert row == {
        "reference": booking.reference,
        "external_reference": "",
        "restaurant": "bistro",
        "date": DAY.isoformat(),
        "time": "19:00",
        "starts_at": f"{booking.starts_at:%Y-%m-%dT%H:%M:%SZ}",
        "until": "20:30",
        "party_size": "2",
        "name": "'=1+1",
        "phone": "'+442071838750",
        "email": "ada@example.com",
        "notes": 'Cake, "late"\nplease',
        "allergies": "'-nuts",
        "seating": "",
        "turn_minutes": "90",
        "marketing_opt_in": "no",
        "tables": "T1",
        "status": "confirmed",
        "source": "web",
    }


def test_what_is_filtered_is_what_is_exported(manager: Client, house: Restaurant) -> None:
    first, second = book(house, guest=GuestDetails("Ada")), book(house, party_size=4, guest=GuestDetails("Grace"))

    assert [row["reference"] for row in rows_of(exported(manager, query="?q=Grace"))] == [second.reference]
    assert [row["reference"] for row in rows_of(exported(manager, query="?party_size__exact=2"))] == [first.reference]
    assert LogEntry.objects.latest("pk").change_message == "Exported 1 booking as CSV, narrowed by party_size__exact."
    assert "Grace" not in " ".join(LogEntry.objects.values_list("change_message", flat=True))


def test_a_filter_that_is_not_understood_exports_nothing(manager: Client, house: Restaurant) -> None:
    answer = manager.get(f"{LIST}export/csv/?abc=1", follow=True)

    assert "This list cannot be narrowed so, and was not exported." in messages_of(answer)
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("variant", ["csv", "spreadsheet"])
def test_what_is_exported_is_imported_again_without_a_change(manager: Client, house: Restaurant, variant: str) -> None:
    book(house, guest=GuestDetails("=Ada", "ada@example.com", "+442071838750;ext=12"), notes="a\r\nb")
    book(house, "17:00", 4)
    before = everything_written(house)

    answer = send(manager, content=exported(manager, variant))

    assert "All of these bookings are there already: there is nothing to import." in messages_of(answer)
    assert everything_written(house) == before


@pytest.mark.parametrize("role", [Role.HOST, Role.ENGINEER, Role.CUSTOM])
def test_who_may_not_use_files_finds_no_button_and_no_address(house: Restaurant, role: Role) -> None:
    book(house)
    client = member_of(house, role=role)

    shown = client.get(LIST).content.decode()

    assert "Export as CSV" not in shown
    assert "Import CSV" not in shown
    assert client.get(f"{LIST}export/csv/").status_code == 403
    assert client.get(IMPORT).status_code == 403
    assert client.post(IMPORT, {"file": SimpleUploadedFile("a.csv", b"x")}).status_code == 403
    assert not LogEntry.objects.exists()


def test_guests_of_a_house_where_one_is_a_host_are_not_exported(manager: Client, house: Restaurant) -> None:
    other = room(2, name="Bar", slug="bar")
    book(house), book(other)
    MembershipFactory(user=user_of(manager), restaurant=other, role=Role.HOST)

    assert {row["restaurant"] for row in rows_of(exported(manager))} == {"bistro"}
    assert manager.get(f"{LIST}export/csv/?restaurant=bar").status_code == 403
    assert "Export as CSV" not in manager.get(f"{LIST}?restaurant=bar").content.decode()


def test_a_bad_row_changes_nothing(manager: Client, house: Restaurant) -> None:
    answer = send(manager, f"x1,{DAY},19:00,2,Ada", f"x2,{DAY},7pm,2,Grace", f"x3,{DAY},19:00,none,Joan")

    shown = text_of(answer)
    assert "Nothing was changed: old.csv is not imported." in shown
    assert escape('Line 3, column time: must be a time from 00:00 to 23:59, not "7pm".') in shown
    assert escape('Line 4, column party_size: must be a whole number, not "none".') in shown
    assert not Booking.objects.exists()


def test_the_fate_of_each_line_is_shown_and_then_comes_true(manager: Client, house: Restaurant) -> None:
    known = book(house, "17:00", 4)
    head = f"reference,{HEAD}"
    rows = [
        *(f"{known.reference},,{DAY},17:00,4,Ann Leigh", f",x1,{DAY},19:00,2,Ada", f",x2,{DAY},19:00,4,Grace"),
        f",x3,{DAY},19:00,2,Joan",
    ]

    page = send(manager, content="\n".join((head, *rows)))

    shown = text_of(page)
    assert "2 bookings are made. 1 line is refused, and not booked. 1 booking is there already, and stays." in shown
    assert f"2 {known.reference} name Ann Leigh Ann Lee" in shown
    assert "Lines before it take its place. Book it by hand" in shown
    assert "No capacity for 2 guests at 19:00: " in shown
    assert "Other starts that would do: " in shown
    assert Booking.objects.count() == 1

    answer = confirmed(manager, page)

    assert messages_of(answer) == ["old.csv is imported: 2 bookings made."]
    assert set(Booking.objects.values_list("guest_name", flat=True)) == {"Ann Lee", "Ada", "Grace"}
    assert Booking.objects.get(guest_name="Ada").events.get().actor == user_of(manager)
    assert LogEntry.objects.get().change_message == "Imported old.csv: 2 bookings made."
    assert faults(house) == []


def test_a_refused_line_names_levers_and_leads_to_the_page_that_pulls_them(manager: Client, house: Restaurant) -> None:
    house.tables.filter(number="T2").update(audience=["walk_in"])
    book(house)

    page = send(manager, f"x1,{DAY},19:00,2,Ada")

    shown = page.content.decode()
    assert "T2" in text_of(page).partition("Refused, and not booked")[2]
    link = f"/admin/bookings/booking/telephone/?restaurant=bistro&amp;business_date={DAY}&amp;wall_time=19%3A00"
    assert link in shown
    assert 'id="preview_form"' in shown
    assert "Book 1 party" not in shown


def test_a_booking_that_came_in_between_refuses_the_file_and_is_shown(manager: Client, house: Restaurant) -> None:
    page = send(manager, f"x1,{DAY},19:00,4,Ada")
    book(house, party_size=4)

    answer = confirmed(manager, page)

    assert "Bookings or settings have changed since you looked. Nothing was booked" in text_of(answer)
    assert "1 line is refused, and not booked." in text_of(answer)
    assert Booking.objects.count() == 1


def test_a_file_imported_twice_books_once(manager: Client, house: Restaurant) -> None:
    page = send(manager, f"x1,{DAY},19:00,2,Ada")
    confirmed(manager, page)

    # The button of the first page once more, and the file itself.
    again = manager.post(IMPORT, form_of(page), follow=True)
    third = send(manager, f"x1,{DAY},19:00,2,Ada")

    for answer in (again, third):
        assert "All of these bookings are there already: there is nothing to import." in messages_of(answer)
    assert Booking.objects.count() == 1


def test_another_house_is_named_and_not_booked(admin_client: Client, house: Restaurant) -> None:
    room(2, name="Bar", slug="bar")
    body = {"file": SimpleUploadedFile("a.csv", f"restaurant,{HEAD}\nbistro,x1,{DAY},19:00,2,Ada".encode())}

    answer = admin_client.post(f"{IMPORT}?restaurant=bar", body)

    assert escape('Line 2, column restaurant: is of "bistro", and this is bar.') in text_of(answer)


def test_no_row_of_the_export_costs_a_query(manager: Client, house: Restaurant) -> None:
    url = f"{LIST}export/csv/?restaurant=bistro"
    book(house)
    # Caches of the process are warm after the first.
    count_streamed(manager, url)
    first = count_streamed(manager, url)
    for at in ("17:00", "17:00", "20:30", "20:30"):
        book(house, at)

    assert count_streamed(manager, url) == first


def count_streamed(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert b"".join(client.get(url).streaming_content)
    return len(queries)
