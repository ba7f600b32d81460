"""The grid of limits: typed in cells of a week or a date, copied to other days, previewed and saved at once."""

import json
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from bookings.choices import Role
from bookings.services import save_settings_row
from capacity.models import BookingSlot, CapacityRule, ServiceDay, ServicePeriod
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, form_of, member_of, messages_of, text_of
from tests.helpers.dining_room import book, room
from tests.helpers.factories import CapacityRuleFactory, ServicePeriodFactory, days_ahead

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/capacity/capacityrule/limits/"
SOON = days_ahead()
WEEKDAY = SOON.isoweekday()
MOVED_ON = "Bookings or settings have changed since you looked."


@pytest.fixture
def house() -> Restaurant:
    """A restaurant with three tables, Dinner every day from 17:00 to 21:30, and 40 covers a service."""
    house = room(2, 2, 4, name="Bistro")
    CapacityRuleFactory(restaurant=house, max_covers=40)
    return house


@pytest.fixture
def dinner(house: Restaurant) -> ServicePeriod:
    return house.service_periods.get()


def page_of(client: Client, on_date: date | None = None) -> Any:
    return client.get(PAGE, {"date": on_date.isoformat()} if on_date else {})


def send(client: Client, page: Any, **values: Any) -> Any:
    """Send the form of a page with other values; cells by the end of their names."""
    query = page.request["QUERY_STRING"]
    return client.post(f"{PAGE}?{query}", form_of(page) | values)


def save(client: Client, page: Any, **values: Any) -> Any:
    """Send the form of a page, and save as the preview shows."""
    return send(client, send(client, page, **values))


def cell(column: str, weekday: Any = "all", period: ServicePeriod | None = None) -> str:
    return f"cell-{period.pk if period else 'all'}-{weekday}-{column}"


def cells_of(page: Any) -> dict[str, dict[str, Any]]:
    return {
        found["name"]: found
        for table in page.context["tables"]
        for row in table["rows"]
        for found in row["cells"]
        if found
    }


def table_of(page: Any, title: str) -> list[list[str]]:
    (found,) = [shown for shown in page.context["tables"] if shown["title"].startswith(title)]
    return [[str(value) for value in row] for row in found["rows"]]


def edits_of(page: Any) -> list[list[str]]:
    return table_of(page, "Limits as they are set")


def rules() -> list[dict[str, Any]]:
    """Return every rule by what it says."""
    left_out = ("id", "restaurant", "version", "note")
    names = [field.name for field in CapacityRule._meta.fields if field.name not in left_out]
    rows = CapacityRule.objects.order_by("pk").values(*names)
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


# The week


def test_the_week_has_a_row_a_service_and_says_where_a_number_comes_from(
    admin_client: Client, house: Restaurant, dinner: ServicePeriod
) -> None:
    CapacityRuleFactory(restaurant=house, service_period=dinner, max_covers=30)
    CapacityRuleFactory(restaurant=house, weekday=5, max_covers=50)
    CapacityRuleFactory(restaurant=house, service_period=dinner, weekday=6, max_covers=35)

    page = page_of(admin_client)

    table = page.context["tables"][0]
    assert table["columns"][:2] + table["columns"][-1:] == ("Every day", "Monday", "Sunday")
    assert [row["name"] for row in table["rows"]] == ["Dinner", "Every service"]
    shown = cells_of(page)
    said = {
        where: (shown[name]["value"], shown[name]["besides"], shown[name]["source"])
        for where, name in {
            "dinner": cell("max_covers", period=dinner),
            "dinner on Friday": cell("max_covers", 5, dinner),
            "dinner on Saturday": cell("max_covers", 6, dinner),
            "Friday": cell("max_covers", 5),
            "Monday": cell("max_covers", 1),
            "everywhere": cell("max_covers"),
            "nowhere": cell("pacing_covers", 1, dinner),
        }.items()
    }
    assert said == {
        "dinner": ("30", 40, "every service"),
        "dinner on Friday": ("", 30, "every day"),
        "dinner on Saturday": ("35", 30, "every day"),
        "Friday": ("50", 40, "every day"),
        "Monday": ("", 40, "every day"),
        "everywhere": ("40", "no limit", ""),
        "nowhere": ("", "no limit", ""),
    }


