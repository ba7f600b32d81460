"""What guests and staff type: refused where it would forge a screen, and shown as it is everywhere else."""

import re
from typing import Any

import pytest
from django.test import Client

from bookings.choices import EventKind
from bookings.models import Booking
from config.values import PROBLEMS
from tables.models import Restaurant, Section, TableBlock
from tests.helpers.admin_screens import form_of, text_of
from tests.helpers.dining_room import everything_written, ids, room_at_noon
from tests.helpers.running_service import due

pytestmark = pytest.mark.django_db(transaction=True)

BOOKINGS = "/admin/bookings/booking/"
WALK_IN = f"{BOOKINGS}walk-in/"
TONIGHT = f"{BOOKINGS}?when=tonight&party=live"
HEBREW = "\u05e9\u05dc\u05d5\u05dd"
FULL_WIDTH_TWO = "\uff12"


@pytest.fixture
def house() -> Restaurant:
    """A house in the middle of its service: T1 for two, T2 for four."""
    return room_at_noon(2, 4, name="Bistro")


def html_of(page: Any) -> str:
    return " ".join(page.content.decode().split())


def seat(client: Client, **values: Any) -> Any:
    return client.post(WALK_IN, {**form_of(client.get(WALK_IN)), "party_size": "2", **values}, follow=True)


@pytest.mark.parametrize("name", ["None", "null", "-", "0", "x" * 120, HEBREW, "<b>Ada</b>", "O'Brien"])
def test_a_guest_is_shown_as_the_name_is_on_every_screen(admin_client: Client, house: Restaurant, name: str) -> None:
    booking = due(house, 40, "T1", guest_name=name)
    shown = re.escape(name).replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;")

    for url in (TONIGHT, f"{BOOKINGS}{booking.pk}/change/", f"{BOOKINGS}{booking.pk}/arrive/"):
        page = html_of(admin_client.get(url))
        assert re.search(f"<bdi style=[^>]*overflow-wrap: anywhere[^>]*>{shown}</bdi>", page), url


def test_a_name_of_another_direction_ends_it_in_sentences_and_lists_of_choices(
    admin_client: Client, house: Restaurant
) -> None:
    due(house, 40, "T1", guest_name=HEBREW)
    other = due(house, 40, "T2")

    assert f">{HEBREW}</bdi>, 2 (" in html_of(admin_client.get(WALK_IN))
    assert f"\u2068{HEBREW}\u2069, 2 (" in html_of(admin_client.get(f"{BOOKINGS}{other.pk}/swap/"))
    assert f"Arrived: \u2068{HEBREW}\u2069" in html_of(admin_client.get(TONIGHT)).replace("&quot;", '"')


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Ada\u202e", "control_characters"),
        ("\u2067Ada", "control_characters"),
        ("\u200b", "invisible"),
        ("\u3164", "invisible"),
        ("\u0301", "invisible"),
    ],
)
def test_a_walk_in_has_a_name_that_can_be_seen_and_turns_no_line(
    admin_client: Client, house: Restaurant, name: str, code: str
) -> None:
    before = everything_written(house)

    page = seat(admin_client, name=name)

    assert page.context["form"].errors == {"name": [PROBLEMS[code]]}
    assert everything_written(house) == before


def test_a_walk_in_has_notes_and_allergies(admin_client: Client, house: Restaurant) -> None:
    seat(admin_client, name="Nguye\u0302\u0303n", notes="Window.\r\nLate.", allergies="Nuts")

    party = Booking.objects.get()
    assert (party.guest_name, party.notes, party.allergies) == ("Nguy\u1ec5n", "Window.\r\nLate.", "Nuts")


