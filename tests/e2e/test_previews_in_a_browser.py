"""The page before a change of settings is saved, as a manager uses it: by keyboard, on a phone, in light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from capacity.models import CapacityRule, ServiceDay
from tables.models import Restaurant
from tests.e2e.conftest import OpenPage
from tests.helpers.dining_room import book, room
from tests.helpers.factories import CapacityRuleFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

MOVED_ON = "Bookings or settings have changed since you looked."


def house_with_a_limit() -> tuple[Restaurant, str]:
    """Return a restaurant with two parties of two and a limit of forty, and the address of that rule."""
    house = room(2, 2, 4)
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)
    book(house), book(house)
    return house, f"/admin/capacity/capacityrule/{rule.pk}/change/"


def ask_for(page: Page, covers: str) -> None:
    """Type another limit and save it by the keyboard alone."""
    page.get_by_label("Covers per service").fill(covers)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Before the capacity rule is saved").first).to_be_visible()


def test_a_limit_is_changed_through_the_preview_by_the_keyboard(open_page: OpenPage) -> None:
    _, address = house_with_a_limit()
    page = open_page(address)

    ask_for(page, "3")
    expect(page.get_by_role("region", name="Limits and start times that change")).to_contain_text("covers per service")
    expect(page.get_by_role("region", name="Guests to call")).to_contain_text("+442071838750")
    assert ServiceDay.objects.get().max_covers == 40
    page.get_by_role("button", name="Save as shown").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert ServiceDay.objects.get().max_covers == 3


def test_a_booking_that_came_in_between_refuses_the_save_and_is_shown(open_page: OpenPage) -> None:
    house, address = house_with_a_limit()
    page = open_page(address)
    ask_for(page, "3")
    late = book(house)

    page.get_by_role("button", name="Save as shown").click()

    expect(page.get_by_role("alert")).to_contain_text(MOVED_ON)
    expect(page.get_by_role("region", name="Guests to call")).to_contain_text(late.reference)
    assert ServiceDay.objects.get().max_covers == 40
    page.get_by_role("button", name="Save as shown").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert ServiceDay.objects.get().max_covers == 3


def test_the_file_of_the_guests_keeps_the_page_and_the_way_back_what_was_typed(open_page: OpenPage) -> None:
    _, address = house_with_a_limit()
    page = open_page(address)
    ask_for(page, "3")

    with page.expect_download() as download:
        page.get_by_role("button", name="As CSV").click()
    assert download.value.suggested_filename == "guests-to-call.csv"
    page.get_by_role("button", name="Go back").click()

    expect(page.get_by_label("Covers per service")).to_have_value("3")
    assert CapacityRule.objects.get().max_covers == 40


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_the_preview_is_usable_by_everybody(open_page: OpenPage, width: int, dark: bool) -> None:
    _, address = house_with_a_limit()
    page = open_page(address, width=width, dark=dark)

    ask_for(page, "3")

    found = Axe().run(page).response["violations"]
    assert [(rule["id"], node["target"]) for rule in found for node in rule["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