def test_a_number_in_a_cell_is_previewed_and_then_saved_as_the_rule_of_that_cell(
    admin_client: Client, house: Restaurant, dinner: ServicePeriod
) -> None:
    book(house), book(house, "18:00")
    before = rules()

    page = send(admin_client, page_of(admin_client), **{cell("max_covers", WEEKDAY, dinner): "3"})

    assert rules() == before
    assert edits_of(page) == [[f"Dinner, {SOON:%A}", "covers per service", "inherited", "3"]]
    when = f"{SOON:%a %-d %b %Y}"
    assert table_of(page, "Limits and start times") == [
        ["Dinner", when, "whole service", "covers per service", "40", "3", "1"]
    ]
    assert len(table_of(page, "Guests to call")) == 1
    saved = send(admin_client, page)
    assert (saved.status_code, saved["Location"]) == (302, f"{PAGE}?limit=max_covers")
    assert rules() == [*before, {"service_period": dinner.pk, "weekday": WEEKDAY, "max_covers": 3}]
    day = ServiceDay.objects.get()
    assert (day.max_covers, day.booked_covers, day.excess_covers) == (3, 4, 1)
    assert messages_of(page_of(admin_client))[:2] == ["1 limit saved.", "1 future service day updated."]


def test_all_cells_of_a_page_are_one_change(admin_client: Client, house: Restaurant, dinner: ServicePeriod) -> None:
    book(house)
    version = Restaurant.objects.get().settings_version
    values = {cell("max_covers"): "50", cell("pacing_covers", WEEKDAY): "6", cell("pacing_parties", period=dinner): "2"}

    save(admin_client, page_of(admin_client), **values)

    assert rules() == [
        {"max_covers": 50},
        {"weekday": WEEKDAY, "pacing_covers": 6},
        {"service_period": dinner.pk, "pacing_parties": 2},
    ]
    slot = BookingSlot.objects.all()[0]
    assert (slot.pacing_covers, slot.pacing_parties) == (6, 2)
    assert ServiceDay.objects.get().version == 3
    assert Restaurant.objects.get().settings_version != version


def test_a_cleared_cell_inherits_again_and_a_rule_that_says_nothing_goes(
    admin_client: Client, house: Restaurant, dinner: ServicePeriod
) -> None:
    alone = CapacityRuleFactory(restaurant=house, service_period=dinner, max_covers=30)
    both = CapacityRuleFactory(restaurant=house, weekday=WEEKDAY, max_covers=50, pacing_covers=4)
    book(house)

    save(
        admin_client, page_of(admin_client), **{cell("max_covers", period=dinner): "", cell("max_covers", WEEKDAY): ""}
    )

    assert rules() == [{"max_covers": 40}, {"weekday": WEEKDAY, "pacing_covers": 4}]
    assert ServiceDay.objects.get().max_covers == 40
    both.refresh_from_db()
    assert both.version == 2
    logged = {(entry.object_id, entry.action_flag, entry.change_message) for entry in LogEntry.objects.all()}
    assert logged == {
        (str(alone.pk), 3, "Covers per service: 30 to nothing."),
        (str(both.pk), 2, "Covers per service: 50 to nothing."),
    }


def test_of_two_rules_of_one_cell_the_newer_is_changed_and_both_are_cleared(
    admin_client: Client, house: Restaurant
) -> None:
    CapacityRuleFactory(restaurant=house, max_covers=60)

    save(admin_client, page_of(admin_client), **{cell("max_covers"): "70"})
    assert rules() == [{"max_covers": 40}, {"max_covers": 70}]

    save(admin_client, page_of(admin_client), **{cell("max_covers"): ""})
    assert rules() == []


def test_a_history_names_who_set_a_limit_and_what_it_was(
    admin_client: Client, admin_user: Any, house: Restaurant
) -> None:
    save(admin_client, page_of(admin_client), **{cell("max_covers"): "50", cell("pacing_covers", 5): "6"})

    logged = LogEntry.objects.order_by("pk").values_list("user", "action_flag", "object_repr", "change_message")
    assert sorted(logged) == [
        (admin_user.pk, 1, "Every service, Friday", "Covers starting per slot: nothing to 6."),
        (admin_user.pk, 2, "Every service", "Covers per service: 40 to 50."),
    ]


def test_a_weekday_without_a_service_takes_no_number(
    admin_client: Client, house: Restaurant, dinner: ServicePeriod
) -> None:
    house.service_periods.update(weekdays=[5, 6])

    shown = cells_of(page_of(admin_client))

    takes = [shown[cell("max_covers", day, dinner)]["takes_number"] for day in range(1, 8)]
    assert takes == [False] * 4 + [True, True, False]


