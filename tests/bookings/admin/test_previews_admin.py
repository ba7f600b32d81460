"""Before a change of settings is saved: what follows from it, then saved exactly so, or shown anew."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.choices import Role
from bookings.models import Booking, BookingEvent, CapacityOverride
from bookings.services import ASKING, ChangeUnconfirmed, GuestDetails, block_tables, save_settings_row
from capacity.models import BookingSlot, CapacityRule, Closure, ServiceDay, ServicePeriod, TurnTime
from tables.models import Restaurant, Table, TableBlock, TableCombination
from tests.helpers.admin_screens import client_with, form_of, messages_of, text_of, user_of
from tests.helpers.dining_room import at_tables, book, room, table
from tests.helpers.factories import (
    CapacityRuleFactory,
    MembershipFactory,
    RestaurantFactory,
    TableCombinationFactory,
    days_ahead,
)

pytestmark = pytest.mark.django_db(transaction=True)

RULES, PERIODS = "/admin/capacity/capacityrule/", "/admin/capacity/serviceperiod/"
CLOSURES, TURNS = "/admin/capacity/closure/", "/admin/capacity/turntime/"
TABLES, COMBINATIONS = "/admin/tables/table/", "/admin/tables/tablecombination/"
BLOCKS, SECTIONS = "/admin/tables/tableblock/", "/admin/tables/section/"
SOON = days_ahead()
WHEN = f"{SOON:%a %-d %b %Y}"


def add(client: Client, url: str, **values: Any) -> Any:
    return client.post(f"{url}add/", form_of(client.get(f"{url}add/")) | values)


def change(client: Client, url: str, row: Any, **values: Any) -> Any:
    page = f"{url}{row.pk}/change/"
    return client.post(page, form_of(client.get(page)) | values)


def again(client: Client, page: Any, **values: Any) -> Any:
    """Send the form of a preview once more."""
    return client.post(page.request["PATH_INFO"], form_of(page) | values)


def rows_of(page: Any, title: str) -> list[list[str]]:
    """Return the rows of a table of the preview, without markup."""
    (found,) = [shown for shown in page.context["tables"] if shown["title"].startswith(title)]
    return [[text_of_cell(cell) for cell in row] for row in found["rows"]]


def text_of_cell(cell: Any) -> str:
    return str(cell).split(">", 1)[1].rsplit("<", 1)[0] if str(cell).startswith("<") else str(cell)


def limits_of(page: Any) -> list[list[str]]:
    return rows_of(page, "Limits")


def calls_of(page: Any) -> list[list[str]]:
    return rows_of(page, "Guests to call")


def version_of(house: Restaurant) -> Any:
    return Restaurant.objects.get(pk=house.pk).settings_version


def state() -> tuple[Any, ...]:
    """Return what a preview must leave alone: settings, days, slots, overrides, history and the admin's log."""
    return (
        sorted(Restaurant.objects.values_list("pk", "settings_version")),
        sorted(ServiceDay.objects.values_list("pk", "version", "max_covers", "excess_covers")),
        sorted(BookingSlot.objects.values_list("pk", "version", "pacing_covers", "bookable")),
        *(model.objects.count() for model in (CapacityOverride, BookingEvent, LogEntry, CapacityRule, TableBlock)),
    )


@pytest.fixture
def house() -> Restaurant:
    """A restaurant with T1 and T2 for two and T3 for four, and Dinner a month ahead, without limits."""
    return room(2, 2, 4, name="Bistro")


# A limit


def test_a_lower_limit_shows_the_change_and_the_last_made_above_it_and_saves_nothing(
    admin_client: Client, house: Restaurant
) -> None:
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)
    first, last = book(house, "18:00", 2), book(house, "17:00", 2)
    before = state()

    page = change(admin_client, RULES, rule, max_covers="3")

    assert page.status_code == 200
    assert state() == before
    assert limits_of(page) == [["Dinner", WHEN, "whole service", "covers per service", "40", "3", "1"]]
    assert calls_of(page) == [
        ["Ann Lee", "+442071838750", f"{WHEN}, 17:00", "2", last.reference, "over the limit: covers per service"]
    ]
    assert first.reference not in text_of(page)
    assert page.context["summary"] == [
        "Limits or start times change on 1 date.",
        "1 booking is over the new limit.",
    ]


