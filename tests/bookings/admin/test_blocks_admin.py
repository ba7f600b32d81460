"""Blocks in the admin: a table or a section is kept free, and the screen says who sits elsewhere and who does not."""

from datetime import datetime, time, timedelta

import pytest
from django.contrib.admin.models import LogEntry

from bookings.models import TableAssignment
from bookings.services import GuestDetails, create_booking_with_capacity_check
from tables.models import TableBlock
from tests.helpers.admin_screens import client_with, confirmed, count_queries, form_of, messages_of, text_of
from tests.helpers.factories import RestaurantFactory, SectionFactory, TableFactory, days_ahead, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

BLOCKS = "/admin/tables/tableblock/"
SOON = days_ahead(2)


@pytest.fixture
def house():
    return open_restaurant(name="Bistro", tables=3, timezone="America/New_York")


def book(house, at=19, **values):
    request = {"business_date": SOON, "wall_time": time(at), "party_size": 2} | values
    return create_booking_with_capacity_check(
        restaurant_id=house.pk, guest=GuestDetails(name="Ada Lovelace"), **request
    ).booking


def block(house, number="T1", days=2, **columns):
    starts_at = datetime.combine(days_ahead(days), time(18), tzinfo=house.zone)
    row = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=4), "reason": "leak"} | columns
    return TableBlock.objects.create(restaurant=house, table=house.tables.get(number=number), **row)


def add(client, **values):
    page = client.get(f"{BLOCKS}add/")
    times = {
        "from_date": f"{SOON}",
        "from_time": "18:00",
        "until_date": f"{SOON}",
        "until_time": "22:00",
        "reason": "leak",
    }
    return confirmed(client, client.post(f"{BLOCKS}add/", form_of(page) | times | values, follow=True))


def errors_of(page):
    return page.context["adminform"].form.errors


def test_a_block_is_added_on_the_restaurants_clock_and_the_screen_says_who_moves(admin_client, admin_user, house):
    movable, pinned = book(house, 19), book(house, 21)
    pinned.assignments.update(pinned=True)

    page = add(admin_client, table=house.tables.get(number="T1").pk)

    assert page.redirect_chain == [(BLOCKS, 302)]
    row = TableBlock.objects.get()
    assert row.starts_at == datetime.combine(SOON, time(18), tzinfo=house.zone)
    assert row.ends_at == datetime.combine(SOON, time(22), tzinfo=house.zone)
    assert (row.table.number, row.reason, row.created_by) == ("T1", "leak", admin_user)
    assert movable.assignments.get().table.number == "T2"
    moved, left = (message for message in messages_of(page) if "<li>" in message)
    assert f"{movable.reference}</a> ({SOON:%a %-d %b} 19:00, 2 covers): T1 -> T2" in moved
    assert left.endswith("at T1: pinned to its table</li></ul>")
    assert LogEntry.objects.get().object_id == str(row.pk)


def test_a_section_is_blocked_as_a_whole(admin_client, house):
    patio = SectionFactory(restaurant=house, name="Patio")
    house.tables.filter(number__in=["T1", "T3"]).update(section=patio)

    page = add(admin_client, section=patio.pk)

    assert "2 tables are blocked: T1, T3." in messages_of(page)
    assert sorted(TableBlock.objects.values_list("table__number", flat=True)) == ["T1", "T3"]


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"until_time": "18:00"}, "until_time", "The end must be after the start."),
        (
            {"until_date": f"{SOON + timedelta(days=63)}"},
            "until_time",
            "At most 62 days. For longer, take the table out of service.",
        ),
        ({"from_date": "2026-01-05", "until_date": "2026-01-05"}, "until_time", "That time is over already."),
        ({"reason": " "}, "reason", "This field is required."),
        ({"from_date": ""}, "from_date", "This field is required."),
        ({"table": ""}, "table", "Choose a table or a section."),
    ],
)
def test_a_block_that_makes_no_sense_is_refused_at_its_field(admin_client, house, values, field, message):
    booking = book(house)

    page = add(admin_client, **({"table": house.tables.get(number="T1").pk} | values))

    assert page.status_code == 200
    assert errors_of(page) == {field: [message]}
    assert not TableBlock.objects.exists()
    assert booking.assignments.get().table.number == "T1"
    assert not LogEntry.objects.exists()


