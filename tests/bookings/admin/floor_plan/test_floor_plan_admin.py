"""The floor plan of an evening: what it shows, what it costs, and an arrangement that is saved as a whole."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.admin.floor_plan.screen import make_plan
from bookings.models import TableAssignment
from bookings.selectors.timeline import get_evening_tables
from bookings.services import GuestDetails, TablePlace, assign_tables, block_tables, set_table_status
from capacity.past import clock_at
from tables.choices import TableStatus
from tables.models import Restaurant, Section
from tests.helpers.admin_screens import client_with, count_queries, form_of, messages_of, text_of
from tests.helpers.dining_room import book, ids, room, room_at_noon, table
from tests.helpers.factories import TableCombinationFactory, days_ahead
from tests.helpers.running_service import due, seated

pytestmark = pytest.mark.django_db(transaction=True)

FLOOR_PLAN = "/admin/floor-plan/"
MONTH_AHEAD = f"{days_ahead()}"
# As the timeline, and the tables that are out of service; the tag of the page is two queries.
QUERIES_OF_THE_BOARD = 14
QUERIES_OF_THE_PAGE = 19
# Session and user, restaurant, the two tags.
QUERIES_OF_A_LOOK = 5


def plan_of(restaurant: Restaurant, business_date: date | str = MONTH_AHEAD, page: str = "") -> str:
    return f"{FLOOR_PLAN}{page}?restaurant={restaurant.slug}&date={business_date}"


def plan(client: Client, restaurant: Restaurant, business_date: date | str = MONTH_AHEAD) -> Any:
    return client.get(plan_of(restaurant, business_date)).context["plan"]


def told(shown: Any, restaurant: Restaurant, number: str) -> list[tuple[str, str, list[str]]]:
    """Return the spans of a table: until when, what, and the guests of it and after it."""
    data = shown.data
    return [
        (until, kind, [data["parties"][each]["name"] for each in (key, *others) if each in data["parties"]])
        for _, _, until, kind, key, others in data["tables"][table(restaurant, number).pk]
    ]


def save(client: Client, restaurant: Restaurant, rows: Any) -> Any:
    body = rows if isinstance(rows, str) else json.dumps(rows)
    return client.post(plan_of(restaurant, page="places/"), {"places": body})


def named(name: str) -> GuestDetails:
    return GuestDetails(name, "guest@example.com", "+442071838750")


def row(restaurant: Restaurant, number: str, **to: Any) -> dict[str, Any]:
    """Return what the page sends for a table that it moves."""
    seen = vars(TablePlace.of(table(restaurant, number)))
    return {"table": table(restaurant, number).pk, "seen": seen, "wanted": {**seen, **to}}


# Who sits where


def test_each_table_says_who_has_it_when_and_until_when_it_is_free(admin_client: Client) -> None:
    house = room(2, 4)
    book(house, "19:00", guest=named("Ada"))
    book(house, "21:00", guest=named("Grace"))

    shown = plan(admin_client, house)

    assert told(shown, house, "T1") == [
        ("19:00", "free", ["Ada"]),
        ("20:30", "confirmed", ["Ada"]),
        ("21:00", "free", ["Grace"]),
        ("22:30", "confirmed", ["Grace"]),
        ("", "free", []),
    ]
    assert told(shown, house, "T2") == [("", "free", [])]


def test_the_moments_go_by_the_grid_of_starts_until_the_last_party_has_left(admin_client: Client) -> None:
    house = room(2)

    data = plan(admin_client, house).data

    # From 17:00, the last party stays from 21:30 until 23:00.
    assert data["stops"] == [900 * number for number in range(24)]
    assert (data["clocks"][0], data["clocks"][-1]) == ("17:00", "22:45")
    assert (data["now"], data["busiest"]) == (None, 0)


def test_an_evening_that_is_not_on_begins_where_most_tables_are_taken(admin_client: Client) -> None:
    house = room(2, 2)
    book(house, "18:00")
    book(house, "18:45")

    data = plan(admin_client, house).data

    assert data["clocks"][data["busiest"]] == "18:45"


def test_a_repeated_hour_is_passed_twice_and_no_stay_is_longer_than_it_is(admin_client: Client) -> None:
    house = room(2, timezone="Europe/London", max_days_ahead=3000)
    house.service_periods.update(start_time=time(22), last_seating=time(2), end_time=time(4))
    night = next_autumn_night()
    book(house, "23:30", business_date=night)

    data = plan(admin_client, house, night).data

    clocks = data["clocks"]
    assert clocks[clocks.index("00:45 BST") : clocks.index("01:15 GMT") + 1] == [
        *("00:45 BST", "01:00 BST", "01:15 BST", "01:30 BST", "01:45 BST", "01:00 GMT", "01:15 GMT"),
    ]
    (stay,) = (span for span in data["tables"][table(house, "T1").pk] if span[3] == "confirmed")
    assert (stay[1] - stay[0], stay[2]) == (90 * 60, "01:00 BST")


def next_autumn_night() -> date:
    """Return the Saturday before the clocks of London go back, of the next autumn that can be booked."""
    last = date(datetime.now(UTC).year + 1, 10, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7 + 1)


def test_a_combination_is_one_party_at_all_of_its_tables(admin_client: Client) -> None:
    house = room(2, 2)
    TableCombinationFactory(restaurant=house, tables=list(house.tables.all()), min_party_size=3, max_party_size=4)
    booking = book(house, party_size=4)

    shown = plan(admin_client, house)

    party = shown.data["parties"][booking.pk]
    assert (party["tables"], party["ids"]) == ("T1 + T2", ids(house, "T1", "T2"))
    assert party["url"] == f"/admin/bookings/booking/{booking.pk}/change/"
    assert told(shown, house, "T1") == told(shown, house, "T2")


def test_blocks_resets_and_tables_out_of_service_are_told_apart(admin_client: Client) -> None:
    house = room(2, 2, 2, buffer_minutes=15)
    assign_tables(booking_id=book(house, "19:00").pk, table_ids=ids(house, "T1"))
    start = datetime.combine(days_ahead(), time(18), tzinfo=house.zone)
    block_tables(
        restaurant_id=house.pk,
        table_ids=ids(house, "T2"),
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        reason="wobbles",
    )
    set_table_status(restaurant_id=house.pk, table_ids=ids(house, "T3"), status=TableStatus.OUT_OF_SERVICE)

    shown = plan(admin_client, house)

    assert [span[:2] for span in told(shown, house, "T1")] == [
        *(("19:00", "free"), ("20:30", "confirmed"), ("20:45", "reset"), ("", "free")),
    ]
    assert [span[:2] for span in told(shown, house, "T2")] == [("18:00", "free"), ("19:00", "blocked"), ("", "free")]
    assert list(shown.data["blocks"].values()) == ["wobbles"]
    assert told(shown, house, "T3") == [("", "out", [])]


def test_a_party_past_its_time_is_at_its_table_now_and_the_next_one_waits(admin_client: Client) -> None:
    house = room_at_noon(2)
    seated(house, 100, "T1", guest_name="Ada")
    due(house, -5, "T1", guest_name="Grace")

    data = plan(admin_client, house, "").data

    (now,) = (span for span in data["tables"][table(house, "T1").pk] if span[0] <= data["now"] < span[1])
    _, _, _, kind, key, others = now
    assert (kind, data["parties"][key]["name"]) == ("over", "Ada")
    assert [data["parties"][each]["name"] for each in others] == ["Grace"]


def test_two_parties_on_one_table_are_both_named() -> None:
    house = room(2, 2)
    book(house, guest=named("Ada"))
    book(house, guest=named("Grace"))
    evening = get_evening_tables(restaurant_id=house.pk, business_date=days_ahead())
    first, second = evening.parties
    second = replace(second, rows=(second.rows[0]._replace(table_id=first.rows[0].table_id),))

    shown = make_plan(replace(evening, parties=(first, second)), [])

    assert ("20:30", "conflict", ["Ada", "Grace"]) in told(shown, house, "T1")


def test_a_party_without_a_table_waits_beside_the_plan(admin_client: Client) -> None:
    house = room(2)
    booking = book(house)
    TableAssignment.objects.all().delete()

    party = plan(admin_client, house).data["parties"][booking.pk]

    assert (party["ids"], party["clocks"]) == ([], ["19:00", "20:30"])


def test_sections_stand_in_their_order_and_a_table_has_its_place(admin_client: Client) -> None:
    house = room(2, 4, 2)
    terrace, inside = (Section.objects.create(restaurant=house, name=name, position=at) for at, name in enumerate("BA"))
    house.tables.filter(number="T1").update(section=inside, x=80, y=180, shape="round", rotation=30)
    house.tables.filter(number="T2").update(section=terrace)

    rooms = plan(admin_client, house).rooms

    assert [(shown.room.section, shown.seats) for shown in rooms] == [("B", 4), ("A", 2), ("No section", 2)]
    (placed,) = rooms[1].room.tables
    assert (placed.x, placed.y, placed.width, placed.rotation) == (80, 180, 70, 30)


def test_a_retired_table_is_gone_from_the_plan(admin_client: Client) -> None:
    house = room(2, 2)
    house.tables.filter(number="T2").update(status=TableStatus.RETIRED)

    assert list(plan(admin_client, house).data["tables"]) == ids(house, "T1")


def test_a_date_without_service_and_a_house_without_tables_say_so(admin_client: Client) -> None:
    house = room()
    house.service_periods.update(weekdays=[])

    shown = text_of(admin_client.get(plan_of(house)))

    assert "No service on this date." in shown
    assert "There are no tables yet." in shown


# Its address


def test_with_several_restaurants_the_page_asks_for_one(admin_client: Client) -> None:
    house, other = room(2), room(2)

    page = text_of(admin_client.get(FLOOR_PLAN))

    assert house.name in page
    assert other.name in page
    assert admin_client.get(plan_of(house)).context["asked"].restaurant == house


@pytest.mark.parametrize("day", ["", "abc", "2026-02-30", "9999-12-31", "%00"])
def test_a_date_that_is_none_is_the_evening_that_runs_or_comes_next(admin_client: Client, day: str) -> None:
    house = room_at_noon(2)

    asked = admin_client.get(plan_of(house, day)).context["asked"]

    assert asked.business_date == datetime.now(house.zone).date()


@pytest.mark.parametrize("slug", ["abc", "%00", "x" * 300])
def test_an_unknown_restaurant_is_not_found(admin_client: Client, slug: str) -> None:
    room(2)

    assert admin_client.get(f"{FLOOR_PLAN}?restaurant={slug}").status_code == 404
    assert admin_client.get(f"{FLOOR_PLAN}board/?restaurant={slug}").status_code == 404
    assert admin_client.post(f"{FLOOR_PLAN}places/?restaurant={slug}").status_code == 404


@pytest.mark.parametrize(("day", "around"), [("2000-01-01", {"after"}), ("2100-12-31", {"before"})])
def test_the_first_and_the_last_date_have_no_neighbour(admin_client: Client, day: str, around: set[str]) -> None:
    assert set(admin_client.get(plan_of(room(2), day)).context["asked"].around) == around


# What it costs


@pytest.mark.parametrize("parties", [1, 12])
def test_the_queries_of_page_and_board_do_not_grow_with_the_evening(admin_client: Client, parties: int) -> None:
    house = room(*[2] * parties, *[4] * 3)
    house.tables.filter(number=f"T{parties + 2}").update(status=TableStatus.OUT_OF_SERVICE)
    for _ in range(parties):
        book(house)

    assert count_queries(admin_client, plan_of(house)) == QUERIES_OF_THE_PAGE
    assert count_queries(admin_client, plan_of(house, page="board/")) == QUERIES_OF_THE_BOARD


def look(client: Client, restaurant: Restaurant, tag: str) -> Any:
    return client.get(plan_of(restaurant, page="board/"), headers={"if-none-match": tag})


def test_a_look_at_an_evening_without_changes_is_not_modified(admin_client: Client) -> None:
    house = room(2)
    book(house)

    with clock_at(datetime.now(UTC)):
        tag = admin_client.get(plan_of(house, page="board/"))["ETag"]
        with CaptureQueriesContext(connection) as queries:
            answer = look(admin_client, house, tag)

    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    assert len(queries) == QUERIES_OF_A_LOOK


@pytest.mark.parametrize("change", [book, lambda house: house.tables.update(x=40, y=40)])
def test_a_booking_and_a_new_place_are_seen_at_the_next_look(
    admin_client: Client, change: Callable[[Restaurant], Any]
) -> None:
    house = room(2)
    book(house, "17:00")

    with clock_at(datetime.now(UTC)):
        tag = admin_client.get(plan_of(house, page="board/"))["ETag"]
        change(house)
        answer = look(admin_client, house, tag)

    assert answer.status_code == 200
    assert answer["ETag"] != tag


# An arrangement


def test_an_arrangement_is_saved_as_a_whole_and_each_table_tells_who_has_placed_it(
    admin_client: Client, admin_user: Any
) -> None:
    house = room(2, 2, 2)
    house.tables.filter(number="T2").update(x=10, y=10)

    answer = save(admin_client, house, [row(house, "T1", x=80, y=80, shape="round"), row(house, "T2", rotation=45)])

    assert (text_of(answer).strip(), answer["HX-Trigger"]) == ("2 tables saved.", "floor-plan-saved")
    assert TablePlace.of(table(house, "T1")) == TablePlace(80, 80, "round", None, None, 0)
    logged = LogEntry.objects.order_by("object_repr").values_list("user", "object_repr", "change_message")
    assert list(logged) == [
        (
            *(admin_user.pk, "T1"),
            "Floor plan: x by itself to 80, y by itself to 80, shape square to round.",
        ),
        (admin_user.pk, "T2", "Floor plan: rotation 0 to 45."),
    ]


def test_the_history_of_a_table_shows_it(admin_client: Client) -> None:
    house = room(2)
    save(admin_client, house, [row(house, "T1", x=80, y=80)])

    page = admin_client.get(f"/admin/tables/table/{table(house, 'T1').pk}/history/")

    assert "Floor plan: x by itself to 80, y by itself to 80." in text_of(page)


def test_a_save_after_another_names_the_tables_and_brings_their_places(admin_client: Client) -> None:
    house = room(2, 2)
    mine = [row(house, "T1", x=500, y=500), row(house, "T2", x=600, y=600)]
    save(admin_client, house, [row(house, "T1", x=80, y=80)])

    answer = save(admin_client, house, mine)

    assert "Somebody has placed T1 otherwise meanwhile, so nothing was saved." in text_of(answer)
    assert "HX-Trigger" not in answer
    theirs = answer.context["theirs"]
    assert theirs == {table(house, "T1").pk: vars(TablePlace(80, 80, "square", None, None, 0))}
    assert table(house, "T2").x is None


def test_who_may_not_change_tables_sees_the_plan_and_saves_none() -> None:
    house = room(2)
    host = client_with("bookings.view_booking")

    page = host.get(plan_of(house))
    answer = save(host, house, [row(house, "T1", x=80, y=80)])

    assert (page.status_code, page.context["may_arrange"]) == (200, False)
    assert "Save" not in text_of(page)
    assert (answer.status_code, table(house, "T1").x) == (403, None)


def test_who_may_not_see_bookings_sees_no_plan() -> None:
    house = room(2)
    client = client_with("tables.change_table")

    assert client.get(plan_of(house)).status_code == 403
    assert save(client, house, [row(house, "T1", x=80, y=80)]).status_code == 403


def wrong_place(**to: Any) -> list[dict[str, Any]]:
    place = {"x": 1, "y": 1, "shape": "round", "width": None, "depth": None, "rotation": 0, **to}
    return [{"table": 1, "seen": place, "wanted": place}]


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "null", "[]", "{}", "[1]", '[{"table": 1}]', "[" * 100_000, '[{"table": 1, "table": 2}]'),
        *(wrong_place(x=value) for value in ("1", 1.5, True, 10**30, [1], float("nan"))),
        *(wrong_place(shape=value) for value in (None, 1)),
        *(wrong_place(rotation=None), wrong_place(z=1), wrong_place() * 2),
        *([{**wrong_place()[0], "table": value}] for value in (None, "1", True, -(10**30))),
    ],
)
def test_a_body_that_is_no_plan_is_refused_in_words(admin_client: Client, body: Any) -> None:
    house = room(2)

    answer = save(admin_client, house, body)

    assert answer.status_code == 200
    assert "Not saved." in text_of(answer)
    assert table(house, "T1").x is None


def test_a_table_that_is_gone_is_said(admin_client: Client) -> None:
    house = room(2)
    gone = {**row(house, "T1", x=10, y=10), "table": 2**31 - 1}

    assert "A table is not there any more." in text_of(save(admin_client, house, [gone]))


def test_a_place_out_of_range_is_said(admin_client: Client) -> None:
    house = room(2)

    shown = text_of(save(admin_client, house, [row(house, "T1", width=5)]))

    assert "T1, width: Ensure this value is greater than or equal to 20." in shown


# The form of a table


def change_table(client: Client, house: Restaurant, **values: str) -> Any:
    url = f"/admin/tables/table/{table(house, 'T1').pk}/change/"
    return client.post(url, form_of(client.get(url)) | values, follow=True)


def test_the_form_of_a_table_places_it_without_a_change_of_settings(admin_client: Client) -> None:
    house = room(2)
    book(house)
    before = Restaurant.objects.get(pk=house.pk).settings_version

    page = change_table(admin_client, house, x="40", y="50", shape="rectangle", width="120", depth="80", rotation="90")

    assert page.status_code == 200
    assert TablePlace.of(table(house, "T1")) == TablePlace(40, 50, "rectangle", 120, 80, 90)
    assert Restaurant.objects.get(pk=house.pk).settings_version == before
    assert not [message for message in messages_of(page) if "service day" in message]


def test_the_form_saves_a_place_beside_a_setting(admin_client: Client) -> None:
    house = room(2)

    change_table(admin_client, house, x="40", y="50", priority="3")

    saved = table(house, "T1")
    assert (saved.x, saved.priority) == (40, 3)


@pytest.mark.parametrize(("name", "value"), [("width", "5"), ("depth", "2001"), ("rotation", "360"), ("x", "1000001")])
def test_the_form_refuses_a_place_out_of_range(admin_client: Client, name: str, value: str) -> None:
    house = room(2)

    page = change_table(admin_client, house, **{name: value})

    assert "Ensure this value is" in text_of(page)
    assert TablePlace.of(table(house, "T1")) == TablePlace(None, None, "square", None, None, 0)