def test_what_was_shown_is_saved_by_the_second_click_and_logged_once(admin_client: Client, house: Restaurant) -> None:
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)
    book(house), book(house)

    saved = again(admin_client, change(admin_client, RULES, rule, max_covers="3"))

    assert (saved.status_code, saved["Location"]) == (302, RULES)
    day = ServiceDay.objects.get()
    assert (day.max_covers, day.booked_covers, day.excess_covers) == (3, 4, 1)
    assert [(entry.object_id, entry.change_message) for entry in LogEntry.objects.all()] == [
        (str(rule.pk), "Covers per service: 40 to 3.")
    ]


def test_a_limit_at_what_is_booked_calls_nobody_and_one_below_calls_one(
    admin_client: Client, house: Restaurant
) -> None:
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)
    book(house), book(house)

    full, over = (change(admin_client, RULES, rule, max_covers=covers) for covers in ("4", "3"))

    assert (len(calls_of(full)), len(calls_of(over))) == (0, 1)


def test_a_booking_above_several_limits_is_called_once_with_all_of_them(
    admin_client: Client, house: Restaurant
) -> None:
    book(house, "19:00")
    last = book(house, "19:00")

    page = add(admin_client, RULES, pacing_parties="1", occupancy_covers="2")

    assert [(row[4], row[-1]) for row in calls_of(page)] == [
        (last.reference, "over the limit: parties starting per slot, covers present")
    ]
    assert ["Dinner", WHEN, "17:00 to 21:30", "covers present", "no limit", "2", "1"] in limits_of(page)


def test_a_limit_of_some_starts_names_these_and_both_its_weekdays(admin_client: Client, house: Restaurant) -> None:
    for days in (0, 1):
        book(house, business_date=SOON + timedelta(days=days))

    page = add(admin_client, RULES, from_time="19:00", to_time="19:30", pacing_covers="12")

    (row,) = limits_of(page)
    assert row[2:] == ["19:00 to 19:15", "covers starting per slot", "no limit", "12", "2"]
    assert sorted(row[1].split()) == sorted(f"{SOON + timedelta(days=days):%a}" for days in (0, 1))


# Going back, and the world that moves on


def test_the_way_back_is_the_form_as_it_was_filled_in(admin_client: Client, house: Restaurant) -> None:
    book(house)
    before = state()

    page = again(admin_client, add(admin_client, RULES, max_covers="3", note="Quiet"), _edit="yes")

    assert page.status_code == 200
    assert state() == before
    sent = form_of(page)
    assert (sent["max_covers"], sent["note"]) == (["3"], ["Quiet"])
    assert messages_of(page) == ["Nothing was saved. What you had filled in is still here."]
    assert "errornote" not in page.content.decode()


def test_a_booking_after_the_preview_refuses_the_save_and_shows_what_follows_now(
    admin_client: Client, house: Restaurant
) -> None:
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)
    book(house)
    shown = change(admin_client, RULES, rule, max_covers="2")
    late = book(house)
    before = state()

    page = again(admin_client, shown)

    assert page.status_code == 200
    assert state() == before
    assert "Bookings or settings have changed since you looked." in text_of(page)
    assert [row[4] for row in calls_of(page)] == [late.reference]
    assert again(admin_client, page).status_code == 302
    assert ServiceDay.objects.get().max_covers == 2


def test_another_setting_after_the_preview_refuses_the_save(admin_client: Client, house: Restaurant) -> None:
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)
    book(house)
    shown = change(admin_client, RULES, rule, max_covers="10")
    save_settings_row(row=CapacityRule(restaurant=house, pacing_covers=9))

    page = again(admin_client, shown)

    assert "Bookings or settings have changed since you looked." in text_of(page)
    assert ServiceDay.objects.get().max_covers == 40


def test_a_booking_on_a_date_that_is_not_concerned_lets_the_change_be_saved(
    admin_client: Client, house: Restaurant
) -> None:
    book(house)
    shown = add(admin_client, RULES, from_date=f"{SOON}", max_covers="10")
    book(house, business_date=SOON + timedelta(days=1))

    assert again(admin_client, shown).status_code == 302


