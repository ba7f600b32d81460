"""Today of one restaurant: what a host looks at all evening; and the group page, a line for each of several."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.choices import Role
from bookings.errors import CapacityExceeded
from bookings.models import AuditRun, BookingEvent, Decision, TableAssignment
from bookings.services import mark_arrived, pause_online, pin_tables, roll_back_enforcement
from bookings.services.upkeep.deferral import defer_jobs
from capacity.models import ServiceDay
from capacity.past import clock_at
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, member_of, text_of
from tests.helpers.dining_room import book, pins
from tests.helpers.factories import (
    CapacityRuleFactory,
    TableFactory,
    days_ahead,
    open_restaurant,
)
from tests.helpers.job_workers import jobs
from tests.helpers.running_service import began, due, room_at_noon, seated

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = "/admin/"
BOARD = "/admin/today/board/"
# Session, user, roles; the date that runs, and the tag.
QUERIES_OF_A_LOOK = 5


@pytest.fixture
def house() -> Restaurant:
    """A house where it is noon, with a service from 09:00 to 18:00."""
    return room_at_noon(2, 2, 4, 4, name="Bistro", slug="bistro")


@pytest.fixture
def host(house: Restaurant) -> Client:
    return member_of(house, role=Role.HOST)


def parties_of(page: Any) -> dict[str, list[str]]:
    """Return the names of the parties by the heading of their list."""
    return {title: [party["booking"].guest_name for party in parties] for title, parties in page.context["groups"]}


def rows_at(house: Restaurant, page: Any) -> dict[str, str]:
    """Return the covers and the degree of each slot of the bar, by time."""
    return {
        cell["time"]: f"{cell['covers']} {cell['heat']}" for service in page.context["bar"] for cell in service["cells"]
    }


# Parties


def test_the_next_six_arrive_and_who_is_late_stands_apart(house: Restaurant, host: Client) -> None:
    for number in range(8):
        due(house, 10 + number, guest_name=f"Guest {number}")
    began(house, 25, guest_name="Alan Turing")
    # Within the grace of the house a party is not late yet.
    began(house, 1, guest_name="Mary Somerville")
    seated(house, 30, "T1", guest_name="Ada Lovelace")

    page = host.get(TODAY)

    assert parties_of(page) == {
        "Late": ["Alan Turing"],
        "Next arrivals": ["Mary Somerville", *(f"Guest {number}" for number in range(5))],
    }
    assert "10 to come 1 late 1 seated" in text_of(page)


def test_an_arrival_shows_tables_marks_and_one_tap_marks_it_arrived_and_leads_back(
    house: Restaurant, host: Client
) -> None:
    booking = due(house, 20, "T3", party_size=3, guest_name="Grace Hopper", allergies="nuts")

    page = host.get(TODAY)
    tap = re.search(rf'formaction="(/admin/bookings/booking/{booking.pk}/arrive/[^"]*)"', page.content.decode())
    assert tap is not None
    answer = host.post(tap[1], {"expected_version": booking.version})

    booking.refresh_from_db()
    assert "Grace Hopper , party of 3 T3" in text_of(page)
    assert "Allergies: nuts" in text_of(page)
    assert answer["Location"] == f"/admin/?restaurant=bistro&date={booking.business_date}"
    assert booking.status == "arrived"


def test_a_tap_on_what_somebody_changed_meanwhile_does_nothing_and_says_so(house: Restaurant, host: Client) -> None:
    booking = due(house, 20, "T3")
    pin_tables(booking_id=booking.pk)

    answer = host.post(f"/admin/bookings/booking/{booking.pk}/arrive/?today=1", {"expected_version": booking.version})

    assert "Somebody changed this booking after you looked at it" in text_of(answer)


def test_an_automatic_move_is_pinned_by_one_tap(house: Restaurant, host: Client) -> None:
    booking = due(house, 40, "T2", guest_name="Emmy Noether")
    moved = {"kind": "reseated", "restaurant": house, "booking": booking, "actor_label": "the planner"}
    for before, after in (("T1", "T3"), ("T3", "T2")):
        why = f"{before} -> {after}, to make room for a party of 4"
        BookingEvent.objects.create(from_value={"tables": [before]}, to_value={"tables": [after]}, reason=why, **moved)

    page = host.get(TODAY)
    host.post(f"/admin/bookings/booking/{booking.pk}/pin/?today=1", {"expected_version": booking.version})

    assert [move["said"] for move in page.context["moves"]] == ["T3 -> T2, to make room for a party of 4"]
    assert f"/admin/bookings/booking/{booking.pk}/pin/?today=1" in page.content.decode()
    assert pins(booking) == {True}
    assert f"/{booking.pk}/pin/" not in host.get(TODAY).content.decode()


def test_a_first_table_is_no_move(house: Restaurant, host: Client) -> None:
    booking = due(house, 40, "T2")
    BookingEvent.objects.create(
        kind="reseated", restaurant=house, booking=booking, from_value={"tables": []}, to_value={"tables": ["T2"]}
    )

    assert host.get(TODAY).context["moves"] == []


def test_a_party_past_its_time_names_who_comes_next(house: Restaurant, host: Client) -> None:
    over, after = seated(house, 100, "T1"), due(house, 30, "T1")

    page = text_of(host.get(TODAY))

    # A minute may begin on the way.
    assert re.search(rf"T1: {over.reference}, party of 2, 1[01] minutes over; next is {after.reference} at", page)


def test_refusals_stand_by_reason_once_however_often_asked_with_the_way_to_the_lever(
    house: Restaurant, host: Client
) -> None:
    CapacityRuleFactory(restaurant=house, pacing_covers=4)
    book(house, "12:00", party_size=4)
    for party_size in (3, 3, 2):
        with pytest.raises(CapacityExceeded):
            book(house, "12:00", party_size=party_size)

    page = host.get(TODAY, {"date": days_ahead().isoformat()})
    (refused,) = page.context["refused"]
    levers = host.get(refused["levers"])

    assert (refused["name"], refused["requests"], refused["covers"]) == ("covers starting per slot", 2, 5)
    assert refused["latest"] == Decision.objects.filter(verdict="refused").latest("pk")
    assert "Covers starting per slot , 5 covers Last: party of 2 at 12:00: covers starting per slot" in text_of(page)
    assert "What would make room, the smallest change first" in text_of(levers)


def test_two_parties_at_one_table_stand_in_red(house: Restaurant, host: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE booking_table_assignments DROP CONSTRAINT assignment_no_double_seating")
    try:
        first, _ = due(house, 30, "T1", guest_name="Ada Lovelace"), due(house, 60, "T1", guest_name="Grace Hopper")

        page = host.get(TODAY)

        said = "T1 is given to Ada Lovelace and to another party at the same time"
        assert f"Overbooked. {said}. View : {said} · Resolve : {said}" in text_of(page)
        assert f'href="/admin/bookings/booking/{first.pk}/assign/"' in page.content.decode()
    finally:
        TableAssignment.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE booking_table_assignments ADD CONSTRAINT assignment_no_double_seating "
                'EXCLUDE USING gist (table_id WITH =, "during" WITH &&)'
            )


# The day


def test_the_bar_of_the_evening_leads_to_the_slots_of_the_heatmap(house: Restaurant, host: Client) -> None:
    CapacityRuleFactory(restaurant=house, occupancy_covers=4)
    booking = book(house, "10:00", party_size=4)

    page = host.get(TODAY, {"date": days_ahead().isoformat()})

    rows = rows_at(house, page)
    assert (rows["09:45"], rows["10:00"], rows["11:15"], rows["11:30"]) == ("0 room", "4 full", "4 full", "0 room")
    slot = f"{booking.starts_at:%Y-%m-%dT%H%%3A%M%%3A%SZ}"
    address = (
        f"/admin/capacity/bookingslot/heatmap/?restaurant=bistro&amp;date={days_ahead()}&amp;view=day&amp;slot={slot}"
    )
    assert address in page.content.decode()
    assert "10:00 : 4 covers present, covers present 4 of 4, nearly full or full" in text_of(page)


def test_the_date_stands_in_the_address_with_links_around_it(house: Restaurant, host: Client) -> None:
    page = host.get(TODAY, {"restaurant": "bistro", "date": "2027-03-01"})

    assert "Monday 1 March 2027" in text_of(page)
    assert [link["url"] for link in page.context["dates"]] == [
        "/admin/?restaurant=bistro&date=2027-02-28",
        "/admin/?restaurant=bistro",
        "/admin/?restaurant=bistro&date=2027-03-02",
    ]


@pytest.mark.parametrize("asked", ["", "tomorrow", "2027-02-30", "9999-12-31", "0001-01-01", "\x00"])
def test_a_date_that_is_none_is_today(house: Restaurant, host: Client, asked: str) -> None:
    page = host.get(TODAY, {"date": asked})

    assert page.context["of"].day.business_date == datetime.now(UTC).astimezone(house.zone).date()


def test_a_period_without_tables_is_named_with_the_way_to_set_it(house: Restaurant) -> None:
    house.tables.all().delete()
    manager = member_of(house, role=Role.MANAGER)

    page = manager.get(TODAY)

    assert [each["url"] for each in page.context["missing"]] == [f"/admin/tables/table/add/?restaurant={house.pk}"]


def test_an_engineer_sees_the_numbers_and_no_guest(house: Restaurant) -> None:
    due(house, 20, "T1", guest_name="Ada Lovelace")

    page = text_of(member_of(house, role=Role.ENGINEER).get(TODAY))

    assert "Dinner" in page
    assert "Ada Lovelace" not in page
    assert "Next arrivals" not in page


def test_who_only_looks_has_no_buttons(house: Restaurant) -> None:
    due(house, 20, "T1")
    client = member_of(house)
    user = house.memberships.get().user
    user.user_permissions.add(Permission.objects.get(codename="view_booking"))

    page = client.get(TODAY).content.decode()

    assert "Next arrivals" in page
    assert "formaction" not in page
    assert "Pause online" not in page


def test_it_takes_as_many_queries_for_a_hundred_tables_and_bookings_as_for_few(house: Restaurant, host: Client) -> None:
    def fill(count: int) -> None:
        for number in range(count):
            table = TableFactory(restaurant=house, number=f"X{house.tables.count()}")
            booking = due(house, 20 + number % 60, table.number)
            began(house, 25 + number % 20)
            seated(house, 95 + number % 10)
            BookingEvent.objects.create(
                kind="reseated", restaurant=house, booking=booking, from_value={"tables": ["T1"]}
            )

    fill(3)
    few = count_queries(host, TODAY), count_queries(host, BOARD)
    fill(30)

    assert (count_queries(host, TODAY), count_queries(host, BOARD)) == few
    assert few == (29, 28)


# Going on by itself


def look(client: Client, tag: str = "", **query: str) -> Any:
    return client.get(BOARD, query, headers={"if-none-match": tag})


def words_of(board: Any) -> str:
    return text_of(board).replace("\xa0", " ")


def test_the_page_asks_for_its_own_board_with_its_restaurant_and_date(house: Restaurant, host: Client) -> None:
    today, other = host.get(TODAY), host.get(TODAY, {"date": "2027-03-01"})

    # Without a date it goes on to the next one by itself.
    assert today.context["board_url"] == f"{BOARD}?restaurant=bistro"
    assert other.context["board_url"] == f"{BOARD}?restaurant=bistro&date=2027-03-01"
    assert f'hx-get="{BOARD}?restaurant=bistro"' in today.content.decode()
    assert "Monday 1 March 2027" in text_of(host.get(other.context["board_url"]))


def test_the_board_shows_what_the_page_shows(house: Restaurant, host: Client) -> None:
    began(house, 25, guest_name="Alan Turing")
    due(house, 20, "T1", guest_name="Grace Hopper", allergies="nuts")
    seated(house, 100, "T2", guest_name="Ada Lovelace")

    with clock_at(datetime.now(UTC)):
        page, board = host.get(TODAY), look(host)

    assert board.status_code == 200
    assert page.context["entity_tag"] == board["ETag"]
    # The count of those to be decided stands in the sidebar of the page.
    assert text_of(board).removesuffix(" 2") in text_of(page)
    assert "Dinner" in text_of(board)
    assert parties_of(board) == {"Late": ["Alan Turing"], "Next arrivals": ["Grace Hopper"]}


def test_a_look_at_a_day_without_changes_is_not_modified(house: Restaurant, host: Client) -> None:
    due(house, 20, "T1")

    with clock_at(datetime.now(UTC)):
        tag = look(host)["ETag"]
        with CaptureQueriesContext(connection) as queries:
            answer = look(host, tag)

    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    assert len(queries) == QUERIES_OF_A_LOOK


def refuse(house: Restaurant) -> Decision:
    """Ask for more than any table takes at the start of the booking that is there."""
    beside = house.bookings.get()
    with pytest.raises(CapacityExceeded):
        book(house, f"{beside.wall_time:%H:%M}", party_size=8, business_date=beside.business_date)
    return Decision.objects.latest("pk")


def leave_to_be_decided(house: Restaurant) -> None:
    """Take no party so large any more, as a change of settings does."""
    Restaurant.objects.filter(pk=house.pk).update(party_size_max=1)
    ServiceDay.objects.filter(restaurant=house).update(version=F("version") + 1)


def pass_a_limit(house: Restaurant) -> None:
    passed = {"booked_covers": 83, "excess_covers": 3, "max_covers": 80, "version": F("version") + 1}
    ServiceDay.objects.filter(restaurant=house).update(**passed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda house: due(house, 30, guest_name="Emmy Noether"), "Emmy Noether , party of 2"),
        (lambda house: mark_arrived(booking_id=house.bookings.get().pk), "1 waiting for a table"),
        (refuse, "Refused requests for this date"),
        (pass_a_limit, "Overbooked. Dinner: covers per service 83 of 80, 3 overbooked"),
        (lambda house: pause_online(restaurant_id=house.pk, minutes=30, reason="Full house"), "Full house"),
        (lambda house: roll_back_enforcement(reason="Guests turned away"), "Enforcement is off"),
        (lambda house: Restaurant.objects.filter(pk=house.pk).update(name="Brasserie"), "Brasserie"),
        (leave_to_be_decided, "1 booking could not be made again as it is"),
    ],
    ids=["a booking", "an arrival", "a refusal", "a limit", "a pause", "the switch", "a name", "to be decided"],
)
def test_whatever_is_written_is_seen_at_the_next_look(
    house: Restaurant, host: Client, change: Callable[[Restaurant], object], said: str
) -> None:
    book(house, "15:00", business_date=datetime.now(house.zone).date())

    with clock_at(datetime.now(UTC)):
        before = look(host)
        change(house)
        after = look(host, before["ETag"])

    assert said not in words_of(before)
    assert after.status_code == 200
    assert said in words_of(after)


def test_what_the_minute_alone_changes_is_seen_at_the_next_look(house: Restaurant, host: Client) -> None:
    party = due(house, 1, "T1", guest_name="Alan Turing")
    late = party.starts_at + timedelta(minutes=house.grace_minutes + 1)

    with clock_at(party.starts_at):
        before = look(host)
    with clock_at(late):
        after = look(host, before["ETag"])

    assert parties_of(before) == {"Late": [], "Next arrivals": ["Alan Turing"]}
    assert parties_of(after) == {"Late": ["Alan Turing"], "Next arrivals": []}


@pytest.mark.usefixtures("empty_queue")
def test_the_verdict_of_an_audit_and_the_dead_jobs_change_in_one_answer(
    house: Restaurant, admin_client: Client
) -> None:
    """A red banner stands above no green note of the run before, nor the other way round."""
    at = datetime.now(UTC)
    run = {"started_at": at, "finished_at": at, "has_overbooking": False}
    AuditRun.objects.create(**run)
    before = look(admin_client, restaurant="bistro")
    AuditRun.objects.create(**{**run, "finished_at": at + timedelta(seconds=1), "has_overbooking": True})
    defer_jobs("prune", {})
    for status in ("doing", "failed"):
        jobs().update(status=status)

    with clock_at(at + timedelta(minutes=1)):
        after = look(admin_client, before["ETag"], restaurant="bistro")

    assert "No overbooking in the audit of all restaurants" in words_of(before)
    assert "Overbooking. The audit of all restaurants" in words_of(after)
    assert "No overbooking in the audit" not in words_of(after)
    assert "1 job failed for good." in words_of(after)


def test_the_board_shows_each_role_what_the_page_shows_it(house: Restaurant) -> None:
    due(house, 20, "T1", guest_name="Ada Lovelace")
    engineer, looker = look(member_of(house, role=Role.ENGINEER)), look(client_with("bookings.view_booking"))

    assert "Dinner" in text_of(engineer)
    assert "Ada Lovelace" not in text_of(engineer)
    assert "Ada Lovelace" in text_of(looker)
    assert "Dinner" not in text_of(looker)
    assert "formaction" not in looker.content.decode()
    assert client_with("tables.view_table").get(BOARD).status_code == 403


def test_there_is_no_board_of_the_restaurants_of_others(house: Restaurant, host: Client) -> None:
    open_restaurant(name="Bar", slug="bar")

    assert look(host, restaurant="bar").status_code == 404
    assert Client().get(BOARD)["Location"] == f"/admin/login/?next={BOARD}"


def test_the_board_of_several_restaurants_shows_what_their_page_shows(house: Restaurant) -> None:
    bar, other = open_restaurant(name="Bar", slug="bar"), open_restaurant(name="Cafe", slug="cafe")
    host = member_of(house, bar, role=Role.HOST)
    began(house, 25)

    page = host.get(TODAY)
    board = host.get(page.context["board_url"])

    assert page.context["board_url"] == f"{BOARD}?restaurant=all"
    # The count of those to be decided stands in the sidebar of the page.
    assert text_of(board).removesuffix(" 1") in text_of(page)
    assert "1 late" in text_of(board)
    assert other.name not in text_of(board)
    assert host.get(TODAY, {"q": "bar"}).context["board_url"] == f"{BOARD}?restaurant=all&q=bar"
    assert "Bistro" not in text_of(look(host, restaurant="all", q="bar"))


def test_the_lines_of_several_restaurants_are_sent_where_they_are_others(house: Restaurant) -> None:
    host = member_of(house, open_restaurant(name="Bar"), role=Role.HOST)

    with clock_at(datetime.now(UTC)):
        tag = look(host, restaurant="all")["ETag"]
        same = look(host, tag, restaurant="all")
        book(house, "15:00", party_size=3, business_date=datetime.now(house.zone).date())
        after = look(host, tag, restaurant="all")

    assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    assert after.status_code == 200
    assert "3 / no limit covers, 1 party" in text_of(after)


def test_every_row_has_a_key_of_its_own(house: Restaurant, host: Client) -> None:
    """The page turns an element into the one of its key: of two with one key one would get the state of the other."""
    own = book(house, "15:00", business_date=datetime.now(house.zone).date())
    BookingEvent.objects.create(
        kind="reseated", restaurant=house, booking=own, from_value={"tables": ["T1"]}, to_value={"tables": ["T3"]}
    )
    refused = refuse(house)
    over = seated(house, 100, "T1", "T2")
    pass_a_limit(house)

    keys = re.findall(r' id="([^"]+)"', look(host).content.decode())

    assert len(keys) == len(set(keys))
    assert {f"party-{own.pk}", f"moved-{own.pk}", f"refused-{refused.pk}", f"lever-{refused.pk}"} <= set(keys)
    assert {f"over-{over.pk}-T1", f"over-{over.pk}-T2"} <= set(keys)
    assert f"passed-{own.service_day_id}-service-SERVICE_COVERS" in keys


def test_the_count_in_the_sidebar_goes_with_the_bookings_to_be_decided(house: Restaurant, host: Client) -> None:
    book(house, "15:00", business_date=datetime.now(house.zone).date())
    none = host.get(TODAY)
    leave_to_be_decided(house)
    page, board = host.get(TODAY), look(host)

    def counts(answer: Any) -> list[str]:
        return re.findall(r'(?s)id="waiting-undecided"[^>]*>(?:\s*<span[^>]*>)?\s*(\d*)', answer.content.decode())

    assert (counts(none), counts(page), counts(board)) == ([""], ["1"], ["1"])


def test_what_was_asked_of_a_refusal_belongs_to_no_other(house: Restaurant, host: Client) -> None:
    book(house, "15:00", business_date=datetime.now(house.zone).date())
    first = refuse(house)
    before = look(host).content.decode()
    last = refuse(house)
    after = look(host).content.decode()

    assert f'id="lever-{first.pk}"' in before
    assert f'hx-target="#lever-{last.pk}"' in after
    assert f"lever-{first.pk}" not in after


# Several restaurants


def test_the_group_page_has_a_line_for_each_restaurant_with_what_wants_an_eye(house: Restaurant) -> None:
    other = open_restaurant(name="Bar", slug="bar")
    CapacityRuleFactory(restaurant=house, max_covers=40)
    # A party of four could not be made again, whatever the minute at which it began.
    Restaurant.objects.filter(pk=house.pk).update(party_size_max=3)
    began(house, 25, 4)
    seated(house, 100, "T1")
    other.service_periods.all().delete()
    host = member_of(house, other, role=Role.HOST)

    page = host.get(TODAY)
    bar, bistro = page.context["cards"]

    assert (bar["url"], bistro["url"]) == ("/admin/?restaurant=bar", "/admin/?restaurant=bistro")
    assert [badge["words"] for badge in bar["badges"]] == ["1 setting missing"]
    assert [badge["words"] for badge in bistro["badges"]] == ["1 late", "1 to be decided", "1 past their time"]
    assert "Dinner 6 / 40 covers, 2 parties" in text_of(page)
    assert "Ann Lee" not in text_of(page)


def test_the_group_page_shows_the_first_fifty_and_finds_the_others(admin_client: Client) -> None:
    for number in range(52):
        open_restaurant(name=f"House {number:02}", slug=f"house-{number:02}")

    page = admin_client.get(TODAY)
    found = admin_client.get(TODAY, {"restaurant": "all", "q": "house 51"})

    assert [card["at"].restaurant.name for card in page.context["cards"]] == [f"House {n:02}" for n in range(50)]
    assert "These are the first by name: search for the others." in text_of(page)
    assert [card["at"].restaurant.name for card in found.context["cards"]] == ["House 51"]
    assert "No restaurant is called so." in text_of(admin_client.get(TODAY, {"restaurant": "all", "q": "nobody"}))


def test_the_search_of_restaurants_finds_none_of_others(house: Restaurant, host: Client) -> None:
    open_restaurant(name="Xqz Bar", slug="xqz")

    assert "Xqz" not in text_of(host.get(TODAY, {"restaurant": "all", "q": "x"}))


def test_the_group_page_takes_as_many_queries_for_five_restaurants_as_for_two(admin_client: Client) -> None:
    def add() -> None:
        house = room_at_noon(2, 4)
        began(house, 25)
        seated(house, 100, "T1")

    for _ in range(2):
        add()
    few = count_queries(admin_client, TODAY)
    for _ in range(3):
        add()

    assert count_queries(admin_client, TODAY) == few
