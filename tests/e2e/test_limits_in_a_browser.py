"""The grid of limits, as a manager uses it: typed and previewed, copied to other days, by keyboard, on a phone."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from capacity.models import BookingSlot, CapacityRule, ServiceDay
from tables.models import Restaurant
from tests.e2e.conftest import OpenPage
from tests.helpers.dining_room import book, room
from tests.helpers.factories import CapacityRuleFactory, ServicePeriodFactory, days_ahead

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

PAGE = "/admin/capacity/capacityrule/limits/"
SOON = days_ahead()


@pytest.fixture
def house() -> Restaurant:
    """A restaurant with Lunch and Dinner, 40 covers a service, and two parties of two on one evening."""
    house = room(2, 2, 4, name="Bistro")
    ServicePeriodFactory(restaurant=house, name="Lunch", start_time="12:00", last_seating="13:00", end_time="15:00")
    CapacityRuleFactory(restaurant=house, max_covers=40)
    book(house), book(house)
    return house


def covers_of_dinner() -> int | None:
    return ServiceDay.objects.get(service_period__name="Dinner").max_covers


def cell(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True)


def expect_preview(page: Page) -> None:
    expect(page.get_by_role("heading", name="Before the limits are saved").first).to_be_visible()


def violations(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page).response["violations"]
    return [(rule["id"], node["target"]) for rule in found for node in rule["nodes"]]


def test_limits_of_two_kinds_are_typed_previewed_and_saved_at_once(open_page: OpenPage, house: Restaurant) -> None:
    page = open_page(PAGE)
    weekday = f"{SOON:%A}"

    cell(page, f"Dinner, {weekday}: covers per service").fill("3")
    page.get_by_role("radio", name="Covers starting per slot").check()
    expect(cell(page, f"Dinner, {weekday}: covers per service")).to_be_hidden()
    cell(page, "Every service: covers starting per slot").fill("6")
    expect(page.get_by_text("2 limits changed, not saved yet")).to_be_visible()
    page.get_by_role("button", name="Save").click()

    expect_preview(page)
    expect(page.get_by_role("region", name="Limits as they are set")).to_contain_text(f"Dinner, {weekday}")
    expect(page.get_by_role("region", name="Guests to call")).to_contain_text("+442071838750")
    assert covers_of_dinner() == 40
    page.get_by_role("button", name="Save as shown").click()

    expect(page.get_by_text("2 limits saved.")).to_be_visible()
    assert covers_of_dinner() == 3
    assert set(BookingSlot.objects.values_list("pacing_covers", flat=True)) == {6}
    page.reload()
    expect(cell(page, f"Dinner, {weekday}: covers per service")).to_have_value("3")


def test_a_wrong_number_of_another_limit_is_shown_at_its_cell(open_page: OpenPage, house: Restaurant) -> None:
    page = open_page(PAGE)

    page.get_by_role("radio", name="Parties present").check()
    cell(page, "Lunch: parties present").fill("many")
    page.get_by_role("radio", name="Covers per service").check()
    cell(page, "Lunch: covers per service").fill("20")
    page.get_by_role("button", name="Save").click()

    wrong = cell(page, "Lunch: parties present")
    expect(wrong).to_have_value("many")
    expect(wrong).to_have_accessible_description("Enter a whole number.")
    page.get_by_role("radio", name="Covers per service").check()
    expect(cell(page, "Lunch: covers per service")).to_have_value("20")
    assert CapacityRule.objects.count() == 1


def test_a_weekday_is_copied_to_others(open_page: OpenPage, house: Restaurant) -> None:
    page = open_page(PAGE)

    cell(page, "Dinner, Friday: covers per service").fill("30")
    page.get_by_label("Copy", exact=True).select_option("Friday")
    page.get_by_role("group", name="To").get_by_label("Saturday").check()
    page.get_by_role("group", name="To").get_by_label("Sunday").check()
    page.get_by_role("button", name="Save").click()
    expect_preview(page)
    page.get_by_role("button", name="Save as shown").click()

    expect(page.get_by_text("3 limits saved.")).to_be_visible()
    for day in ("Friday", "Saturday", "Sunday"):
        expect(cell(page, f"Dinner, {day}: covers per service")).to_have_value("30")


def test_a_start_of_a_date_is_limited_and_copied_to_another_date(open_page: OpenPage, house: Restaurant) -> None:
    page = open_page(f"{PAGE}?date={SOON}")
    other = SOON + timedelta(days=1)

    cell(page, f"Dinner, {SOON:%-d %b %Y}, 19:00 to 19:15: covers starting per slot").fill("2")
    page.get_by_label(f"{other:%a %-d %b}").check()
    page.get_by_role("button", name="Save").click()
    expect_preview(page)
    page.get_by_role("button", name="Save as shown").click()

    expect(page.get_by_text("2 limits saved.")).to_be_visible()
    found = CapacityRule.objects.filter(pacing_covers=2).order_by("from_date")
    assert [(rule.from_date, f"{rule.from_time:%H:%M}") for rule in found] == [(SOON, "19:00"), (other, "19:00")]


def test_the_cells_are_gone_through_and_saved_by_the_keyboard(open_page: OpenPage, house: Restaurant) -> None:
    page = open_page(PAGE)
    cell(page, "Lunch: covers per service").focus()

    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    expect(cell(page, "Dinner, Monday: covers per service")).to_be_focused()
    page.keyboard.type("25")
    page.keyboard.press("ArrowLeft")
    expect(cell(page, "Dinner, Monday: covers per service")).to_be_focused()
    page.keyboard.press("Tab")
    expect(cell(page, "Dinner, Tuesday: covers per service")).to_be_focused()
    page.keyboard.press("Enter")

    expect_preview(page)
    page.get_by_role("button", name="Save as shown").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 limit saved.")).to_be_visible()
    assert CapacityRule.objects.get(weekday=1).max_covers == 25


def test_the_grid_works_without_scripts(chromium: Browser, server: str, house: Restaurant, open_page: OpenPage) -> None:
    state = open_page(PAGE).context.storage_state()
    context = chromium.new_context(base_url=server, storage_state=state, java_script_enabled=False)
    page = context.new_page()
    page.goto(PAGE)

    page.get_by_role("radio", name="Covers starting per slot").check()
    cell(page, "Dinner: covers starting per slot").fill("4")
    cell(page, "Dinner: covers starting per slot").press("Enter")
    expect_preview(page)
    page.get_by_role("button", name="Save as shown").click()

    expect(page.get_by_text("1 limit saved.")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("on_date", [None, SOON])
def test_the_grid_is_usable_by_everybody(
    open_page: OpenPage, house: Restaurant, width: int, dark: bool, on_date: object
) -> None:
    page = open_page(PAGE + (f"?date={on_date}" if on_date else ""), width=width, dark=dark)
    first = page.locator(".limits-cell:visible").first

    first.fill("many")
    page.get_by_role("button", name="Save").click()

    expect(first).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    grid = page.locator(".limits-table:visible")
    grid.evaluate("box => box.scrollLeft = box.scrollWidth")
    name = grid.locator("tbody th[scope=row]").first
    assert abs(name.bounding_box()["x"] - grid.bounding_box()["x"]) <= 2