def test_rules_of_dates_and_times_are_named_below(admin_client: Client, house: Restaurant) -> None:
    CapacityRuleFactory(restaurant=house, from_time=time(19), to_time=time(20), pacing_covers=2)
    CapacityRuleFactory(restaurant=house, from_date=date(2020, 1, 1), to_date=date(2020, 1, 1), max_covers=2)

    page = page_of(admin_client)

    assert page.context["narrower"] == ["Every service, 19:00 to 20:00"]
    assert cells_of(page)[cell("pacing_covers")]["besides"] == "no limit"


# Copies of a weekday


def test_a_day_is_copied_to_others_with_what_was_just_typed_and_its_empty_cells(
    admin_client: Client, house: Restaurant, dinner: ServicePeriod
) -> None:
    CapacityRuleFactory(restaurant=house, service_period=dinner, weekday=6, pacing_covers=9)
    CapacityRuleFactory(restaurant=house, weekday=5, max_parties=12)

    page = send(
        admin_client,
        page_of(admin_client),
        **{cell("max_covers", 5, dinner): "30", "copy_from": "5", "copy_to": ["6", "7"]},
    )

    assert sorted(edits_of(page)) == [
        ["Dinner, Friday", "covers per service", "inherited", "30"],
        ["Dinner, Saturday", "covers per service", "inherited", "30"],
        ["Dinner, Saturday", "covers starting per slot", "9", "inherited"],
        ["Dinner, Sunday", "covers per service", "inherited", "30"],
        ["Every service, Saturday", "parties per service", "inherited", "12"],
        ["Every service, Sunday", "parties per service", "inherited", "12"],
    ]
    send(admin_client, page)
    assert {(rule.get("service_period"), rule.get("weekday")): rule for rule in rules()} == {
        (None, None): {"max_covers": 40},
        **{(None, day): {"weekday": day, "max_parties": 12} for day in (5, 6, 7)},
        **{(dinner.pk, day): {"service_period": dinner.pk, "weekday": day, "max_covers": 30} for day in (5, 6, 7)},
    }


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"copy_from": "5"}, "copy_to", "Tick another day."),
        ({"copy_from": "5", "copy_to": ["5"]}, "copy_to", "Tick another day."),
        ({"copy_to": ["5"]}, "copy_from", "Choose the day to copy."),
        ({"copy_from": "8", "copy_to": ["5"]}, "copy_from", "Select a valid choice. 8 is not one of the available"),
        ({"copy_from": "5", "copy_to": ["x"]}, "copy_to", "Select a valid choice. x is not one of the available"),
    ],
)
def test_a_copy_without_sense_is_refused_at_its_field(
    admin_client: Client, house: Restaurant, values: dict[str, Any], field: str, said: str
) -> None:
    before = rules()

    page = send(admin_client, page_of(admin_client), **values, **{cell("max_covers"): "9"})

    assert page.context["form"].errors[field][0].startswith(said)
    assert rules() == before


# Wrong input


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("-1", "Ensure this value is greater than or equal to 0."),
        ("1000000000", "Ensure this value is less than or equal to 999999999."),
        ("9" * 5000, "Enter a whole number."),
        ("many", "Enter a whole number."),
        ("4.5", "Enter a whole number."),
        ("\uff18\uff10", "Write numbers, dates and times with the digits 0 to 9."),
    ],
)
def test_one_wrong_cell_saves_nothing_and_keeps_what_was_typed(
    admin_client: Client, house: Restaurant, typed: str, said: str
) -> None:
    before = rules()

    page = send(admin_client, page_of(admin_client), **{cell("max_covers"): "50", cell("occupancy_parties", 3): typed})

    shown = cells_of(page)
    assert shown[cell("occupancy_parties", 3)]["errors"] == [said]
    assert shown[cell("occupancy_parties", 3)]["value"] == typed
    assert (shown[cell("max_covers")]["errors"], shown[cell("max_covers")]["value"]) == ((), "50")
    assert page.context["chosen"] == "occupancy_parties"
    assert said in text_of(page)
    assert rules() == before


@pytest.mark.parametrize("typed", ["0", "999999999", " 12 "])
def test_the_ends_of_what_a_limit_may_be_are_saved(admin_client: Client, house: Restaurant, typed: str) -> None:
    save(admin_client, page_of(admin_client), **{cell("max_covers"): typed})

    assert rules() == [{"max_covers": int(typed)}]


