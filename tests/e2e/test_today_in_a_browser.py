"""The first page as a host uses it: one tap, the palette by keyboard alone, with a screen reader's eyes."""

from contextlib import suppress

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from bookings.choices import Role
from bookings.errors import CapacityExceeded
from bookings.models import BookingEvent
from capacity.models import ServiceDay
from tables.models import Restaurant
from tests.e2e.conftest import OpenPage
from tests.helpers.dining_room import book
from tests.helpers.factories import (
    BookingFactory,
    CapacityRuleFactory,
    MembershipFactory,
    UserFactory,
    days_ahead,
    open_restaurant,
)
from tests.helpers.running_service import due, room_at_noon
from tests.helpers.timeline_evening import lively_evening

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

TODAY = "/admin/"


def host_of(*restaurants: Restaurant) -> User:
    user: User = UserFactory(is_staff=True)
    for restaurant in restaurants:
        MembershipFactory(user=user, restaurant=restaurant, role=Role.HOST)
    return user


def trying_evening() -> Restaurant:
    """Make an evening on which everything that the page can show has happened."""
    house = lively_evening()
    moved = house.bookings.get(guest_name="Grace Hopper")
    BookingEvent.objects.create(
        restaurant=house,
        booking=moved,
        kind="reseated",
        from_value={"tables": ["T2"]},
        to_value={"tables": ["T1"]},
        reason="T2 -> T1, to make room for a party of 4",
    )
    ServiceDay.objects.filter(restaurant=house).update(booked_covers=83, excess_covers=3)
    # No table is as large as the house takes parties.
    house.tables.update(status="out_of_service")
    return house


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_a_trying_evening_is_accessible(open_page: OpenPage, width: int, dark: bool) -> None:
    house = trying_evening()
    page = open_page(TODAY, user=host_of(house), width=width, dark=dark)

    expect(page.get_by_role("alert")).to_contain_text("Overbooked. Dinner: covers per service 83 of 80, 3 overbooked.")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_the_group_page_is_accessible(open_page: OpenPage, width: int, dark: bool) -> None:
    houses = trying_evening(), open_restaurant(name="Bar"), open_restaurant(name="Cafe", enforcement="shadow")
    page = open_page(TODAY, user=host_of(*houses), width=width, dark=dark)

    expect(page.get_by_role("link", name="Cafe")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_one_tap_marks_a_party_arrived_and_stays_on_the_page(open_page: OpenPage) -> None:
    house = room_at_noon(2, 2, slug="bistro")
    booking = due(house, 20, "T1", guest_name="Ada Lovelace")
    page = open_page(TODAY, user=host_of(house))

    page.get_by_role("button", name="Arrived").click()

    expect(page.get_by_text(f"{booking.reference} has arrived")).to_be_visible()
    expect(page).to_have_url(f"{page.url.split('/admin/')[0]}/admin/?restaurant=bistro&date={booking.business_date}")
    booking.refresh_from_db()
    assert booking.status == "arrived"


def test_what_would_have_taken_the_last_refused_party_is_a_click_away(open_page: OpenPage) -> None:
    house = room_at_noon(4, 4)
    CapacityRuleFactory(restaurant=house, pacing_covers=4)
    book(house, "12:00", party_size=4)
    with suppress(CapacityExceeded):
        book(house, "12:00", party_size=3)
    page = open_page(f"{TODAY}?date={days_ahead()}", user=host_of(house))

    page.get_by_role("button", name="What would take it?").click()

    expect(page.get_by_label("Refused")).to_contain_text("What would make room, the smallest change first")


def test_a_booking_is_found_by_keyboard_alone_without_its_accents(open_page: OpenPage) -> None:
    house = open_restaurant()
    booking = BookingFactory(restaurant=house, business_date=days_ahead(), guest_name="José Núñez")
    page = open_page("/admin/bookings/booking/", user=host_of(house))

    page.keyboard.press("Control+k")
    expect(page.locator("#search-input-command")).to_be_focused()
    page.keyboard.type("nunez")
    expect(page.locator("#command-results")).to_contain_text("José Núñez, party of 2")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/admin/bookings/booking/{booking.pk}/change/")


def test_a_group_of_the_sidebar_opens_by_keyboard(open_page: OpenPage) -> None:
    page = open_page(TODAY, user=host_of(open_restaurant()))
    heatmap = page.get_by_role("link", name="Heatmap", exact=True)
    expect(heatmap).not_to_be_visible()

    page.get_by_text("Oversight").focus()
    page.keyboard.press("Enter")

    expect(heatmap).to_be_visible()
