"""Restaurants, sections, tables and combinations in the admin."""

import re
from datetime import datetime, time, timedelta

import pytest
from django.contrib.admin.models import LogEntry

from bookings.models import TableAssignment
from bookings.services import GuestDetails, create_booking_with_capacity_check
from capacity.models import ServiceDay
from tables.models import Restaurant, Section, Table, TableBlock, TableCombination
from tests.helpers.admin_screens import client_with, confirmed, count_queries, form_of, messages_of, text_of
from tests.helpers.factories import (
    RestaurantFactory,
    SectionFactory,
    TableCombinationFactory,
    TableFactory,
    TurnTimeFactory,
    days_ahead,
    materialize,
    open_restaurant,
)

pytestmark = pytest.mark.django_db(transaction=True)

RESTAURANTS = "/admin/tables/restaurant/"
SECTIONS = "/admin/tables/section/"
TABLES = "/admin/tables/table/"
COMBINATIONS = "/admin/tables/tablecombination/"
SOON = days_ahead(2)


@pytest.fixture
def house():
    return open_restaurant(name="Bistro", tables=3)


def book(house, **values):
    """Book a table through the use case."""
    request = {"business_date": SOON, "wall_time": time(19), "party_size": 2} | values
    guest = GuestDetails(name="Ada Lovelace", email="ada@example.com", phone="+442079460000")
    return create_booking_with_capacity_check(restaurant_id=house.pk, guest=guest, **request).booking


def add(client, url, **values):
    return confirmed(client, client.post(f"{url}add/", form_of(client.get(f"{url}add/")) | values, follow=True))


def change(client, url, row, **values):
    page = f"{url}{row.pk}/change/"
    return confirmed(client, client.post(page, form_of(client.get(page)) | values, follow=True))


def test_tables_stand_in_the_order_of_their_numbers(admin_client, house):
    for number in ("T10", "T20", "Bar 2", "Bar 10"):
        TableFactory(restaurant=house, number=number)

    page = admin_client.get(TABLES)

    shown = [table.number for table in page.context["cl"].result_list]
    assert shown == ["Bar 2", "Bar 10", "T1", "T2", "T3", "T10", "T20"]


def test_a_table_without_a_largest_party_seats_as_many_as_it_has_seats(admin_client, house):
    page = add(admin_client, TABLES, number="T9", capacity="6")

    table = Table.objects.get(number="T9")
    assert page.redirect_chain == [(TABLES, 302)]
    assert (table.max_party_size, table.restaurant) == (6, house)
    assert table.audience == ["online", "in_house", "walk_in"]


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        (
            {"min_party_size": "5", "max_party_size": "4"},
            "max_party_size",
            "The largest party cannot be smaller than the smallest.",
        ),
        ({"min_party_size": "0"}, "min_party_size", "Ensure this value is greater than or equal to 1."),
        ({"capacity": "0"}, "capacity", "Ensure this value is greater than or equal to 1."),
        ({"capacity": "four"}, "capacity", "Enter a whole number."),
        ({"number": "T2"}, "number", "This restaurant has another table with the same number."),
        ({"audience": ["nobody"]}, "audience", "Select a valid choice. nobody is not one of the available choices."),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_at_its_field(admin_client, house, values, field, message):
    table = house.tables.get(number="T1")

    page = change(admin_client, TABLES, table, **values)

    assert page.status_code == 200
    assert page.context["adminform"].form.errors == {field: [message]}
    sent = form_of(page)
    assert {name: sent[name] for name in values if name != "audience"} == {
        name: [value] for name, value in values.items() if name != "audience"
    }
    table.refresh_from_db()
    assert (table.number, table.capacity, table.min_party_size) == ("T1", 4, 1)


def test_two_people_who_add_the_same_number_at_once_get_one_table_and_one_error(admin_client, house, monkeypatch):
    from bookings.services import save_settings_row

    def be_overtaken(*, row, **values):
        monkeypatch.undo()
        TableFactory(restaurant=house, number=row.number)
        return save_settings_row(row=row, **values)

    monkeypatch.setattr("bookings.admin.parts.settings_rows.save_settings_row", be_overtaken)

    page = add(admin_client, TABLES, number="T9", capacity="6")

    assert page.status_code == 200
    assert page.context["adminform"].form.errors == {
        "number": ["This restaurant has another table with the same number."]
    }
    assert Table.objects.filter(number="T9").count() == 1


def test_the_audience_is_checkboxes(admin_client, house):
    table = house.tables.get(number="T1")

    change(admin_client, TABLES, table, audience=["in_house", "walk_in"])

    table.refresh_from_db()
    assert table.audience == ["in_house", "walk_in"]
    assert form_of(admin_client.get(f"{TABLES}{table.pk}/change/"))["audience"] == ["in_house", "walk_in"]