def test_a_table_and_a_section_at_once_are_refused(admin_client, house):
    section = SectionFactory(restaurant=house)

    page = add(admin_client, table=house.tables.get(number="T1").pk, section=section.pk)

    assert errors_of(page) == {"table": ["Choose a table or a section."]}


def test_a_section_without_tables_is_refused_at_its_field(admin_client, house):
    page = add(admin_client, section=SectionFactory(restaurant=house, name="Garden").pk)

    assert errors_of(page) == {"section": ["No tables stand in Garden."]}


def test_a_table_of_another_restaurant_is_refused_at_its_field(admin_client, house):
    stranger = TableFactory(restaurant=RestaurantFactory(name="Bar"), number="X1")

    page = add(admin_client, restaurant=house.pk, table=stranger.pk)

    assert errors_of(page) == {"table": ["Not of Bistro: X1."]}
    assert not TableBlock.objects.exists()


def test_a_second_click_adds_nothing_and_says_again_who_keeps_the_table(admin_client, house):
    book(house).assignments.update(pinned=True)
    values = {"table": house.tables.get(number="T1").pk}
    first = add(admin_client, **values)

    second = add(admin_client, **values)

    assert TableBlock.objects.count() == 1
    assert [each for each in messages_of(second) if "<li>" in each] == [
        each for each in messages_of(first) if "<li>" in each
    ]


def test_a_deleted_block_gives_its_table_back(admin_client, house):
    row = block(house)
    house.tables.exclude(number="T1").update(status="retired")
    url = f"{BLOCKS}{row.pk}/delete/"
    question = admin_client.get(url)
    assert "The table is given out again at once. Nobody is moved back." in text_of(question)

    page = admin_client.post(url, form_of(question), follow=True)

    assert page.redirect_chain == [(BLOCKS, 302)]
    assert not TableBlock.objects.exists()
    assert book(house).assignments.get().table.number == "T1"
    assert LogEntry.objects.get().object_id == str(row.pk)


def test_a_block_is_read_and_not_changed(admin_client, house):
    row = block(house)
    url = f"{BLOCKS}{row.pk}/change/"

    text = text_of(admin_client.get(url))

    day = f"{SOON:%a %-d %b}"
    assert f"{day}, 18:00" in text
    assert f"{day}, 22:00" in text
    assert admin_client.post(url, {"reason": "paint"}).status_code == 403
    assert TableBlock.objects.get().reason == "leak"


def test_the_list_shows_blocks_that_are_not_over_and_who_is_still_there(admin_client, house):
    booking = book(house)
    assert booking.assignments.get().table.number == "T1"
    coming, running = block(house), block(house, "T2", starts_at=datetime(2026, 1, 5, tzinfo=house.zone))
    over = block(house, "T3", days=-9)

    shown = {
        when: [each.pk for each in admin_client.get(f"{BLOCKS}{query}").context["cl"].result_list]
        for when, query in (("", ""), ("now", "?when=now"), ("over", "?when=over"), ("all", "?when=all"))
    }

    assert shown == {
        "": [running.pk, coming.pk],
        "now": [running.pk],
        "over": [over.pk],
        "all": [running.pk, over.pk, coming.pk],
    }
    rows = {each.pk: each.parties_there for each in admin_client.get(f"{BLOCKS}?when=all").context["cl"].result_list}
    assert rows == {coming.pk: 1, running.pk: 0, over.pk: 0}
    assert TableAssignment.objects.count() == 1


def test_the_list_takes_as_many_queries_for_ten_rows_as_for_two(admin_client, house):
    for days in (2, 3):
        block(house, days=days)
    few = count_queries(admin_client, BLOCKS)

    for days in range(4, 12):
        block(house, days=days)

    assert count_queries(admin_client, BLOCKS) == few


def test_a_user_who_may_only_look_adds_and_deletes_nothing(house):
    row = block(house)
    client = client_with("tables.view_tableblock")

    assert client.get(BLOCKS).status_code == 200
    assert client.get(f"{BLOCKS}{row.pk}/change/").status_code == 200
    assert client.get(f"{BLOCKS}add/").status_code == 403
    assert client.post(f"{BLOCKS}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert TableBlock.objects.exists()
    assert client_with("tables.view_table").get(BLOCKS).status_code == 403


def test_who_may_add_blocks_adds_one(house):
    client = client_with("tables.view_tableblock", "tables.add_tableblock")

    add(client, table=house.tables.get(number="T1").pk)

    assert TableBlock.objects.get().table.number == "T1"