@pytest.mark.parametrize(
    "values",
    [
        {"cell-999999-all-max_covers": "5"},
        {"cell-all-9-max_covers": "5"},
        {"cell-all-all-restaurant": "5"},
        {"as_read": "[1"},
        {"as_read": "[1]"},
        {"as_read": "[" * 100_000},
        {"as_read": ""},
    ],
)
def test_a_cell_that_is_none_and_a_page_that_is_not_ours_save_nothing(
    admin_client: Client, house: Restaurant, values: dict[str, str]
) -> None:
    before = rules()

    page = send(admin_client, page_of(admin_client), **{cell("max_covers"): "9", **values})

    assert page.status_code == 200
    assert page.context["form"].general_errors == ["This page is not of the present settings any more. Open it again."]
    assert rules() == before


def test_a_period_of_another_restaurant_takes_no_number(admin_client: Client, house: Restaurant) -> None:
    other = room(2, name="Bar")
    theirs = other.service_periods.get()
    page = admin_client.get(PAGE, {"restaurant": house.slug})

    answer = send(admin_client, page, **{cell("max_covers", period=theirs): "5"})

    assert answer.context["form"].general_errors == [
        "This page is not of the present settings any more. Open it again."
    ]
    assert not other.capacity_rules.exists()


def test_nothing_typed_saves_nothing_and_says_so(admin_client: Client, house: Restaurant) -> None:
    page = send(admin_client, page_of(admin_client), **{cell("max_covers"): "40"})

    assert messages_of(page) == ["No number was changed: nothing was saved."]
    assert LogEntry.objects.count() == 0


# Somebody else


def test_a_cell_that_somebody_else_has_set_meanwhile_is_not_written_over(
    admin_client: Client, house: Restaurant
) -> None:
    opened = page_of(admin_client)
    CapacityRule.objects.update(max_covers=55)
    save_settings_row(row=CapacityRule.objects.get())

    page = send(admin_client, opened, **{cell("max_covers"): "50"})

    shown = cells_of(page)[cell("max_covers")]
    assert shown["errors"] == ["Somebody else has set this to 55 meanwhile."]
    assert shown["value"] == "50"
    assert rules() == [{"max_covers": 55}]
    assert edits_of(send(admin_client, page)) == [["Every service", "covers per service", "55", "50"]]


def test_another_cell_that_somebody_else_has_set_stays_as_it_is(admin_client: Client, house: Restaurant) -> None:
    opened = page_of(admin_client)
    save_settings_row(row=CapacityRule(restaurant=house, weekday=5, max_covers=20))

    save(admin_client, opened, **{cell("max_covers", 6): "60"})

    assert rules() == [{"max_covers": 40}, {"weekday": 5, "max_covers": 20}, {"weekday": 6, "max_covers": 60}]


@pytest.mark.parametrize("has_booking", [True, False])
def test_a_setting_that_changes_after_the_preview_refuses_the_save_and_shows_it_anew(
    admin_client: Client, house: Restaurant, has_booking: bool
) -> None:
    if has_booking:
        book(house)
    shown = send(admin_client, page_of(admin_client), **{cell("max_covers"): "10"})
    save_settings_row(row=CapacityRule(restaurant=house, weekday=1, pacing_covers=9))

    page = send(admin_client, shown)

    assert MOVED_ON in text_of(page)
    assert rules() == [{"max_covers": 40}, {"weekday": 1, "pacing_covers": 9}]
    assert send(admin_client, page).status_code == 302
    assert rules() == [{"max_covers": 10}, {"weekday": 1, "pacing_covers": 9}]


def test_a_booking_after_the_preview_refuses_the_save_and_names_whom_to_call(
    admin_client: Client, house: Restaurant
) -> None:
    book(house)
    shown = send(admin_client, page_of(admin_client), **{cell("max_covers"): "2"})
    late = book(house)

    page = send(admin_client, shown)

    assert MOVED_ON in text_of(page)
    assert late.reference in text_of(page)
    assert rules() == [{"max_covers": 40}]


def test_a_service_that_is_gone_since_refuses_the_save(
    admin_client: Client, house: Restaurant, dinner: ServicePeriod
) -> None:
    shown = send(admin_client, page_of(admin_client), **{cell("max_covers", period=dinner): "10"})
    dinner.delete()

    page = send(admin_client, shown)

    assert page.context["form"].general_errors == ["This page is not of the present settings any more. Open it again."]
    assert rules() == [{"max_covers": 40}]