def test_a_saved_table_raises_the_version_of_future_service_days(admin_client, house):
    (day,) = materialize(house, SOON)

    change(admin_client, TABLES, house.tables.get(number="T1"), capacity="8", max_party_size="8")

    assert ServiceDay.objects.get(pk=day.pk).version == day.version + 1


def test_a_table_with_future_assignments_cannot_be_deleted_and_the_screen_names_the_bookings(admin_client, house):
    booking, movable = book(house), book(house, wall_time=time(21))
    booking.assignments.update(pinned=True)
    table = booking.assignments.get().table
    assert movable.assignments.get().table == table
    url = f"{TABLES}{table.pk}/delete/"

    question, answer = admin_client.get(url), admin_client.post(url, {"post": "yes"})

    link = f'href="/admin/bookings/booking/{booking.pk}/change/">{booking.reference}</a>'
    assert f"The table “{table}” cannot be deleted." in text_of(question)
    assert link in question.content.decode()
    assert movable.reference not in text_of(question)
    assert answer.status_code == 200
    assert f"The table “{table}” was not deleted." in text_of(answer)
    assert link in answer.content.decode()
    assert Table.objects.filter(pk=table.pk).exists()
    assert TableAssignment.objects.filter(table=table).exists()
    assert not LogEntry.objects.exists()


def test_a_free_table_is_deleted(admin_client, house):
    table = house.tables.get(number="T3")
    question = admin_client.get(f"{TABLES}{table.pk}/delete/")

    page = admin_client.post(f"{TABLES}{table.pk}/delete/", form_of(question), follow=True)

    assert page.redirect_chain == [(TABLES, 302)]
    assert not Table.objects.filter(pk=table.pk).exists()
    assert LogEntry.objects.get().object_repr == "T3"


def test_a_table_with_parties_that_can_be_moved_is_deleted_and_the_screen_says_who_sits_where(admin_client, house):
    booking = book(house)
    url = f"{TABLES}{house.tables.get(number='T1').pk}/delete/"

    page = admin_client.post(url, form_of(admin_client.get(url)), follow=True)

    assert page.redirect_chain == [(TABLES, 302)]
    (said,) = [message for message in messages_of(page) if "another table" in message]
    assert f">{booking.reference}</a> ({SOON:%a %-d %b} 19:00, 2 covers): T1 -> T2</li>" in said


def test_a_table_taken_out_of_service_says_who_is_moved_and_who_still_sits_there(admin_client, house):
    booking, pinned = book(house), book(house, wall_time=time(21))
    pinned.assignments.update(pinned=True)

    page = change(admin_client, TABLES, house.tables.get(number="T1"), status="out_of_service")

    said = [message for message in messages_of(page) if "<li>" in message]
    assert [message.split(":<ul>")[0] for message in said] == [
        "1 booking has another table now",
        "1 booking keeps its table and waits for your decision",
    ]
    assert booking.reference in said[0]
    assert said[1].endswith(f"({SOON:%a %-d %b} 21:00, 2 covers) at T1: pinned to its table</li></ul>")
    assert house.tables.get(number="T1").status == "out_of_service"


def choose(client, action, *tables, **values):
    return client.post(TABLES, {"action": action, "_selected_action": [table.pk for table in tables]} | values)


def test_tables_are_taken_out_of_service_together_after_a_page_that_says_who_is_moved(admin_client, house):
    booking, pinned = book(house), book(house, wall_time=time(21))
    pinned.assignments.update(pinned=True)
    tables = house.tables.filter(number__in=["T1", "T2"]).order_by("number")

    question = choose(admin_client, "take_out_of_service", *tables)

    text = text_of(question)
    assert "Take T1, T2 out of service?" in text
    assert "1 booking keeps its table and waits for you. 1 booking gets another table." in text
    assert f"{booking.reference} {SOON:%a %-d %b %Y}, 19:00 2 {booking.guest_name} T1 T3" in text
    assert f"{SOON:%a %-d %b %Y}, 21:00 2 {pinned.reference} keeps T1: pinned to its table" in text
    assert booking.assignments.get().table.number == "T1"
    assert not house.tables.exclude(status="active").exists()

    page = admin_client.post(TABLES, form_of(question), follow=True)

    assert messages_of(page)[0] == "T1, T2: out of service."
    assert list(tables.values_list("status", flat=True)) == ["out_of_service"] * 2
    assert booking.assignments.get().table.number == "T3"
    assert booking.events.get(kind="reseated").reason == "T1 -> T3, T1, T2 are out of service"
    assert pinned.assignments.get().table.number == "T1"
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("action", "status"),
    [("retire", "retired"), ("take_out_of_service", "out_of_service"), ("return_to_service", "active")],
)
def test_an_action_gives_a_table_its_status_and_twice_is_once(admin_client, house, action, status):
    Table.objects.filter(number="T1").update(status="out_of_service" if status == "active" else "active")
    table = house.tables.get(number="T1")

    for _ in range(2):
        admin_client.post(TABLES, form_of(choose(admin_client, action, table)))

    table.refresh_from_db()
    assert table.status == status