@pytest.mark.parametrize(
    ("field", "value"), [("party_size", FULL_WIDTH_TWO), ("minutes", FULL_WIDTH_TWO), ("tables", ["\uff11"])]
)
def test_a_number_has_the_digits_that_the_api_takes(
    admin_client: Client, house: Restaurant, field: str, value: Any
) -> None:
    page = seat(admin_client, **{field: value})

    assert list(page.context["form"].errors) == [field]
    assert not Booking.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("party_size", FULL_WIDTH_TWO), ("wall_time", "\uff11\uff19:00"), ("business_date", "\uff12026-06-14")],
)
def test_a_change_has_the_digits_that_the_api_takes(
    admin_client: Client, house: Restaurant, field: str, value: str
) -> None:
    booking = due(house, 40, "T1")
    url = f"{BOOKINGS}{booking.pk}/rebook/"

    page: Any = admin_client.post(url, {**form_of(admin_client.get(url)), field: value})

    assert list(page.context["form"].errors) == [field]


def test_a_host_types_by_the_same_rule(admin_client: Client, house: Restaurant) -> None:
    for url, values, field, why in (
        ("/admin/tables/section/add/", {"restaurant": house.pk, "name": "\u200b"}, "name", "invisible"),
        ("/admin/tables/section/add/", {"restaurant": house.pk, "name": "Bar\u202e"}, "name", "control_characters"),
        ("/admin/tables/tableblock/add/", {"reason": "leak\u202e"}, "reason", "control_characters"),
    ):
        page: Any = admin_client.post(url, {**form_of(admin_client.get(url)), **values})
        assert page.context["adminform"].form.errors[field] == [PROBLEMS[why]]
    assert (Section.objects.count(), TableBlock.objects.count()) == (0, 0)


def test_allergies_and_notes_are_marked_apart_wherever_the_party_is_listed(
    admin_client: Client, house: Restaurant
) -> None:
    booking = due(house, 40, "T1", allergies="Nuts", notes="Window table")
    due(house, 40, "T2")

    for url in (TONIGHT, WALK_IN, f"{BOOKINGS}{booking.pk}/arrive/"):
        said = text_of(admin_client.get(url))
        assert said.count("Allergies: Nuts") == 1, url
        assert said.count("Notes: Window table") == 1, url


def test_long_words_are_shortened_until_they_are_opened(admin_client: Client, house: Restaurant) -> None:
    due(house, 40, "T1", notes="Late. " * 30)

    page = html_of(admin_client.get(TONIGHT))

    assert re.search(r"<details[^>]*><summary[^>]*>.*…</bdi></summary><bdi[^>]*>(Late\. ){29}Late\.", page)


def test_the_staff_changes_words_and_the_history_keeps_no_allergies(
    admin_client: Client, admin_user: Any, house: Restaurant
) -> None:
    booking = due(house, 40, "T1", notes="Window")
    url = f"{BOOKINGS}{booking.pk}/correct/"
    form = form_of(admin_client.get(url))
    assert form["notes"] == ["Window"]

    admin_client.post(url, {**form, "allergies": "Nuts"})

    booking.refresh_from_db()
    event = booking.events.latest("pk")
    assert (booking.notes, booking.allergies, booking.version) == ("Window", "Nuts", 2)
    assert (event.kind, event.actor, event.from_value, event.to_value) == (
        EventKind.CORRECTED,
        admin_user,
        {},
        {"allergies": "changed"},
    )


def test_a_page_that_is_older_than_the_words_changes_none(admin_client: Client, house: Restaurant) -> None:
    booking = due(house, 40, "T1")
    url = f"{BOOKINGS}{booking.pk}/correct/"
    form = form_of(admin_client.get(url))
    admin_client.post(url, {**form, "allergies": "Nuts"})

    page = admin_client.post(url, {**form, "allergies": "Milk"})

    assert "Somebody changed this booking" in text_of(page)
    booking.refresh_from_db()
    assert booking.allergies == "Nuts"


def test_a_table_is_chosen_by_number_all_the_same(admin_client: Client, house: Restaurant) -> None:
    seat(admin_client, tables=ids(house, "T2"))

    assert Booking.objects.get().assignments.get().table.number == "T2"