def test_the_way_back_is_the_grid_as_it_was_filled_in(admin_client: Client, house: Restaurant) -> None:
    book(house)
    values = {cell("max_covers", 5): "7", "limit": "max_covers", "copy_from": "5", "copy_to": ["6"]}
    shown = send(admin_client, page_of(admin_client), **values)

    page = send(admin_client, shown, _edit="yes")

    sent = form_of(page)
    assert {name: sent[name] for name in values} == {
        cell("max_covers", 5): ["7"],
        "limit": ["max_covers"],
        "copy_from": ["5"],
        "copy_to": ["6"],
    }
    assert sent[cell("max_covers")] == ["40"]
    assert messages_of(page) == ["Nothing was saved. What you had filled in is still here."]
    assert rules() == [{"max_covers": 40}]


def test_the_guests_to_call_come_as_a_file_and_save_nothing(admin_client: Client, house: Restaurant) -> None:
    book(house)
    late = book(house)
    shown = send(admin_client, page_of(admin_client), **{cell("max_covers"): "2"})

    answer = send(admin_client, shown, _calls="csv")

    assert late.reference in b"".join(answer).decode()
    assert rules() == [{"max_covers": 40}]


# One date


def test_a_date_has_its_starts_and_says_where_their_limits_come_from(
    admin_client: Client, house: Restaurant, dinner: ServicePeriod
) -> None:
    CapacityRuleFactory(restaurant=house, weekday=WEEKDAY, pacing_covers=8)
    CapacityRuleFactory(restaurant=house, service_period=dinner, from_date=SOON, to_date=SOON, pacing_parties=3)
    own = {"service_period": dinner, "from_date": SOON, "to_date": SOON, "from_time": time(19), "to_time": time(19, 15)}
    CapacityRuleFactory(restaurant=house, **own, pacing_covers=2)

    page = page_of(admin_client, SOON)

    (table,) = page.context["tables"]
    assert [row["name"] for row in table["rows"][:3]] == ["Whole service", "17:00", "17:15"]
    assert (table["rows"][0]["heading"], table["rows"][-1]["heading"]) == ("Dinner", "Every service")
    assert len(table["rows"]) == 21
    shown = cells_of(page)
    said = {
        name: (shown[name]["value"], shown[name]["besides"], shown[name]["source"])
        for name in (
            cell("pacing_covers", "1900", dinner),
            cell("pacing_covers", "1915", dinner),
            cell("pacing_parties", "1900", dinner),
            cell("max_covers", "all", dinner),
        )
    }
    assert list(said.values()) == [
        ("2", 8, f"every service, {SOON:%a}"),
        ("", 8, f"every service, {SOON:%a}"),
        ("", 3, "this date"),
        ("", 40, "every service"),
    ]
    assert cell("max_covers", "1900", dinner) not in shown


def test_a_start_gets_a_limit_as_the_heatmap_sets_it(
    admin_client: Client, house: Restaurant, dinner: ServicePeriod
) -> None:
    book(house)

    save(admin_client, page_of(admin_client, SOON), **{cell("pacing_covers", "1900", dinner): "4"})

    assert rules()[1:] == [
        {
            "service_period": dinner.pk,
            "from_date": SOON,
            "to_date": SOON,
            "from_time": time(19),
            "to_time": time(19, 15),
            "pacing_covers": 4,
        }
    ]
    limits = {f"{slot.starts_at:%H:%M}": slot.pacing_covers for slot in BookingSlot.objects.all()}
    assert (limits["18:45"], limits["19:00"], limits["19:15"]) == (None, 4, None)
    heatmap = admin_client.get("/admin/capacity/bookingslot/heatmap/", {"date": SOON, "slot": f"{SOON}T19:00:00Z"})
    edit = {limit["name"]: limit["edit"] for limit in heatmap.context["chosen"]["limits"]}
    own = CapacityRule.objects.get(pacing_covers=4)
    assert edit["covers starting per slot"] == f"/admin/capacity/capacityrule/{own.pk}/change/"