def test_tables_of_two_restaurants_are_not_changed_together(admin_client, house):
    stranger = TableFactory()

    page = choose(admin_client, "retire", house.tables.get(number="T1"), stranger, confirmed="yes")

    assert page.status_code == 302
    assert "Choose tables of one restaurant." in text_of(admin_client.get(TABLES))
    assert not Table.objects.exclude(status="active").exists()


def test_the_list_of_tables_offers_no_delete_past_the_services(admin_client, house):
    page = choose(admin_client, "delete_selected", house.tables.get(number="T1"), post="yes")

    assert house.tables.count() == 3
    assert page.status_code == 302


def test_the_page_of_a_table_shows_its_combinations_and_its_blocks_from_now_on(admin_client, house):
    tables = list(house.tables.order_by("number"))
    TableCombinationFactory(restaurant=house, tables=tables[:2], min_party_size=5, max_party_size=8)
    for days, reason in ((3, "leak"), (-3, "paint")):
        starts_at = datetime.combine(days_ahead(days), time(17), tzinfo=house.zone)
        TableBlock.objects.create(
            restaurant=house,
            table=tables[0],
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=2),
            reason=reason,
        )

    text = text_of(admin_client.get(f"{TABLES}{tables[0].pk}/change/"))

    day = f"{days_ahead(3):%a %-d %b}"
    assert "T1 + T2 , 5 to 8" in text
    assert f"{day}, 17:00 to {day}, 19:00: leak" in text
    assert "paint" not in text
    assert "leak" not in text_of(admin_client.get(f"{TABLES}{tables[1].pk}/change/"))


def test_the_screens_of_a_combination_say_who_sits_there(admin_client, house):
    pair = list(house.tables.filter(number__in=["T1", "T2"]))
    TableCombinationFactory(restaurant=house, tables=pair, min_party_size=5, max_party_size=8)
    combination = TableCombinationFactory(
        restaurant=house, tables=house.tables.all(), min_party_size=9, max_party_size=12
    )
    alone, together = book(house, wall_time=time(17)), book(house, party_size=7)
    assert together.assignments.count() == 2

    page = text_of(admin_client.get(f"{COMBINATIONS}{house.combinations.get(min_party_size=5).pk}/change/"))

    assert f"{together.reference} ({SOON:%a %-d %b} 19:00, 7 covers)" in page
    assert alone.reference not in page
    assert together.reference not in text_of(admin_client.get(f"{COMBINATIONS}{combination.pk}/change/"))
    rows = admin_client.get(COMBINATIONS).context["cl"].result_list
    assert [len(row.coming) for row in rows] == [1, 0]


def test_minutes_without_reseating_are_set_on_the_page_of_the_restaurant(admin_client, house):
    page = admin_client.get(f"{RESTAURANTS}{house.pk}/change/")
    assert "Minutes without re-seating" in text_of(page)

    change(admin_client, RESTAURANTS, house, reseat_freeze_minutes="0")
    refused = change(admin_client, RESTAURANTS, house, reseat_freeze_minutes="1441")

    house.refresh_from_db()
    assert house.reseat_freeze_minutes == 0
    assert list(refused.context["adminform"].form.errors) == ["reseat_freeze_minutes"]


def test_a_section_with_tables_says_why_it_stays(admin_client, house):
    section = SectionFactory(restaurant=house, name="Window")
    TableFactory(restaurant=house, section=section)

    page = admin_client.post(f"{SECTIONS}{section.pk}/delete/", {"post": "yes"})

    assert page.status_code == 200
    assert "Other records refer to section Window" in text_of(page)
    assert Section.objects.filter(pk=section.pk).exists()


def test_a_table_cannot_stand_in_a_section_of_another_restaurant(admin_client, house):
    stranger = SectionFactory(name="Terrace")

    page = add(admin_client, TABLES, restaurant=house.pk, section=stranger.pk, number="T9", capacity="4")

    assert page.context["adminform"].form.errors == {"section": ["Not of Bistro: Terrace."]}


