"""The floor plan as a host looks at it and a manager arranges it: by mouse, by keys, beside another person."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.admin.models import LogEntry
from playwright.sync_api import Locator, Page, expect

from bookings.choices import Role
from bookings.services import TablePlace, place_tables
from tables.models import Restaurant
from tests.e2e.conftest import OpenPage
from tests.helpers.dining_room import book, room, table
from tests.helpers.factories import MembershipFactory, TableCombinationFactory, days_ahead
from tests.helpers.timeline_evening import lively_evening

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

# A change made elsewhere is there within five seconds: the wait of the promise, not of luck.
LIVE_MILLISECONDS = 5_000


def plan_of(restaurant: Restaurant) -> str:
    return f"/admin/floor-plan/?restaurant={restaurant.slug}&date={days_ahead()}"


def shape(page: Page, restaurant: Restaurant, number: str) -> Locator:
    return page.locator(f"#fp-table-{table(restaurant, number).pk}")


def in_words(page: Page, restaurant: Restaurant, number: str) -> Locator:
    return page.locator(f'[data-row="{table(restaurant, number).pk}"]')


def place_of(restaurant: Restaurant, number: str) -> tuple[int | None, int | None, int, str]:
    found = table(restaurant, number)
    return found.x, found.y, found.rotation, found.shape


def go_to(page: Page, clock: str) -> None:
    """Move the slider by its keys until it shows a time."""
    slider = page.get_by_role("slider", name="Who sits where at")
    slider.focus()
    page.keyboard.press("Home")
    while page.locator("#floor-plan-clock").inner_text() < clock:
        page.keyboard.press("ArrowRight")
    expect(page.locator("#floor-plan-clock")).to_have_text(clock)


def drag(page: Page, what: Locator, across: int, down: int) -> None:
    """Take a table by its middle to another place, a centimetre being a pixel."""
    box = what.locator(".fp-shape").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y + down, steps=5)
    page.mouse.up()


def placed_room(*seats: int) -> Restaurant:
    """Make a house whose tables stand side by side, two metres apart."""
    house = room(*seats)
    for number, each in enumerate(house.tables.in_number_order()):
        house.tables.filter(pk=each.pk).update(x=100 + 200 * number, y=100)
    return house


def test_the_slider_shows_who_sits_where_for_how_long_yet_and_what_is_free(open_page: OpenPage) -> None:
    house = room(2, 4)
    booking = book(house, "19:00")
    page = open_page(plan_of(house))

    go_to(page, "19:30")
    expect(shape(page, house, "T1")).to_have_attribute(
        "aria-label", "T1: Confirmed, Ann Lee, party of 2, until 20:30, 60 min left"
    )
    expect(in_words(page, house, "T1")).to_contain_text("Confirmed")
    expect(in_words(page, house, "T1")).to_contain_text("until 20:30, 60 min left")
    expect(in_words(page, house, "T2")).to_contain_text("Free")
    expect(page.locator("#floor-plan-sum")).to_have_text("1 table taken (2 covers), 1 free")

    go_to(page, "20:30")
    expect(shape(page, house, "T1")).to_have_attribute("aria-label", "T1: Free, for the rest of the evening")
    go_to(page, "18:45")
    expect(shape(page, house, "T1")).to_have_attribute(
        "aria-label", "T1: Free, until 19:00, 15 min left, then Ann Lee, party of 2"
    )
    go_to(page, "19:00")
    shape(page, house, "T1").click()
    page.wait_for_url(re.compile(rf"/admin/bookings/booking/{booking.pk}/change/"))


def test_tables_of_one_party_are_joined_while_it_sits_there(open_page: OpenPage) -> None:
    house = placed_room(2, 2)
    TableCombinationFactory(restaurant=house, tables=list(house.tables.all()), min_party_size=3, max_party_size=4)
    book(house, "19:00", party_size=4)
    page = open_page(plan_of(house))

    go_to(page, "19:30")
    expect(page.locator(".fp-joins line")).to_have_count(1)
    expect(in_words(page, house, "T2")).to_contain_text("Ann Lee, party of 4, at T1 + T2")
    go_to(page, "18:30")
    expect(page.locator(".fp-joins line")).to_have_count(0)


def test_the_arrow_keys_go_from_party_to_party_and_one_is_in_the_order_of_the_tab_key(open_page: OpenPage) -> None:
    house = placed_room(2, 2, 2)
    for _ in range(2):
        book(house)
    page = open_page(plan_of(house))
    go_to(page, "19:30")

    shape(page, house, "T1").focus()
    page.keyboard.press("ArrowRight")

    expect(shape(page, house, "T2")).to_be_focused()
    assert page.locator('.fp-table[tabindex="0"]').count() == 1
    page.keyboard.press("ArrowRight")
    expect(shape(page, house, "T2")).to_be_focused()


def test_tables_are_arranged_by_dragging_and_stay_there_after_a_reload(open_page: OpenPage) -> None:
    house = placed_room(2, 4)
    page = open_page(plan_of(house))

    page.get_by_role("button", name="Arrange", exact=True).click()
    drag(page, shape(page, house, "T1"), 33, 78)
    assert place_of(house, "T1") == (100, 100, 0, "square")
    page.get_by_role("button", name="Save 1 table").click()

    expect(page.locator("#floor-plan-said")).to_have_text("1 table saved.")
    assert place_of(house, "T1") == (130, 180, 0, "square")
    assert LogEntry.objects.get().change_message == "Floor plan: x 100 to 130, y 100 to 180."
    page.reload()
    expect(shape(page, house, "T1")).to_have_attribute("transform", "translate(130 180)")


def test_tables_are_arranged_by_the_keyboard_alone(open_page: OpenPage) -> None:
    house = placed_room(2, 4)
    page = open_page(plan_of(house))

    page.get_by_role("button", name="Arrange", exact=True).focus()
    page.keyboard.press("Enter")
    shape(page, house, "T2").focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown", "r"):
        page.keyboard.press(key)
    expect(page.locator("#floor-plan-said")).to_have_text(
        "T2: square, 90 by 90 cm, turned 45°, 3.2 m across and 1.5 m down."
    )
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+z")
    page.get_by_label("Shape").focus()
    page.keyboard.type("Round")
    page.get_by_role("button", name="Save 1 table").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#floor-plan-said")).to_have_text("1 table saved.")
    expect(page.get_by_role("button", name="Arrange", exact=True)).to_be_focused()
    assert place_of(house, "T2") == (320, 150, 45, "round")


def test_tables_that_the_plan_has_placed_itself_are_kept_with_the_one_that_is_moved(open_page: OpenPage) -> None:
    house = room(2, 2, 2)
    page = open_page(plan_of(house))

    page.get_by_role("button", name="Arrange", exact=True).click()
    shape(page, house, "T1").focus()
    page.get_by_role("button", name="Down", exact=True).click()
    page.get_by_label("Width, cm").fill("120")
    page.get_by_label("Width, cm").press("Tab")
    page.get_by_role("button", name="Save 3 tables").click()

    expect(page.locator("#floor-plan-said")).to_have_text("3 tables saved.")
    assert (table(house, "T1").width, table(house, "T2").width) == (120, None)
    assert None not in house.tables.values_list("x", flat=True)


def test_what_is_taken_back_or_left_is_not_saved(open_page: OpenPage) -> None:
    house = placed_room(2)
    page = open_page(plan_of(house))

    page.get_by_role("button", name="Arrange", exact=True).click()
    drag(page, shape(page, house, "T1"), 50, 50)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    expect(shape(page, house, "T1")).to_have_attribute("transform", "translate(100 100)")
    drag(page, shape(page, house, "T1"), 50, 50)
    page.get_by_role("button", name="Leave without saving").click()

    expect(shape(page, house, "T1")).to_have_attribute("transform", "translate(100 100)")
    expect(page.locator("#floor-plan-said")).to_have_text("Nothing was saved.")
    assert place_of(house, "T1") == (100, 100, 0, "square")


def test_what_another_has_placed_meanwhile_is_named_and_the_rest_can_still_be_saved(open_page: OpenPage) -> None:
    house = placed_room(2, 2)
    page = open_page(plan_of(house))
    page.get_by_role("button", name="Arrange", exact=True).click()
    for number in ("T1", "T2"):
        shape(page, house, number).focus()
        page.keyboard.press("Shift+ArrowDown")

    key = table(house, "T1").pk
    seen = TablePlace.of(table(house, "T1"))
    place_tables(
        restaurant_id=house.pk, places={key: TablePlace(500, 100, "round", None, None, 0)}, as_read={key: seen}
    )
    page.get_by_role("button", name="Save 2 tables").click()

    said = page.locator("#floor-plan-said")
    expect(said).to_contain_text("Somebody has placed T1 otherwise meanwhile, so nothing was saved.")
    expect(shape(page, house, "T1")).to_have_attribute("transform", "translate(500 100)")
    assert place_of(house, "T2") == (300, 100, 0, "square")
    page.get_by_role("button", name="Save 1 table").click()
    expect(said).to_have_text("1 table saved.")
    assert (place_of(house, "T1"), place_of(house, "T2")) == ((500, 100, 0, "round"), (300, 150, 0, "square"))


def test_a_second_screen_sees_a_change_within_five_seconds_and_keeps_its_moment(open_page: OpenPage) -> None:
    house = placed_room(2)
    page = open_page(plan_of(house))
    go_to(page, "18:30")

    book(house, "18:00")

    expect(in_words(page, house, "T1")).to_contain_text("Ann Lee, party of 2", timeout=LIVE_MILLISECONDS)
    expect(page.locator("#floor-plan-clock")).to_have_text("18:30")
    expect(page.get_by_role("slider", name="Who sits where at")).to_be_focused()


def test_a_host_looks_and_arranges_nothing(open_page: OpenPage) -> None:
    house = placed_room(2)
    host = MembershipFactory(restaurant=house, role=Role.HOST).user

    page = open_page(plan_of(house), user=host)

    expect(in_words(page, house, "T1")).to_contain_text("Free")
    expect(page.get_by_role("button", name="Arrange", exact=True)).to_have_count(0)


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_rule_of_accessibility_is_broken(open_page: OpenPage, width: int, dark: bool) -> None:
    house = lively_evening()
    page = open_page(f"/admin/floor-plan/?restaurant={house.slug}", width=width, dark=dark)

    expect(page.locator('.fp-table[role="link"]').first).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="Arrange", exact=True).click()
    page.locator(".fp-table").first.focus()
    page.keyboard.press("ArrowDown")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]