def test_a_row_that_somebody_else_changed_after_the_preview_is_refused_at_its_form(
    admin_client: Client, house: Restaurant
) -> None:
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)
    book(house)
    shown = change(admin_client, RULES, rule, max_covers="10")
    CapacityRule.objects.update(max_covers=30)

    page = again(admin_client, shown)

    assert "Somebody else changed this capacity rule after you opened it." in text_of(page)
    assert CapacityRule.objects.get().max_covers == 30


def test_a_made_up_fingerprint_saves_nothing(admin_client: Client, house: Restaurant) -> None:
    book(house)
    before = state()

    page = again(admin_client, add(admin_client, RULES, max_covers="1"), _confirmed="0" * 32)

    assert (page.status_code, state()) == (200, before)


# What never asks


@pytest.mark.parametrize(
    ("url", "values"),
    [
        (TABLES, {"number": "T9", "capacity": "4"}),
        (SECTIONS, {"name": "Terrace"}),
        (TURNS, {"up_to": "8", "minutes": "150"}),
        (CLOSURES, {"from_date": f"{SOON}", "from_time": "17:00", "to_time": "18:00"}),
    ],
)
def test_what_nothing_follows_from_is_saved_at_once(
    admin_client: Client, house: Restaurant, url: str, values: dict[str, str]
) -> None:
    book(house, "19:00")

    assert add(admin_client, url, **values).status_code == 302


def test_a_table_is_renamed_and_a_limit_said_again_by_one_click(admin_client: Client, house: Restaurant) -> None:
    CapacityRuleFactory(restaurant=house, max_covers=40)
    book(house)

    renamed = change(admin_client, TABLES, table(house, "T1"), number="Window")
    alike = add(admin_client, RULES, max_covers="40", note="The same number")

    assert (renamed.status_code, alike.status_code) == (302, 302)


def test_a_limit_where_no_service_day_is_there_is_saved_at_once(admin_client: Client) -> None:
    RestaurantFactory()

    assert add(admin_client, RULES, max_covers="3").status_code == 302


# The other settings


def test_shorter_hours_show_the_starts_that_go_and_who_has_to_be_called(
    admin_client: Client, house: Restaurant
) -> None:
    late = book(house, "21:15")

    page = change(admin_client, PERIODS, house.service_periods.get(), last_seating="20:45")

    assert limits_of(page) == [["Dinner", WHEN, "21:00 to 21:30", "start times", "offered", "not offered", "1"]]
    (call,) = calls_of(page)
    assert call[:5] == ["Ann Lee", "+442071838750", f"{WHEN}, 21:15", "2", late.reference]
    assert again(admin_client, page).status_code == 302
    assert ServicePeriod.objects.get().last_seating == time(20, 45)
    assert Booking.objects.get().status == "confirmed"


def test_a_closure_names_the_bookings_inside(admin_client: Client, house: Restaurant) -> None:
    inside = book(house, "19:00")
    book(house, "21:00")

    page = add(admin_client, CLOSURES, from_date=f"{SOON}", from_time="18:00", to_time="20:00")

    assert [row[4] for row in calls_of(page)] == [inside.reference]
    assert page.context["summary"] == ["1 booking waits for your decision."]
    assert not Closure.objects.exists()
    assert again(admin_client, page).status_code == 302
    assert Closure.objects.count() == 1


def test_a_table_out_of_service_shows_from_where_to_where_its_party_moves(
    admin_client: Client, house: Restaurant
) -> None:
    booking = book(house)
    assert at_tables(booking) == ["T1"]

    page = change(admin_client, TABLES, table(house, "T1"), status="out_of_service")

    assert rows_of(page, "Bookings that get other tables") == [
        [booking.reference, f"{WHEN}, 19:00", "2", "Ann Lee", "T1", "T2"]
    ]
    assert at_tables(booking) == ["T1"]
    assert again(admin_client, page).status_code == 302
    assert at_tables(booking) == ["T2"]


