"""The timeline as a host uses it: by mouse, by keyboard alone, on two screens at once, with a screen reader's eyes."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from bookings.errors import CapacityExceeded
from bookings.models import Booking
from bookings.services import cancel_booking
from tables.models import Restaurant
from tests.e2e.conftest import OpenPage
from tests.helpers.dining_room import at_tables, book, pins, room
from tests.helpers.factories import CapacityRuleFactory, ServicePeriodFactory, days_ahead
from tests.helpers.timeline_evening import lively_evening

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

# A change made elsewhere is there within five seconds: the wait of the promise, not of luck.
LIVE_MILLISECONDS = 5_000


def evening_of(restaurant: Restaurant) -> str:
    return f"/admin/timeline/{restaurant.slug}/{days_ahead()}/"


def bar(page: Page, booking: Booking) -> Locator:
    return page.locator(f"#booking-{booking.pk}")


def drag(page: Page, booking: Booking, *, to: str | None = None, minutes: int = 0) -> None:
    """Take a booking by its middle to the row of a table, or by some minutes in its own."""
    start = bar(page, booking).bounding_box()
    row = page.locator(f'.tl-row[data-number="{to}"]').bounding_box() if to else start
    assert start is not None
    assert row is not None
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + start["width"] * minutes / 90, row["y"] + row["height"] / 2, steps=5)
    page.mouse.up()


def test_a_booking_is_dragged_to_another_table_once_the_answer_is_confirmed(open_page: OpenPage) -> None:
    house = room(4, 4)
    first, second = book(house, party_size=4), book(house, party_size=4)
    page = open_page(evening_of(house))

    drag(page, first, to="T2")

    panel = page.locator("#timeline-panel")
    expect(panel).to_contain_text(f"{second.reference} moves from T2 to T1")
    assert at_tables(first) == ["T1"]
    panel.get_by_role("button", name="Move them").click()
    expect(page.locator("#timeline-said")).to_contain_text("Ann Lee, party of 4: T2, 19:00 to 20:30.")
    expect(bar(page, first)).to_contain_text("pinned")
    expect(panel).not_to_be_visible()
    assert (at_tables(first), at_tables(second), pins(first)) == (["T2"], ["T1"], {True})


def test_a_booking_is_dragged_to_another_time(open_page: OpenPage) -> None:
    house = room(4)
    booking = book(house)
    page = open_page(evening_of(house))

    drag(page, booking, minutes=30)

    expect(page.locator("#timeline-panel")).to_contain_text("T1, 19:30 to 21:00")
    page.get_by_role("button", name="Move them").click()
    expect(bar(page, booking)).to_contain_text("19:30")


def test_a_refused_move_is_explained_and_changes_nothing(open_page: OpenPage) -> None:
    house = room(4, 4)
    CapacityRuleFactory(restaurant=house, pacing_covers=4)
    booking = book(house, "18:00", party_size=3)
    book(house, "19:00", party_size=4)
    page = open_page(evening_of(house))

    drag(page, booking, minutes=60)

    panel = page.locator("#timeline-panel")
    reason = "covers starting per slot: 4 of 4 are taken and 3 more were asked"
    expect(panel.get_by_role("alert")).to_contain_text(reason)
    panel.get_by_role("button", name="Leave it as it is").click()
    expect(panel).not_to_be_visible()
    booking.refresh_from_db()
    assert f"{booking.wall_time:%H:%M}" == "18:00"


def test_a_booking_is_moved_by_the_keyboard_alone(open_page: OpenPage) -> None:
    house = room(4, 4)
    early, late = book(house, "18:00"), book(house, "20:00")
    assert (at_tables(early), at_tables(late)) == (["T1"], ["T1"])
    page = open_page(evening_of(house))

    bar(page, early).focus()
    page.keyboard.press("ArrowRight")
    expect(bar(page, late)).to_be_focused()
    page.keyboard.press("Enter")
    choice = page.get_by_label("Move to table")
    expect(choice).to_be_visible()
    choice.focus()
    page.keyboard.type("T2")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="See what happens")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Move them")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#timeline-said")).to_contain_text("T2, 20:00 to 21:30")
    expect(bar(page, late)).to_be_focused()
    assert at_tables(late) == ["T2"]


def test_the_arrow_keys_go_from_row_to_row_and_one_booking_is_in_the_tab_order(open_page: OpenPage) -> None:
    house = room(4, 4)
    first, second = book(house, party_size=4), book(house, party_size=4)
    page = open_page(evening_of(house))

    bar(page, first).focus()
    page.keyboard.press("ArrowDown")

    expect(bar(page, second)).to_be_focused()
    assert page.locator('.tl-bar[tabindex="0"]').count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    expect(bar(page, first)).to_be_focused()


def test_a_second_screen_sees_a_change_within_five_seconds_and_keeps_its_focus(open_page: OpenPage) -> None:
    house = room(4, 4)
    here = book(house)
    page = open_page(evening_of(house))
    bar(page, here).focus()
    page.locator("#timeline-scroll").evaluate("region => region.scrollTo(40, 0)")

    elsewhere = book(house, "20:00")

    expect(bar(page, elsewhere)).to_be_visible(timeout=LIVE_MILLISECONDS)
    expect(bar(page, here)).to_be_focused()
    assert page.locator("#timeline-scroll").evaluate("region => region.scrollLeft") == 40
    cancel_booking(booking_id=elsewhere.pk)
    expect(bar(page, elsewhere)).to_have_count(0, timeout=LIVE_MILLISECONDS)


def test_a_drag_is_not_disturbed_by_what_happens_elsewhere(open_page: OpenPage) -> None:
    house = room(4, 4)
    booking = book(house)
    page = open_page(evening_of(house))
    box = bar(page, booking).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 60, steps=3)

    other = book(house, "20:00")
    page.evaluate('htmx.trigger("#timeline-board", "look")')

    expect(bar(page, booking)).to_have_class("tl-bar tl-confirmed tl-dragged")
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(bar(page, other)).to_be_visible(timeout=LIVE_MILLISECONDS)


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_rule_of_accessibility_is_broken(open_page: OpenPage, width: int, dark: bool) -> None:
    house = lively_evening()
    page = open_page(f"/admin/timeline/{house.slug}/", width=width, dark=dark)

    assert violations(page) == []
    page.locator(".tl-bar").first.click()
    expect(page.get_by_label("Move to table")).to_be_visible()
    assert violations(page) == []


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def test_a_refused_request_is_explained_with_what_would_take_it(open_page: OpenPage) -> None:
    house = room(4, 4)
    CapacityRuleFactory(restaurant=house, pacing_covers=4)
    book(house, party_size=4)
    with pytest.raises(CapacityExceeded):
        book(house, party_size=3)
    page = open_page(evening_of(house))

    page.locator(".tl-mark").click()

    panel = page.locator("#timeline-panel")
    expect(panel).to_contain_text("Party of 3, web: covers starting per slot: 4 of 4, 3 asked")
    expect(panel).to_contain_text("3 more pacing covers")
    assert violations(page) == []


def test_a_screen_that_has_lost_the_server_says_so_until_it_answers_again(open_page: OpenPage) -> None:
    house = room(4)
    booking = book(house)
    page = open_page(evening_of(house), may_complain=True)
    lost = page.locator("#timeline-lost")
    expect(lost).to_be_hidden()

    page.context.set_offline(True)
    expect(lost).to_be_visible(timeout=LIVE_MILLISECONDS)
    bar(page, booking).click()
    expect(page.locator("#timeline-panel")).to_contain_text("That did not work. Nothing was changed")

    page.context.set_offline(False)
    page.get_by_role("button", name="Close").click()
    expect(lost).to_be_hidden(timeout=LIVE_MILLISECONDS)


@pytest.mark.parametrize("width", [375, 768, 1280])
def test_the_evening_scrolls_in_a_region_of_its_own(open_page: OpenPage, width: int) -> None:
    house = lively_evening()
    page = open_page(f"/admin/timeline/{house.slug}/", width=width)

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_link_to_a_service_shows_it_from_its_beginning(open_page: OpenPage) -> None:
    house = room(4)
    house.service_periods.update(name="Lunch", start_time="12:00", last_seating="14:00", end_time="16:00")
    ServicePeriodFactory(restaurant=house, name="Dinner", seating_mode="tables")
    page = open_page(evening_of(house))

    link = page.get_by_role("link", name="Dinner")
    service = page.locator(link.get_attribute("href") or "")
    link.click()

    page.wait_for_function("document.getElementById('timeline-scroll').scrollLeft > 300")
    begin, labels = (found.bounding_box() for found in (service, page.locator(".tl-corner")))
    assert begin is not None
    assert labels is not None
    assert abs(begin["x"] - labels["x"] - labels["width"]) <= 2