def test_the_restaurant_of_a_table_is_fixed(admin_client, house):
    other = RestaurantFactory()
    table = house.tables.get(number="T1")

    change(admin_client, TABLES, table, restaurant=other.pk, priority="3")

    table.refresh_from_db()
    assert (table.restaurant, table.priority) == (house, 3)


def test_a_combination_is_saved_with_its_tables(admin_client, house):
    first, second = house.tables.filter(number__in=["T1", "T2"])

    add(admin_client, COMBINATIONS, tables=[first.pk, second.pk], min_party_size="5", max_party_size="8")

    combination = TableCombination.objects.get()
    assert set(combination.tables.all()) == {first, second}
    assert "T1 + T2" in text_of(admin_client.get(COMBINATIONS))


def test_a_combination_cannot_take_tables_of_two_restaurants(admin_client, house):
    stranger = TableFactory(number="X1")

    page = add(
        admin_client,
        COMBINATIONS,
        restaurant=house.pk,
        tables=[house.tables.get(number="T1").pk, stranger.pk],
        min_party_size="5",
        max_party_size="8",
    )

    assert page.context["adminform"].form.errors == {"tables": ["Not of Bistro: X1."]}
    assert not TableCombination.objects.exists()


def test_a_restaurant_is_created_and_changed(admin_client):
    page = add(admin_client, RESTAURANTS, name="Bar", slug="bar", timezone="Europe/Lisbon", enforcement="shadow")
    restaurant = Restaurant.objects.get()
    assert page.redirect_chain == [(RESTAURANTS, 302)]

    change(admin_client, RESTAURANTS, restaurant, party_size_max="6")

    restaurant.refresh_from_db()
    assert (restaurant.enforcement, restaurant.party_size_max) == ("shadow", 6)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"timezone": "Europe/Atlantis"}, "timezone"),
        ({"slug": "bistro"}, "slug"),
        ({"party_size_min": "9"}, "party_size_max"),
        ({"slot_minutes": "4"}, "slot_minutes"),
        ({"slot_minutes": "241"}, "slot_minutes"),
    ],
)
def test_a_restaurant_that_makes_no_sense_is_refused_at_its_field(admin_client, values, field):
    RestaurantFactory(slug="bistro")

    page = add(admin_client, RESTAURANTS, **({"name": "Bar", "slug": "bar", "timezone": "Europe/Lisbon"} | values))

    assert page.status_code == 200
    assert list(page.context["adminform"].form.errors) == [field]
    assert Restaurant.objects.count() == 1


def test_a_restaurant_is_never_deleted(admin_client, house):
    assert admin_client.post(f"{RESTAURANTS}{house.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Restaurant.objects.filter(pk=house.pk).exists()


def test_the_page_of_a_restaurant_names_gaps_in_its_turn_times(admin_client, house):
    TurnTimeFactory(restaurant=house, up_to=4)

    page = admin_client.get(f"{RESTAURANTS}{house.pk}/change/")

    assert "Dinner: no turn time for parties of 5 to 8, so the default applies." in text_of(page)


ROWS = {
    RESTAURANTS: lambda house, n: open_restaurant(tables=2, name=f"House {n}"),
    SECTIONS: lambda house, n: SectionFactory(),
    TABLES: lambda house, n: TableFactory(section=SectionFactory()),
    COMBINATIONS: lambda house, n: TableCombinationFactory(restaurant=house, tables=list(house.tables.all())),
}


@pytest.mark.parametrize("url", ROWS)
def test_a_list_takes_as_many_queries_for_ten_rows_as_for_two(admin_client, house, url):
    for n in range(2):
        ROWS[url](house, n)
    few = count_queries(admin_client, url)

    for n in range(2, 10):
        ROWS[url](house, n)

    assert count_queries(admin_client, url) == few


@pytest.mark.parametrize("url", ROWS)
def test_every_screen_renders(admin_client, house, url):
    row = ROWS[url](house, 0)

    paths = ["", "add/", f"{row.pk}/change/", f"{row.pk}/history/"]
    paths += [f"{row.pk}/delete/"] if url != RESTAURANTS else []
    assert {path: admin_client.get(f"{url}{path}").status_code for path in paths} == dict.fromkeys(paths, 200)


def test_a_user_who_may_only_look_cannot_save(house):
    table = house.tables.get(number="T1")
    client = client_with("tables.view_table")

    assert client.get(f"{TABLES}{table.pk}/change/").status_code == 200
    assert client.post(f"{TABLES}{table.pk}/change/", {"number": "T9"}).status_code == 403
    assert client.get(RESTAURANTS).status_code == 403
    sidebar = client.get(TABLES).content.decode()
    assert re.findall(r'href="/admin/(\w+/\w+)/"', sidebar).count("tables/restaurant") == 0