def test_a_combination_of_fewer_guests_names_the_party_that_no_other_table_takes(
    admin_client: Client, house: Restaurant
) -> None:
    combination = TableCombinationFactory(
        restaurant=house, tables=[table(house, "T1"), table(house, "T3")], min_party_size=5, max_party_size=6
    )
    party = book(house, party_size=6)
    assert at_tables(party) == ["T1", "T3"]

    page = change(admin_client, COMBINATIONS, combination, max_party_size="5")

    assert [row[4] for row in calls_of(page)] == [party.reference]
    assert TableCombination.objects.get().max_party_size == 6
    assert again(admin_client, page).status_code == 302
    assert TableCombination.objects.get().max_party_size == 5
    assert at_tables(party) == ["T1", "T3"]


def test_a_block_shows_who_moves_and_is_refused_where_somebody_came_in_between(
    admin_client: Client, house: Restaurant
) -> None:
    booking = book(house)
    times = {"from_date": f"{SOON}", "from_time": "18:00", "until_date": f"{SOON}", "until_time": "22:00"}
    page = add(admin_client, BLOCKS, table=table(house, "T1").pk, reason="A leak", **times)
    assert [row[-2:] for row in rows_of(page, "Bookings that get other tables")] == [["T1", "T2"]]
    assert not TableBlock.objects.exists()
    book(house, "19:00", 2)

    anew = again(admin_client, page)

    assert "Bookings or settings have changed since you looked." in text_of(anew)
    assert [row[-2:] for row in rows_of(anew, "Bookings that get other tables")] == [["T1", "T3"]]
    assert at_tables(booking) == ["T1"]
    assert again(admin_client, anew).status_code == 302
    assert at_tables(booking) == ["T3"]
    assert TableBlock.objects.get().reason == "A leak"


def test_a_delete_shows_on_its_own_page_what_follows_and_takes_one_click(
    admin_client: Client, house: Restaurant
) -> None:
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)
    book(house)
    before = state()

    page = admin_client.get(f"{RULES}{rule.pk}/delete/")

    assert limits_of(page) == [["Dinner", WHEN, "whole service", "covers per service", "40", "no limit", "1"]]
    assert state() == before
    assert again(admin_client, page).status_code == 302
    assert not CapacityRule.objects.exists()


def test_a_delete_is_refused_where_a_booking_came_in_between(admin_client: Client, house: Restaurant) -> None:
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)
    book(house)
    page = admin_client.get(f"{RULES}{rule.pk}/delete/")
    book(house)

    anew = again(admin_client, page)

    assert "Bookings or settings have changed since you looked." in text_of(anew)
    assert CapacityRule.objects.exists()
    assert again(admin_client, anew).status_code == 302
    assert not CapacityRule.objects.exists()


def test_tables_chosen_in_the_list_are_refused_where_a_booking_came_in_between(
    admin_client: Client, house: Restaurant
) -> None:
    booking = book(house)
    chosen = {"action": "take_out_of_service", "_selected_action": [table(house, "T1").pk]}
    page = admin_client.post(TABLES, chosen)
    book(house)

    anew = again(admin_client, page)

    assert "Bookings or settings have changed since you looked." in text_of(anew)
    assert Table.objects.get(number="T1").status == "active"
    assert at_tables(booking) == ["T1"]
    again(admin_client, anew)
    assert (Table.objects.get(number="T1").status, at_tables(booking)) == ("out_of_service", ["T3"])


# The guests to call


def test_the_guests_to_call_are_a_file_that_no_spreadsheet_runs_and_nothing_is_saved(
    admin_client: Client, house: Restaurant
) -> None:
    late = book(house, "21:15", guest=GuestDetails("=1+1", "ann@example.com", "+442071838750"))
    page = change(admin_client, PERIODS, house.service_periods.get(), last_seating="20:45")
    before = state()

    file = again(admin_client, page, _calls="csv")

    head, line = b"".join(file.streaming_content).decode().splitlines()
    assert head == "date,time,name,phone,covers,booking,why"
    assert line.startswith(f"{SOON},21:15,'=1+1,'+442071838750,2,{late.reference},")
    assert file["Content-Disposition"] == 'attachment; filename="guests-to-call.csv"'
    logged = LogEntry.objects.latest("pk")
    assert (logged.get_edited_object(), logged.change_message) == (house, "Exported 1 guest to call.")
    logged.delete()
    assert state() == before


