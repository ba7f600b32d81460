"""The first page beside a person: it goes on by itself, and pulls nothing from under a hand or out of an ear."""

from datetime import UTC, datetime

import pytest
from django.db.models import F
from playwright.sync_api import Locator, Page, Route, expect

from bookings.errors import CapacityExceeded
from bookings.models import AuditRun, Booking
from bookings.services import mark_arrived
from capacity.models import ServiceDay
from tables.models import Restaurant
from tests.e2e.conftest import OpenPage
from tests.e2e.test_today_in_a_browser import host_of
from tests.helpers.dining_room import book
from tests.helpers.running_service import began, due, room_at_noon

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

TODAY = "/admin/"
# A change made elsewhere is there within five seconds: the wait of the promise, not of luck.
LIVE_MILLISECONDS = 5_000
LONG_NOTE = "A table at the window, please; they come from far and have waited for this evening since the spring."
# Looks, and says whether the server was asked.
LOOKS = """() => {
    const board = document.getElementById("today-board");
    let isAsked = false;
    board.addEventListener("htmx:beforeSend", () => { isAsked = true; }, { once: true });
    htmx.trigger(board, "look");
    return isAsked;
}"""
ANSWERED = """() => new Promise(done => {
    document.getElementById("today-board").addEventListener("htmx:afterRequest", () => done(), { once: true });
})"""
# What a screen reader hears of alerts: one that is new, or whose text is.
HEARS_ALERTS = """() => {
    const isAlert = node => node.parentElement?.closest("[role=alert]") || node.role === "alert";
    const tell = ({ target, addedNodes }) => [target, ...addedNodes].filter(isAlert).map(node => node.textContent);
    window.heard = [];
    new MutationObserver(changes => window.heard.push(...changes.flatMap(tell)))
        .observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def row(page: Page, booking: Booking) -> Locator:
    return page.locator(f"#party-{booking.pk}")


def today_of(house: Restaurant) -> dict[str, object]:
    return {"business_date": datetime.now(house.zone).date()}


def mark(found: Locator) -> None:
    """Remember an element: one that is drawn anew has no mark."""
    found.evaluate("element => { element.isTheSame = true }")


def is_marked(found: Locator) -> bool:
    return bool(found.evaluate("element => element.isTheSame === true"))


def test_a_booking_made_elsewhere_appears_and_goes_and_what_says_the_same_stays(open_page: OpenPage) -> None:
    house = room_at_noon(2, 2, 2, 4, slug="bistro")
    here = due(house, 40, "T1", guest_name="Ada Lovelace", notes=LONG_NOTE)
    page = open_page(TODAY, user=host_of(house), width=375)
    arrived, note = row(page, here).get_by_role("button", name="Arrived"), row(page, here).locator("details")
    note.locator("summary").click()
    arrived.focus()
    bar = page.get_by_role("region", name="Dinner: covers present, slot by slot")
    assert bar.evaluate("region => { region.scrollTo(60, 0); return region.scrollLeft; }") == 60
    for found in (page.locator("body"), arrived, note, bar):
        mark(found)

    elsewhere = due(house, 20, "T2", guest_name="Grace Hopper")

    expect(row(page, elsewhere)).to_contain_text("Grace Hopper", timeout=LIVE_MILLISECONDS)
    assert not is_marked(row(page, elsewhere).get_by_role("button"))
    mark_arrived(booking_id=elsewhere.pk)
    page.evaluate(LOOKS)
    expect(row(page, elsewhere)).to_have_count(0, timeout=LIVE_MILLISECONDS)
    assert [is_marked(found) for found in (page.locator("body"), arrived, note, bar)] == [True] * 4
    expect(arrived).to_be_focused()
    assert note.evaluate("note => note.open")
    assert bar.evaluate("region => region.scrollLeft") == 60


def test_what_is_scrolled_stays_where_it_is_though_it_is_moved_in_the_page(open_page: OpenPage) -> None:
    house = room_at_noon(2, 2, slug="bistro")
    page = open_page(TODAY, user=host_of(house), width=375)
    bar = page.get_by_role("region", name="Dinner: covers present, slot by slot")
    # Not where the server has it: the next look puts it back.
    bar.evaluate("region => region.parentElement.parentElement.prepend(region.parentElement)")
    assert bar.evaluate("region => { region.scrollTo(60, 0); return region.scrollLeft; }") == 60

    booking = due(house, 40, "T1")
    page.evaluate(LOOKS)

    expect(row(page, booking)).to_have_count(1, timeout=LIVE_MILLISECONDS)
    assert bar.evaluate("region => region.parentElement.previousElementSibling !== null")
    assert bar.evaluate("region => region.scrollLeft") == 60


def test_the_numbers_of_a_service_follow_the_bookings(open_page: OpenPage) -> None:
    house = room_at_noon(4, 4, slug="bistro")
    page = open_page(TODAY, user=host_of(house))
    services = page.get_by_role("region", name="Covers and parties")
    expect(services).to_contain_text("0 / no limit")

    booking = book(house, "15:00", party_size=4, **today_of(house))
    page.evaluate(LOOKS)

    expect(services).to_contain_text("4 / no limit", timeout=LIVE_MILLISECONDS)
    expect(page.get_by_role("link", name="15:00 : 4 covers present")).to_be_visible()
    mark_arrived(booking_id=booking.pk)
    page.evaluate(LOOKS)
    expect(page.get_by_label("Parties", exact=True)).to_have_text("1 waiting for a table", timeout=LIVE_MILLISECONDS)
    expect(row(page, booking)).to_have_count(0)


def test_the_lines_of_several_restaurants_go_on_too(open_page: OpenPage) -> None:
    house, bar = room_at_noon(4, 4, slug="bistro", name="Bistro"), room_at_noon(4, slug="bar", name="Bar")
    page = open_page(TODAY, user=host_of(house, bar))
    line, link = page.locator(f"#house-{house.pk}"), page.get_by_role("link", name="Bistro", exact=True).last
    expect(line).to_contain_text("0 / no limit")
    link.focus()
    mark(link)

    book(house, "15:00", party_size=4, **today_of(house))
    page.evaluate(LOOKS)

    expect(line).to_contain_text("4 / no limit", timeout=LIVE_MILLISECONDS)
    assert is_marked(link)
    expect(link).to_be_focused()


def test_the_focus_follows_a_party_into_the_list_of_the_late(open_page: OpenPage) -> None:
    house = room_at_noon(2, 2, slug="bistro")
    party = began(house, 3, 2, "T1", guest_name="Alan Turing")
    page = open_page(TODAY, user=host_of(house))
    row(page, party).get_by_role("button", name="Arrived").focus()
    expect(page.get_by_label("Late", exact=True)).to_have_count(0)

    Restaurant.objects.filter(pk=house.pk).update(grace_minutes=0)
    page.evaluate(LOOKS)

    late = page.get_by_label("Late", exact=True)
    expect(late).to_contain_text("Alan Turing", timeout=LIVE_MILLISECONDS)
    expect(late.get_by_role("button", name="Arrived")).to_be_focused()


def test_nothing_moves_between_a_tap_and_the_page_that_answers_it(open_page: OpenPage) -> None:
    house = room_at_noon(2, 2, 2, slug="bistro")
    booking = due(house, 20, "T1", guest_name="Ada Lovelace")
    page = open_page(TODAY, user=host_of(house))
    # The browser stays where it is, as it does until an answer comes.
    page.route("**/arrive/**", lambda route: route.fulfill(status=204))
    with page.expect_request("**/arrive/**"):
        row(page, booking).get_by_role("button", name="Arrived").click()

    other = due(house, 10, "T2", guest_name="Grace Hopper")

    assert not page.evaluate(LOOKS)
    assert row(page, other).count() == 0
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow'))")
    expect(row(page, other)).to_be_visible(timeout=LIVE_MILLISECONDS)


@pytest.mark.parametrize("how", ["press", "type"])
def test_a_button_that_is_pressed_and_a_field_that_is_typed_in_keep_their_page(open_page: OpenPage, how: str) -> None:
    house = room_at_noon(2, 2, 2, slug="bistro")
    booking = due(house, 20, "T1", guest_name="Ada Lovelace")
    page = open_page(TODAY, user=host_of(house))
    held: list[Route] = []
    page.route("**/today/board/**", lambda route: held.append(route))
    with page.expect_request("**/today/board/**"):
        page.evaluate(LOOKS)
    other = due(house, 10, "T2", guest_name="Grace Hopper")

    if how == "type":
        page.keyboard.press("Control+k")
        expect(page.locator("#search-input-command")).to_be_focused()
    else:
        row(page, booking).get_by_role("button", name="Arrived").hover()
        page.mouse.down()
    answered = page.evaluate_handle(f"() => ({{ promise: ({ANSWERED})() }})")
    held[0].continue_()
    answered.evaluate("({ promise }) => promise")

    assert row(page, other).count() == 0
    assert not page.evaluate(LOOKS)
    page.unroute("**/today/board/**")
    if how == "type":
        page.keyboard.press("Escape")
    else:
        page.mouse.move(0, 0)
        page.mouse.up()
    expect(row(page, other)).to_be_visible(timeout=LIVE_MILLISECONDS)


def test_an_alert_is_not_said_again_while_its_words_are_the_same(open_page: OpenPage) -> None:
    house = room_at_noon(2, 2, slug="bistro")
    booking = due(house, 40, "T1", guest_name="Ada Lovelace")
    passed = ServiceDay.objects.filter(restaurant=house)
    passed.update(booked_covers=83, excess_covers=9, max_covers=80)
    page = open_page(TODAY, user=host_of(house))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("83 of 80, 3 overbooked")
    page.evaluate(HEARS_ALERTS)

    Booking.objects.update(guest_name="Lise Meitner", version=F("version") + 1)
    page.evaluate(LOOKS)
    expect(row(page, booking)).to_contain_text("Lise Meitner", timeout=LIVE_MILLISECONDS)
    expect(alert).to_contain_text("83 of 80")
    heard = page.evaluate("window.heard")
    passed.update(booked_covers=84)
    mark_arrived(booking_id=booking.pk)
    page.evaluate(LOOKS)
    expect(alert).to_contain_text("84 of 80", timeout=LIVE_MILLISECONDS)

    assert heard == []
    assert any("84 of 80" in words for words in page.evaluate("window.heard"))


def test_a_red_banner_never_stands_above_the_green_note_of_an_audit_before(open_page: OpenPage) -> None:
    house = room_at_noon(2, 2, slug="bistro")
    now = datetime.now(UTC)
    run = {"started_at": now, "finished_at": now}
    AuditRun.objects.create(**run, has_overbooking=False)
    page = open_page(f"{TODAY}?restaurant=bistro")
    note, banner = page.locator("#today-audit"), page.locator("#banner-audit")
    expect(note).to_contain_text("No overbooking in the audit of all restaurants")

    AuditRun.objects.create(
        **{**run, "finished_at": datetime.now(UTC)}, has_overbooking=True, overbookings=1, report={"overbookings": []}
    )
    due(house, 20)
    page.evaluate(LOOKS)

    expect(banner).to_contain_text("found 1 overbooking", timeout=LIVE_MILLISECONDS)
    assert note.count() == 0


def test_what_would_take_a_refused_party_stays_until_another_is_refused(open_page: OpenPage) -> None:
    house = room_at_noon(2, 4, slug="bistro")

    def refuse(party_size: int) -> None:
        with pytest.raises(CapacityExceeded):
            book(house, "15:00", party_size=party_size, **today_of(house))

    refuse(7)
    page = open_page(TODAY, user=host_of(house))
    answer = page.locator(".today-lever")
    page.get_by_role("button", name="What would take it?").click()
    expect(answer).not_to_be_empty()
    told = answer.inner_text()

    other = due(house, 20, "T1")
    page.evaluate(LOOKS)
    expect(row(page, other)).to_be_visible(timeout=LIVE_MILLISECONDS)
    assert answer.inner_text() == told
    refuse(8)
    page.evaluate(LOOKS)
    expect(page.get_by_label("Refused")).to_contain_text("No table, 15 covers", timeout=LIVE_MILLISECONDS)
    expect(answer).to_be_empty()


def test_a_page_whose_server_is_away_says_so_and_goes_on_when_it_answers(open_page: OpenPage) -> None:
    house = room_at_noon(2, 2, slug="bistro")
    page = open_page(TODAY, user=host_of(house), may_complain=True)
    lost = page.locator("#today-lost")
    expect(lost).to_be_hidden()

    page.route("**/today/board/**", lambda route: route.fulfill(status=503, body="away"))
    expect(lost).to_be_visible(timeout=LIVE_MILLISECONDS)
    page.unroute("**/today/board/**")

    other = due(house, 20, "T1", guest_name="Grace Hopper")
    expect(row(page, other)).to_be_visible(timeout=LIVE_MILLISECONDS)
    expect(lost).to_be_hidden()