def test_a_date_is_copied_to_others_and_only_there(
    admin_client: Client, house: Restaurant, dinner: ServicePeriod
) -> None:
    later, latest = SOON + timedelta(days=1), SOON + timedelta(days=8)
    CapacityRuleFactory(restaurant=house, from_date=later, to_date=later, max_covers=5)
    book(house, business_date=later)

    page = send(
        admin_client,
        page_of(admin_client, SOON),
        **{cell("pacing_covers", "1900", dinner): "4", "copy_to": [later.isoformat(), latest.isoformat()]},
    )

    assert len(edits_of(page)) == 4
    send(admin_client, page)
    found = {(rule.get("from_date"), rule.get("from_time")): rule for rule in rules()}
    assert set(found) == {(None, None), *((day, time(19)) for day in (SOON, later, latest))}
    assert {found[day, time(19)]["pacing_covers"] for day in (SOON, later, latest)} == {4}
    assert ServiceDay.objects.get().max_covers == 40


def test_a_date_with_none_of_the_services_gets_no_copy(admin_client: Client, house: Restaurant) -> None:
    special = SOON + timedelta(days=1)
    ServicePeriodFactory(restaurant=house, name="Gala", on_date=special, weekdays=[])

    page = send(admin_client, page_of(admin_client, SOON), copy_to=[special.isoformat()])

    said = f"None of the services of this date: {special:%a %-d %b %Y}."
    assert page.context["form"].errors["copy_to"] == [said]


@pytest.mark.parametrize("day", [SOON, days_ahead(-3), days_ahead(400), "nonsense"])
def test_no_other_dates_than_those_of_the_calendar_are_copied_to(
    admin_client: Client, house: Restaurant, day: Any
) -> None:
    page = send(admin_client, page_of(admin_client, SOON), copy_to=[str(day)])

    assert page.context["form"].errors["copy_to"] == [
        f"Select a valid choice. {day} is not one of the available choices."
    ]


def test_a_rule_that_goes_before_a_cell_is_named_there(
    admin_client: Client, house: Restaurant, dinner: ServicePeriod
) -> None:
    own = {"service_period": dinner, "from_date": SOON, "to_date": SOON}
    CapacityRuleFactory(restaurant=house, **own, max_covers=30)
    CapacityRuleFactory(restaurant=house, **own, weekday=WEEKDAY, max_covers=20)

    page = page_of(admin_client, SOON)

    shown = cells_of(page)[cell("max_covers", "all", dinner)]
    assert (shown["value"], shown["besides"], shown["is_beaten"]) == ("30", 20, True)
    assert f"20 goes before: {SOON:%a}, this date" in text_of(page)


def test_both_passings_of_a_repeated_hour_are_one_row_and_end_on_the_wall(admin_client: Client) -> None:
    house = room(2, name="Night", timezone="Europe/London")
    house.service_periods.update(start_time="00:30", last_seating="02:00", end_time="03:00")
    night, dinner = date(2027, 10, 31), house.service_periods.get()
    page = page_of(admin_client, night)
    (table,) = page.context["tables"]

    save(admin_client, page, **{cell("pacing_covers", "0145", dinner): "4"})

    names = [row["name"] for row in table["rows"]]
    assert names == [
        *("Whole service", "00:30", "00:45", "01:00", "01:15", "01:30", "01:45", "02:00"),
        "Whole service",
    ]
    rule = CapacityRule.objects.get()
    assert (rule.from_time, rule.to_time) == (time(1, 45), time(2))


def test_a_start_before_midnight_ends_at_midnight(admin_client: Client) -> None:
    house = room(2, name="Bar")
    house.service_periods.update(start_time="22:00", last_seating="00:30", end_time="02:00")
    dinner = house.service_periods.get()

    values = {cell("pacing_covers", at, dinner): "4" for at in ("2345", "0000")}
    save(admin_client, page_of(admin_client, SOON), **values)

    found = CapacityRule.objects.order_by("pk").values_list("from_date", "from_time", "to_time")
    assert list(found) == [(SOON, time(23, 45), time(0)), (SOON, time(0), time(0, 15))]


@pytest.mark.parametrize("day", ["nonsense", "", "1999-12-31", "2026-02-30"])
def test_a_date_without_sense_is_the_week(admin_client: Client, house: Restaurant, day: str) -> None:
    page = admin_client.get(PAGE, {"date": day})

    assert page.context["on_date"] is None


@pytest.mark.parametrize("day", ["2000-01-01", "2100-12-31"])
def test_the_first_and_the_last_date_are_pages(admin_client: Client, house: Restaurant, day: str) -> None:
    page = admin_client.get(PAGE, {"date": day})

    assert (page.status_code, len(page.context["around"])) == (200, 1)