def test_the_guests_to_call_are_a_page_to_print(admin_client: Client, house: Restaurant) -> None:
    book(house, "21:15")
    page = change(admin_client, PERIODS, house.service_periods.get(), last_seating="20:45")

    printed = again(admin_client, page, _calls="print")

    assert f"{WHEN}, 21:15 Ann Lee +442071838750 2" in text_of(printed)
    assert ServicePeriod.objects.get().last_seating == time(21, 30)


def test_asking_for_the_guests_saves_nothing_where_nothing_follows_any_more(
    admin_client: Client, house: Restaurant
) -> None:
    book(house)

    page = add(admin_client, TABLES, number="T9", capacity="4", _calls="csv")

    assert b"".join(page.streaming_content).decode() == "date,time,name,phone,covers,booking,why\r\n"
    assert not Table.objects.filter(number="T9").exists()


def test_who_may_not_see_bookings_gets_no_names_and_no_file(house: Restaurant) -> None:
    CapacityRuleFactory(restaurant=house, max_covers=40)
    book(house)
    client = client_with("capacity.view_capacityrule", "capacity.change_capacityrule")

    page = change(client, RULES, CapacityRule.objects.get(), max_covers="1")

    assert "Ann Lee" not in text_of(page)
    assert "442071838750" not in text_of(page)
    assert again(client, page, _calls="csv").status_code == 403


# Many


def test_fifty_rows_are_shown_and_the_number_of_the_rest_by_as_many_queries_as_for_two(
    admin_client: Client, house: Restaurant
) -> None:
    house.service_periods.update(seating_mode="covers")
    rule = CapacityRuleFactory(restaurant=house, max_covers=400)

    def preview() -> tuple[Any, int]:
        # The first counts the bookings to be decided anew, which the process then keeps.
        change(admin_client, RULES, rule, max_covers="0")
        with CaptureQueriesContext(connection) as queries:
            page = change(admin_client, RULES, rule, max_covers="0")
        return page, len(queries)

    for _ in range(2):
        book(house)
    _, few = preview()
    for _ in range(50):
        book(house)
    page, many = preview()

    assert len(calls_of(page)) == 50
    assert "And 2 more." in text_of(page)
    assert few == many


# The service


def test_asking_never_saves(house: Restaurant) -> None:
    book(house)
    version = version_of(house)

    with pytest.raises(ChangeUnconfirmed) as asked:
        save_settings_row(row=CapacityRule(restaurant=house, max_covers=1), confirmed=ASKING)

    assert asked.value.outcome.has_consequences
    assert not CapacityRule.objects.exists()
    assert version_of(house) == version


def test_the_same_change_has_the_same_fingerprint_however_often_it_is_tried(house: Restaurant) -> None:
    book(house, "21:15")

    def fingerprint() -> str:
        period = ServicePeriod(
            restaurant=house,
            name="Late",
            weekdays=[1, 2, 3, 4, 5, 6, 7],
            start_time=time(23, 45),
            last_seating=time(1),
            end_time=time(2),
        )
        with pytest.raises(ChangeUnconfirmed) as asked:
            save_settings_row(row=period, confirmed=ASKING)
        return asked.value.fingerprint

    assert fingerprint() == fingerprint() != ""


def test_nobody_is_asked_where_nobody_is_there_to_answer(house: Restaurant) -> None:
    book(house)

    save_settings_row(row=CapacityRule(restaurant=house, max_covers=1))
    block_tables(
        restaurant_id=house.pk,
        table_ids=[table(house, "T1").pk],
        starts_at=Booking.objects.get().starts_at,
        ends_at=Booking.objects.get().ends_at,
        reason="A leak",
    )

    assert (CapacityRule.objects.count(), TableBlock.objects.count(), TurnTime.objects.count()) == (1, 1, 1)


def test_who_sees_guests_of_another_restaurant_alone_sees_none_of_these(house: Restaurant) -> None:
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)
    book(house, guest=GuestDetails("Grace Hopper", "grace@example.com", "+442071838750"))
    client = client_with("capacity.view_capacityrule", "capacity.change_capacityrule")
    MembershipFactory(user=user_of(client), role=Role.HOST)

    page = change(client, RULES, rule, max_covers="1")

    assert 'id="preview_form"' in page.content.decode()
    assert "Grace Hopper" not in text_of(page)
    assert again(client, page, _calls="csv").status_code == 403
