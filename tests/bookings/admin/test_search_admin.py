"""The command palette of every screen: bookings, restaurants and pages, by what a person types."""

import re
from typing import Any

import pytest
from django.test import Client

from bookings.choices import Role
from tables.models import Restaurant
from tests.helpers.admin_screens import count_queries, member_of, text_of
from tests.helpers.dining_room import room, sit
from tests.helpers.factories import BookingFactory, days_ahead

pytestmark = pytest.mark.django_db(transaction=True)

SEARCH = "/admin/search/?extended=1&s="


@pytest.fixture
def house() -> Restaurant:
    return room(2, 4, name="Bistro", slug="bistro")


@pytest.fixture
def host(house: Restaurant) -> Client:
    return member_of(house, role=Role.HOST)


def book(house: Restaurant, name: str, **columns: Any) -> Any:
    return BookingFactory(restaurant=house, business_date=days_ahead(), guest_name=name, **columns)


def titles(client: Client, term: str) -> list[str]:
    return re.findall(
        r'data-title="([^"]*)"', client.get("/admin/search/", {"extended": 1, "s": term}).content.decode()
    )


def test_a_booking_is_found_by_name_without_accents_by_last_digits_and_by_reference(
    house: Restaurant, host: Client
) -> None:
    booking = book(house, "José Núñez", guest_phone="+442079460999", party_size=3)
    book(house, "Grace Hopper", guest_phone="+442079461234")

    for term in ("jose nunez", "0999", booking.reference, booking.reference.lower()):
        assert titles(host, term) == ["José Núñez, party of 3"], term


def test_a_found_booking_shows_date_time_status_tables_and_leads_to_its_page(house: Restaurant, host: Client) -> None:
    booking = book(house, "Ada Lovelace")
    sit(booking, "T1")

    page = host.get(f"{SEARCH}lovelace")

    said = f"{booking.business_date:%a %-d %b %Y}, {booking.wall_time:%H:%M}, Confirmed, T1, {booking.reference}"
    assert f"Ada Lovelace, party of 2 • {said} arrow_forward" in text_of(page)
    assert f'href="/admin/bookings/booking/{booking.pk}/change/"' in page.content.decode()


def test_ten_bookings_at_most_the_coming_ones_first(house: Restaurant, host: Client) -> None:
    for number in range(8):
        BookingFactory(restaurant=house, business_date=days_ahead(5 + number), guest_name=f"Ada {number}")
        BookingFactory(restaurant=house, business_date=days_ahead(-5 - number), guest_name=f"Ada past {number}")

    assert titles(host, "ada") == [
        *(f"Ada {number}, party of 2" for number in range(8)),
        "Ada past 0, party of 2",
        "Ada past 1, party of 2",
    ]


def test_it_finds_nobody_of_others_and_of_the_own_restaurants_those_of_the_one_that_is_looked_at(
    house: Restaurant,
) -> None:
    bar, cafe = (room(2, name=name, slug=name.lower()) for name in ("Bar", "Cafe"))
    for at in (house, bar, cafe):
        book(at, f"Ada of {at.name}")
    client = member_of(house, bar, role=Role.HOST)

    client.get("/admin/?restaurant=bar")
    assert titles(client, "ada") == ["Ada of Bar, party of 2"]
    # What was found for another restaurant is forgotten at once.
    client.get("/admin/?restaurant=bistro")
    assert titles(client, "ada") == ["Ada of Bistro, party of 2"]
    client.get("/admin/?restaurant=all")
    assert sorted(titles(client, "ada")) == ["Ada of Bar, party of 2", "Ada of Bistro, party of 2"]
    assert titles(client, "cafe") == []


def test_a_booking_that_was_just_made_is_found(house: Restaurant, host: Client) -> None:
    assert titles(host, "ada") == []
    book(house, "Ada Lovelace")
    assert titles(host, "ada") == ["Ada Lovelace, party of 2"]


def test_an_engineer_finds_pages_and_no_guest(house: Restaurant) -> None:
    book(house, "Ada Rules")

    assert titles(member_of(house, role=Role.ENGINEER), "rules") == ["Capacity rules"]


def test_it_finds_the_pages_that_the_user_may_see_and_the_own_restaurants(house: Restaurant, host: Client) -> None:
    assert titles(host, "time") == ["Timeline"]
    assert titles(host, "bistro") == ["Bistro"]
    assert titles(member_of(house, role=Role.MANAGER), "time") == ["Timeline", "Turn times"]


@pytest.mark.parametrize("term", ["", " ", "\x00", "%", "'", "a" * 3000, "<script>"])
def test_whatever_is_typed_is_answered(host: Client, term: str) -> None:
    assert host.get("/admin/search/", {"extended": 1, "s": term, "page": "x"}).status_code == 200


def test_what_a_guest_typed_stays_text(house: Restaurant, host: Client) -> None:
    book(house, "<b>Ada</b> Lovelace")

    assert "<b>Ada" not in host.get(f"{SEARCH}lovelace").content.decode()


def test_it_takes_as_many_queries_for_nine_bookings_as_for_two(house: Restaurant, host: Client) -> None:
    for number in range(2):
        sit(book(house, f"Ada {number}"), f"T{number + 1}")
    few = count_queries(host, f"{SEARCH}ada")
    for number in range(7):
        BookingFactory(restaurant=house, business_date=days_ahead(5 + number), guest_name="Ada")

    assert count_queries(host, f"{SEARCH}ada") == few


def test_every_page_has_the_search_as_a_button(house: Restaurant, host: Client) -> None:
    for path in ("/admin/", "/admin/bookings/booking/", "/admin/capacity/bookingslot/heatmap/"):
        assert "Find a booking or a page" in text_of(host.get(path, follow=True))