def test_a_date_without_service_has_the_limits_of_every_service(admin_client: Client, house: Restaurant) -> None:
    house.service_periods.update(weekdays=[WEEKDAY % 7 + 1])

    (table,) = page_of(admin_client, SOON).context["tables"]

    assert [(row["heading"], row["name"]) for row in table["rows"]] == [("Every service", "Whole service")]


# Who, where and how much


@pytest.mark.parametrize(
    ("role", "status"), [(Role.HOST, 403), (Role.ENGINEER, 403), (Role.MANAGER, 200), (Role.OWNER, 200)]
)
def test_limits_are_for_managers_and_owners(house: Restaurant, role: Role, status: int) -> None:
    client = member_of(house, role=role)

    assert page_of(client).status_code == status
    assert client.post(PAGE, {"as_read": "{}", cell("max_covers"): "1"}).status_code == status
    shown = "Limits" in str(client.get("/admin/").context["sidebar_navigation"])
    assert shown is (status == 200)
    assert rules() == [{"max_covers": 40}]


@pytest.mark.parametrize("left_out", ["add", "change", "delete"])
def test_the_page_is_for_whoever_may_do_everything_to_rules(house: Restaurant, left_out: str) -> None:
    verbs = {"add", "change", "delete", "view"} - {left_out}

    assert page_of(client_with(*(f"capacity.{verb}_capacityrule" for verb in verbs))).status_code == 403


def test_a_restaurant_of_others_is_not_found(house: Restaurant) -> None:
    other = room(2, name="Bar")
    client = member_of(house, role=Role.MANAGER)

    for ask in (client.get, client.post):
        assert ask(f"{PAGE}?restaurant={other.slug}").status_code == 404
    assert page_of(client).context["restaurant"] == house


def test_with_several_restaurants_the_page_asks_at_which(admin_client: Client, house: Restaurant) -> None:
    other = room(2, name="Bar")

    assert "Bar Bistro" in text_of(page_of(admin_client))
    assert admin_client.get(PAGE, {"restaurant": other.pk}).context["restaurant"] == other


def test_heatmap_and_rules_lead_to_the_limits(house: Restaurant) -> None:
    manager, host = member_of(house, role=Role.MANAGER), member_of(house, role=Role.HOST)
    heatmap = f"/admin/capacity/bookingslot/heatmap/?date={SOON}"
    link = f'href="{PAGE}?restaurant={house.slug}&amp;date={SOON}"'

    assert link in manager.get(heatmap).content.decode()
    assert PAGE not in host.get(heatmap).content.decode()
    assert PAGE in manager.get("/admin/capacity/capacityrule/").content.decode()


@pytest.mark.parametrize("on_date", [None, SOON])
def test_the_pages_take_a_fixed_number_of_queries(
    admin_client: Client, house: Restaurant, dinner: ServicePeriod, on_date: date | None
) -> None:
    url = PAGE + (f"?date={on_date}" if on_date else "")
    few = count_queries(admin_client, url)

    for hour in range(8, 16):
        ServicePeriodFactory(
            restaurant=house, name=f"At {hour}", start_time=time(hour), last_seating=time(hour), end_time=time(hour, 30)
        )
        CapacityRuleFactory(
            restaurant=house, service_period=dinner, weekday=hour - 7 if hour < 15 else None, max_covers=9
        )
        CapacityRuleFactory(
            restaurant=house, from_date=SOON, to_date=SOON, from_time=time(hour), to_time=time(hour + 1)
        )
    save_settings_row(row=CapacityRule(restaurant=house, max_parties=9))

    assert count_queries(admin_client, url) == few == 10


def test_many_limits_are_written_in_few_statements(
    admin_client: Client, house: Restaurant, django_assert_max_num_queries: Any
) -> None:
    values = {cell("max_covers", day): str(day) for day in range(1, 8)}
    shown = send(admin_client, page_of(admin_client), **values)

    with django_assert_max_num_queries(60) as queries:
        send(admin_client, shown)

    inserts = [query["sql"] for query in queries if 'INSERT INTO "restaurant_capacity_rules"' in query["sql"]]
    assert len(inserts) == 1
    assert json.loads(form_of(page_of(admin_client))["as_read"][0]) == {
        cell("max_covers"): 40,
        **{cell("max_covers", day): day for day in range(1, 8)},
    }
