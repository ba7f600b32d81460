"""The timeline of an evening: what it shows, what it costs, and a move that is asked before it is one."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.admin.timeline.screen import make_board
from bookings.choices import OverrideSource, Role
from bookings.errors import CapacityExceeded
from bookings.models import Booking, CapacityOverride
from bookings.selectors.timeline import EveningTables, get_business_date, get_evening_tables
from bookings.services import assign_tables, block_tables, cancel_booking
from capacity.models import ServiceDay
from capacity.past import clock_at
from capacity.reasons import ReasonCode
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, member_of, text_of
from tests.helpers.dining_room import at_tables, book, everything_written, history, ids, pins, room, room_at_noon
from tests.helpers.factories import CapacityRuleFactory, days_ahead, open_restaurant
from tests.helpers.running_service import due, seated
from tests.helpers.timeline_evening import lively_evening

pytestmark = pytest.mark.django_db(transaction=True)

TIMELINE = "/admin/timeline/"
MONTH_AHEAD = f"{days_ahead()}"
# Session and user, restaurant and tag, settings and service days, authorised excesses, parties with tables and without,
# tables, blocks, refused requests; the page shows three banners and the count of the sidebar
# beside them.
QUERIES_OF_THE_BOARD = 12
QUERIES_OF_THE_PAGE = 17
# Session and user, restaurant, tag.
QUERIES_OF_A_LOOK = 4


def evening_of(restaurant: Restaurant, business_date: date | str = MONTH_AHEAD) -> str:
    return f"{TIMELINE}{restaurant.slug}/{business_date}/"


def tonight(restaurant: Restaurant) -> EveningTables:
    return get_evening_tables(restaurant_id=restaurant.pk, business_date=get_business_date(restaurant))


def look(client: Client, url: str, tag: str) -> Any:
    return client.get(f"{url}board/", headers={"if-none-match": tag})


def asked(booking: Booking, **to: Any) -> dict[str, Any]:
    """Return what the page sends for a move."""
    return {"expected_version": booking.version, **to}


def test_the_evening_stands_in_rows_with_every_status_in_words(admin_client: Client) -> None:
    house = lively_evening()

    shown = text_of(admin_client.get(f"{TIMELINE}{house.slug}/", follow=True))

    assert "Without a table" in shown
    assert re.search(r"Ada Lovelace , 2 timer_off Seated, 1[01] min over until \d\d:\d\d, T1", shown)
    assert re.search(r"Alan Turing , 2 alarm Late, 2[56] min", shown)
    assert re.search(r"Charles Babbage , 5 how_to_reg Arrived", shown)
    assert re.search(r"Emmy Noether , 2 event_available Confirmed keep , pinned", shown)
    assert re.search(r"Royal Society , 7 event_available Confirmed until \d\d:\d\d, T4 \+ T5", shown)
    assert "Blocked: wobbles" in shown
    assert "28 of 80 covers" in shown
    assert re.search(r"1 refused at \d\d:\d\d: Party of 8 at \d\d:\d\d", shown)


def test_who_delays_whom_is_said_in_a_sentence_and_drawn_at_the_table(admin_client: Client) -> None:
    house = room_at_noon(2, 2, slug="bistro")
    seated(house, 100, "T1", guest_name="Ada")
    waiting = due(house, -5, "T1", guest_name="Grace")

    board = admin_client.get(f"{TIMELINE}bistro/", follow=True).context["board"]

    (sentence,) = board.delays
    start = f"{waiting.starts_at.astimezone(house.zone):%H:%M}"
    assert re.fullmatch(
        r"Ada at T1 is 1[01] min over, Grace, party of 2, has waited for the table since "
        rf"{start}, T2 would take them\.",
        sentence,
    )
    (line,) = (placed for row in board.groups[0].rows for placed in row.row.stretches)
    assert (line.stretch.words, line.stretch.is_wait) == ("waits for Ada", True)


def test_limits_of_each_slot_stand_below_it(admin_client: Client) -> None:
    house = room(4, 4)
    CapacityRuleFactory(restaurant=house, pacing_covers=4, occupancy_parties=9)
    book(house, "19:00", party_size=4)
    book(house, "19:15", party_size=2)

    board = admin_client.get(evening_of(house)).context["board"]

    tracks = {(track.name, track.unit): track for track in board.footer.tracks}
    assert list(tracks) == [("Starting", "covers"), ("Present", "covers"), ("Present", "parties")]
    at = {cell.at: cell for cell in tracks["Starting", "covers"].cells}
    assert (at["19:00"].figures, at["19:00"].level) == ("4/4", "full")
    assert at["19:00"].sentence == "19:00: covers starting per slot 4 of 4, full"
    assert (at["19:15"].figures, at["19:15"].level) == ("2/4", "free")
    assert [cell.figures for cell in tracks["Present", "covers"].cells][7:10] == ["0", "4", "6"]
    assert [cell.figures for cell in tracks["Present", "parties"].cells][7:10] == ["0/9", "1/9", "2/9"]


def test_a_refused_request_is_a_mark_with_its_reason_and_what_would_take_it(admin_client: Client) -> None:
    house = room(4, 4)
    CapacityRuleFactory(restaurant=house, pacing_covers=4)
    book(house, "19:00", party_size=4)
    with pytest.raises(CapacityExceeded):
        book(house, "19:00", party_size=3)

    (mark,) = admin_client.get(evening_of(house)).context["board"].footer.marks
    panel = text_of(admin_client.get(f"{evening_of(house)}refused/", {"at": mark.key}))

    assert mark.at == "19:00"
    assert mark.sentence.startswith("Party of 3 at 19:00 (web, ")
    assert mark.sentence.endswith("covers starting per slot: 4 of 4, 3 asked")
    assert "Refused at 19:00 Party of 3, web: covers starting per slot: 4 of 4, 3 asked" in panel
    assert "What would make room, the smallest change first: 15 minutes earlier, at 18:45: T2" in panel


@pytest.mark.parametrize("query", ["", "?at=never", "?at=2027-01-01T19:00:00Z", "?at=9999-12-31T19:00:00Z"])
def test_no_refused_request_is_no_page(admin_client: Client, query: str) -> None:
    assert admin_client.get(f"{evening_of(room(4))}refused/{query}").status_code == 404


def test_two_parties_on_one_table_are_both_shown_with_a_warning() -> None:
    house = room_at_noon(2, 2)
    due(house, 30, "T1", guest_name="Ada")
    due(house, 60, "T2", guest_name="Grace")
    evening = tonight(house)
    (first, second) = evening.parties
    second = replace(second, rows=(second.rows[0]._replace(table_id=first.rows[0].table_id),))

    board = make_board(replace(evening, parties=(first, second)), [])

    assert [name.split(",")[0] for name in board.conflicts] == ["Ada", "Grace"]
    assert [bar.bar.line for row in board.groups[0].rows for bar in row.bars] == [2, 3]


def test_an_excess_that_somebody_authorised_differs_from_an_overbooking() -> None:
    house = room_at_noon(4)
    booking = due(house, 60, "T1", party_size=4)
    house.booking_slots.filter(starting_covers=4).update(pacing_covers=2, excess_pacing_covers=2)
    slot = house.booking_slots.get(starting_covers=4)

    (overbooked,) = (cell for cell in make_board(tonight(house), []).footer.tracks[0].cells if cell.use.excess)
    CapacityOverride.objects.create(
        restaurant=house,
        service_day=slot.service_day,
        slot_starts_at=slot.starts_at,
        booking=booking,
        limit=ReasonCode.PACING_COVERS,
        amount=2,
        source=OverrideSource.STAFF,
        reason="regulars",
    )
    (authorised,) = (cell for cell in make_board(tonight(house), []).footer.tracks[0].cells if cell.use.excess)

    assert (overbooked.level, authorised.level) == ("overbooked", "over")
    assert overbooked.sentence.endswith("covers starting per slot 4 of 2, 2 overbooked")
    assert authorised.sentence.endswith("covers starting per slot 4 of 2, 2 over the limit, authorised")


def test_a_house_that_seats_by_numbers_shows_its_parties_as_waiting(admin_client: Client) -> None:
    house = open_restaurant()
    book(house)

    board = admin_client.get(evening_of(house)).context["board"]

    assert [bar.booking.guest_name for bar in board.waiting] == ["Ann Lee"]
    assert board.groups == ()


def test_a_date_without_service_says_so(admin_client: Client) -> None:
    house = room(4)
    house.service_periods.update(weekdays=[])

    assert "No service on this date." in text_of(admin_client.get(evening_of(house)))


def test_a_party_of_the_evening_before_that_sits_on_is_shown_and_cut() -> None:
    house = room_at_noon(2)
    late = seated(house, 60, "T1")
    day = ServiceDay.objects.get(pk=late.service_day_id)

    tomorrow = get_evening_tables(restaurant_id=house.pk, business_date=day.business_date + timedelta(days=1))

    assert [party.booking for party in tonight(house).parties] == [late]
    assert tomorrow.parties == ()


# What it costs


@pytest.mark.parametrize("parties", [1, 12])
def test_the_queries_of_page_and_board_do_not_grow_with_the_evening(admin_client: Client, parties: int) -> None:
    house = room(*[2] * parties, *[4] * 3)
    for _ in range(parties):
        book(house)
        due(house, 30)
    block_tables(
        restaurant_id=house.pk,
        table_ids=ids(house, f"T{parties + 1}"),
        starts_at=datetime.combine(days_ahead(), datetime.min.time(), tzinfo=house.zone),
        ends_at=datetime.combine(days_ahead(), datetime.max.time(), tzinfo=house.zone),
        reason="wobbles",
    )

    assert count_queries(admin_client, evening_of(house)) == QUERIES_OF_THE_PAGE
    assert count_queries(admin_client, f"{evening_of(house)}board/") == QUERIES_OF_THE_BOARD


def test_a_look_at_an_evening_without_changes_is_not_modified(admin_client: Client) -> None:
    house = lively_evening()
    url = evening_of(house, get_business_date(house))

    with clock_at(datetime.now(UTC)):
        tag = admin_client.get(f"{url}board/")["ETag"]
        with CaptureQueriesContext(connection) as queries:
            answer = look(admin_client, url, tag)

    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    assert len(queries) == QUERIES_OF_A_LOOK


def test_a_look_of_a_host_asks_for_the_roles_and_for_nothing_else_that_was_given() -> None:
    house = room(2)
    client, url = member_of(house, role=Role.HOST), evening_of(house)

    with clock_at(datetime.now(UTC)):
        tag = client.get(f"{url}board/")["ETag"]
        with CaptureQueriesContext(connection) as queries:
            answer = look(client, url, tag)

    assert answer.status_code == 304
    assert len(queries) == QUERIES_OF_A_LOOK
    assert not any("auth_permission" in query["sql"] for query in queries)


def refuse(house: Restaurant) -> None:
    with pytest.raises(CapacityExceeded):
        book(house, party_size=8)


def correct_name(house: Restaurant) -> None:
    booking = house.bookings.get()
    booking.guest_name, booking.version = "Ann Leigh", booking.version + 1
    booking.save(update_fields=["guest_name", "version"])


def block(house: Restaurant) -> None:
    start = datetime.combine(days_ahead(), datetime.min.time(), tzinfo=house.zone) + timedelta(hours=18)
    block_tables(
        restaurant_id=house.pk,
        table_ids=ids(house, "T2"),
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        reason="x",
    )


@pytest.mark.parametrize(
    "change",
    [
        book,
        refuse,
        correct_name,
        block,
        lambda house: cancel_booking(booking_id=house.bookings.get().pk),
        lambda house: house.tables.filter(number="T2").update(number="T9"),
    ],
)
def test_whatever_is_written_is_seen_at_the_next_look(
    admin_client: Client, change: Callable[[Restaurant], None]
) -> None:
    house = room(4, 4, party_size_max=8)
    book(house)
    tag = admin_client.get(f"{evening_of(house)}board/")["ETag"]

    change(house)

    answer = look(admin_client, evening_of(house), tag)
    assert answer.status_code == 200
    assert answer["ETag"] != tag


# A move


def test_a_preview_says_what_a_move_would_do_and_writes_nothing(admin_client: Client) -> None:
    house = room(4, 4)
    first, second = book(house, party_size=4), book(house, party_size=4)
    before, versions = everything_written(house), list(house.service_days.values_list("version", flat=True))

    page = admin_client.post(f"{evening_of(house)}{first.pk}/preview/", asked(first, tables=ids(house, "T2")))

    shown = text_of(page)
    assert "Now T1, 19:00 to 20:30 (Etc/UTC) Then T2, 19:00 to 20:30" in shown
    assert f"To make room for them: {second.reference} moves from T2 to T1" in shown
    assert everything_written(house) == before
    assert list(house.service_days.values_list("version", flat=True)) == versions
    assert list(house.decisions.values_list("operation", flat=True)) == ["create", "create"]


def test_a_move_to_another_table_is_written_as_it_was_previewed(admin_client: Client) -> None:
    house = room(4, 4)
    first, second = book(house, party_size=4), book(house, party_size=4)

    page = admin_client.post(f"{evening_of(house)}{first.pk}/move/", asked(first, tables=ids(house, "T2")))

    assert (at_tables(first), at_tables(second), pins(first)) == (["T2"], ["T1"], {True})
    assert (page["HX-Retarget"], page["HX-Trigger"]) == ("#timeline-said", "timeline-moved")
    said = text_of(page)
    assert "Ann Lee, party of 4: T2, 19:00 to 20:30." in said
    assert f"{second.reference} moved from T2 to T1, to make room for {first.reference}." in said


def start_at(booking: Booking, minutes: int) -> str:
    return (booking.starts_at + timedelta(minutes=minutes)).isoformat()


def test_a_move_to_another_time_is_decided_as_a_change(admin_client: Client) -> None:
    house = room(4)
    booking = book(house)

    url = f"{evening_of(house)}{booking.pk}/"
    preview = text_of(admin_client.post(f"{url}preview/", asked(booking, starts_at=start_at(booking, 30))))
    admin_client.post(f"{url}move/", asked(booking, starts_at=start_at(booking, 30)))

    booking.refresh_from_db()
    assert "Then T1, 19:30 to 21:00" in preview
    assert f"{booking.wall_time:%H:%M}" == "19:30"
    assert history(booking) == ["created", "changed"]


def test_a_move_to_another_table_and_time_is_one_change(admin_client: Client) -> None:
    house = room(4, 4)
    booking = book(house)
    to = asked(booking, starts_at=start_at(booking, 45), tables=ids(house, "T2"))

    preview = text_of(admin_client.post(f"{evening_of(house)}{booking.pk}/preview/", to))
    admin_client.post(f"{evening_of(house)}{booking.pk}/move/", to)

    booking.refresh_from_db()
    assert "Then T2, 19:45 to 21:15" in preview
    assert (at_tables(booking), pins(booking), f"{booking.wall_time:%H:%M}") == (["T2"], {True}, "19:45")
    assert history(booking) == ["created", "changed"]


@pytest.mark.parametrize("step", ["preview", "move"])
def test_a_refused_move_says_every_reason_and_offers_other_starts(admin_client: Client, step: str) -> None:
    house = room(4, 4)
    CapacityRuleFactory(restaurant=house, pacing_covers=4)
    CapacityRuleFactory(restaurant=house, pacing_parties=1)
    booking = book(house, "18:00", party_size=3)
    book(house, "19:00", party_size=4)
    before = everything_written(house)

    page = admin_client.post(
        f"{evening_of(house)}{booking.pk}/{step}/", asked(booking, starts_at=start_at(booking, 60))
    )

    shown = text_of(page)
    assert "That cannot be done." in shown
    assert "covers starting per slot: 4 of 4 are taken and 3 more were asked" in shown
    assert "parties starting per slot: 1 of 1 are taken and 1 more were asked" in shown
    assert "18:45 instead" in shown
    assert "Move them" not in shown
    assert everything_written(house) == before


def test_a_move_to_a_table_that_cannot_be_cleared_names_who_is_there(admin_client: Client) -> None:
    house = room(4, 4)
    booking, other = book(house, "18:00"), book(house, "19:30")
    assign_tables(booking_id=other.pk, table_ids=ids(house, "T2"))

    to = asked(booking, starts_at=start_at(booking, 60), tables=ids(house, "T2"))
    shown = text_of(admin_client.post(f"{evening_of(house)}{booking.pk}/preview/", to))

    assert f"T2 is taken by {other.reference} until 21:00" in shown


@pytest.mark.parametrize("to", [{}, {"tables": ""}, {"starts_at": ""}])
def test_a_move_to_where_the_party_is_says_so(admin_client: Client, to: dict[str, str]) -> None:
    booking = book(room(4))

    page = admin_client.post(f"{evening_of(booking.restaurant)}{booking.pk}/preview/", asked(booking, **to))

    assert "The party is there already." in text_of(page)


@pytest.mark.parametrize(
    "to",
    [{"tables": "none"}, {"tables": "0"}, {"starts_at": "soon"}, {"starts_at": "9999-12-31T23:59:59Z"}],
)
def test_a_move_to_nowhere_is_refused_in_words(admin_client: Client, to: dict[str, str]) -> None:
    booking = book(room(4))

    page = admin_client.post(f"{evening_of(booking.restaurant)}{booking.pk}/preview/", asked(booking, **to))

    assert page.status_code == 200
    assert "That cannot be done." in text_of(page)


@pytest.mark.parametrize("step", ["preview", "move"])
def test_a_move_of_a_booking_that_somebody_changed_meanwhile_is_refused(admin_client: Client, step: str) -> None:
    house = room(4, 4)
    booking = book(house)
    to = asked(booking, tables=ids(house, "T2"))
    house.bookings.update(version=7)

    shown = text_of(admin_client.post(f"{evening_of(house)}{booking.pk}/{step}/", to))

    assert "Somebody changed this booking after you looked at it, so nothing was done." in shown
    assert at_tables(booking) == ["T1"]


# The panel


def test_the_panel_offers_what_the_booking_allows_and_leads_back(admin_client: Client) -> None:
    house = room_at_noon(2, 2, slug="bistro")
    booking = due(house, 30, "T1")
    url = f"{TIMELINE}bistro/{booking.business_date}/"

    panel = admin_client.get(f"{url}{booking.pk}/")
    offered = {each["operation"].name: each["url"] for each in panel.context["operations"]}
    done = admin_client.post(offered["arrive"], {"expected_version": booking.version})

    # Its start is off the grid of slots, which a person may keep.
    assert [name for name in offered if name != "keep"] == [
        *("arrive", "seat", "assign", "swap", "pin", "rebook", "correct", "cancel")
    ]
    assert done["Location"] == f"{url}#booking-{booking.pk}"
    booking.refresh_from_db()
    assert booking.status == "arrived"


# Who may look


def test_a_visitor_is_asked_to_sign_in() -> None:
    url = evening_of(room(4))

    assert Client().get(url)["Location"] == f"/admin/login/?next={url}"


@pytest.mark.parametrize("path", ["", "board/", "refused/"])
def test_staff_without_the_right_to_see_bookings_sees_nothing(path: str) -> None:
    evening = evening_of(room(4))

    assert client_with("tables.view_table").get(f"{evening}{path}").status_code == 403


def test_who_may_only_look_gets_no_way_to_change() -> None:
    booking = book(room(4))
    client = client_with("bookings.view_booking")
    url = f"{evening_of(booking.restaurant)}{booking.pk}/"

    panel = client.get(url)

    assert "Arrived" not in text_of(panel)
    assert "Move to table" not in text_of(panel)
    assert "data-may-move" not in client.get(evening_of(booking.restaurant)).content.decode()
    assert [client.post(f"{url}{step}/", asked(booking)).status_code for step in ("preview", "move")] == [403, 403]


@pytest.mark.parametrize("method", ["preview", "move"])
def test_a_move_is_no_link(admin_client: Client, method: str) -> None:
    booking = book(room(4))

    assert admin_client.get(f"{evening_of(booking.restaurant)}{booking.pk}/{method}/").status_code == 405


def test_a_booking_of_another_house_is_not_found(admin_client: Client) -> None:
    booking, house = book(room(4)), room(4)

    assert admin_client.get(f"{evening_of(house)}{booking.pk}/").status_code == 404
    assert admin_client.post(f"{evening_of(house)}{booking.pk}/move/", asked(booking)).status_code == 404


@pytest.mark.parametrize("day", ["2027-02-30", "1999-12-31", "2101-01-01"])
def test_a_date_that_no_service_has_is_not_found(admin_client: Client, day: str) -> None:
    assert admin_client.get(evening_of(room(4), day)).status_code == 404


@pytest.mark.parametrize("day", ["2000-01-01", "2100-12-31"])
def test_the_first_and_the_last_date_are_shown(admin_client: Client, day: str) -> None:
    assert admin_client.get(evening_of(room(4), day)).status_code == 200


def test_with_one_restaurant_the_entry_leads_to_its_evening(admin_client: Client) -> None:
    house = room_at_noon(2, slug="bistro")

    page = admin_client.get(TIMELINE, follow=True)

    today = f"{datetime.now(house.zone):%Y-%m-%d}"
    assert [url for url, _ in page.redirect_chain] == [f"{TIMELINE}bistro/", f"{TIMELINE}bistro/{today}/"]


def test_with_several_restaurants_the_entry_asks_for_one(admin_client: Client) -> None:
    room(2, name="Bistro"), room(2, name="Wine Bar")

    assert "Timeline Bistro Wine Bar" in text_of(admin_client.get(TIMELINE))


def test_after_midnight_the_evening_that_runs_is_shown_until_it_is_over() -> None:
    house = room_at_noon(2)
    due(house, 30, "T1")
    today = datetime.now(house.zone).date()
    house.service_days.update(business_date=today - timedelta(days=1))
    house.service_periods.update(start_time="16:00", last_seating="17:00", end_time="18:00")
    house = Restaurant.objects.get(pk=house.pk)

    assert get_business_date(house) == today - timedelta(days=1)

    house.service_days.update(ends_at=datetime.now(house.zone))
    assert get_business_date(house) == today
