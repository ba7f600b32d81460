"""The heatmap: each slot by its fullest limit, a click on it lists its bookings and leads to its limit."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from bookings.services import Override
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, text_of
from tests.helpers.dining_room import book, room
from tests.helpers.factories import CapacityRuleFactory, ClosureFactory, ServicePeriodFactory, days_ahead

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/capacity/bookingslot/heatmap/"


@pytest.fixture
def house() -> Restaurant:
    """A house with ten tables for two, in which 4 covers may start in a slot."""
    house = room(*[2] * 10, name="Bistro")
    CapacityRuleFactory(restaurant=house, pacing_covers=4, max_covers=40)
    return house


def page_of(client: Client, **query: Any) -> Any:
    return client.get(PAGE, {"date": days_ahead().isoformat(), **query})


def cells_of(page: Any) -> dict[str, tuple[str, str, str]]:
    """Return degree, number and limit by time."""
    services = page.context["days"][0]["services"]
    return {
        cell["time"]: (str(cell["heat"]), cell["number"], cell["limit"])
        for service in services
        for cell in service["cells"]
    }


def slot_at(house: Restaurant, time: str) -> str:
    return f"{days_ahead().isoformat()}T{time}:00Z"


def test_a_booking_shows_in_the_slot_where_it_starts(admin_client: Client, house: Restaurant) -> None:
    before = cells_of(page_of(admin_client))
    book(house)
    once = cells_of(page_of(admin_client))
    book(house)
    twice = cells_of(page_of(admin_client))

    pacing = "covers starting per slot"
    assert before["19:00"] == ("room", "0 %", "covers per service")
    assert once["19:00"] == ("room", "50 %", pacing)
    assert twice["19:00"] == ("full", "100 %", pacing)
    assert twice["19:15"] == ("room", "10 %", "covers per service")


def test_a_slot_beyond_its_limit_is_striped_and_says_so(
    admin_client: Client, admin_user: Any, house: Restaurant
) -> None:
    for _ in range(2):
        book(house)
    book(house, source="phone", actor=admin_user, override=Override("A regular", {"PACING_COVERS": 2}))

    page = page_of(admin_client)

    assert cells_of(page)["19:00"] == ("over", "150 %", "covers starting per slot")
    assert 'class="heat heat-over"' in page.content.decode()
    assert "6 of 4 covers starting per slot 6 start, 6 present , over the limit" in text_of(page)


def test_without_any_limit_a_slot_has_no_number(admin_client: Client) -> None:
    room(2, name="Bistro")

    assert cells_of(page_of(admin_client))["19:00"] == ("no_limit", "-", "no limit")


def test_a_click_lists_who_starts_there_and_who_is_still_there(admin_client: Client, house: Restaurant) -> None:
    early, own = book(house, "18:00"), book(house, "19:00")
    book(house, "17:30")

    chosen = page_of(admin_client, slot=slot_at(house, "19:00")).context["chosen"]

    assert [(title, list(found)) for title, found in chosen["groups"]] == [
        ("Start here", [own]),
        ("Present from before", [early]),
    ]


def test_a_click_leads_to_a_rule_for_that_slot_or_that_service(admin_client: Client, house: Restaurant) -> None:
    book(house)

    chosen = page_of(admin_client, slot=slot_at(house, "19:00")).context["chosen"]

    urls = {limit["name"]: urlsplit(limit["edit"]) for limit in chosen["limits"]}
    period, day = str(house.service_periods.get().pk), days_ahead().isoformat()
    scope = {"restaurant": str(house.pk), "service_period": period, "from_date": day, "to_date": day}
    assert {url.path for url in urls.values()} == {"/admin/capacity/capacityrule/add/"}
    assert dict(parse_qsl(urls["covers per service"].query)) == {**scope, "max_covers": "40"}
    assert dict(parse_qsl(urls["covers starting per slot"].query)) == {
        **scope,
        "from_time": "19:00",
        "to_time": "19:15",
        "pacing_covers": "4",
    }
    assert "occupancy_covers" not in urls["covers present"].query


def test_the_rule_form_is_filled_in_from_there(admin_client: Client, house: Restaurant) -> None:
    book(house)
    chosen = page_of(admin_client, slot=slot_at(house, "19:00")).context["chosen"]

    form = admin_client.get(chosen["limits"][2]["edit"]).context["adminform"].form

    assert str(form["from_time"].value()) == "19:00"
    assert str(form["pacing_covers"].value()) == "4"
    assert str(form["restaurant"].value()) == str(house.pk)


def test_a_slot_that_has_a_rule_of_its_own_leads_to_it(admin_client: Client, house: Restaurant) -> None:
    own = CapacityRuleFactory(
        restaurant=house,
        service_period=house.service_periods.get(),
        from_date=days_ahead(),
        to_date=days_ahead(),
        from_time="19:00",
        to_time="19:15",
        pacing_covers=6,
    )

    chosen = page_of(admin_client, slot=slot_at(house, "19:00")).context["chosen"]

    assert chosen["limits"][2]["edit"] == f"/admin/capacity/capacityrule/{own.pk}/change/"


def test_a_week_has_a_column_a_date_and_a_row_a_start(admin_client: Client, house: Restaurant) -> None:
    later = days_ahead() + timedelta(days=2)
    book(house, business_date=later)

    page = page_of(admin_client, view="week")

    rows = {row["time"]: [cell and cell["number"] for cell in row["cells"]] for row in page.context["rows"]}
    assert len(page.context["days"]) == 7
    assert rows["19:00"] == ["0 %", "0 %", "50 %", "0 %", "0 %", "0 %", "0 %"]
    assert (next(iter(rows)), list(rows)[-1]) == ("17:00", "21:30")


def test_a_repeated_hour_is_two_starts(admin_client: Client) -> None:
    house = room(2, name="Night", timezone="Europe/London")
    house.service_periods.update(start_time="00:30", last_seating="02:00", end_time="03:00")

    page = admin_client.get(PAGE, {"date": "2027-10-31", "view": "week"})

    times = [row["time"] for row in page.context["rows"]]
    assert times[:10] == [
        *("00:30", "00:45", "01:00", "01:00 GMT", "01:15", "01:15 GMT", "01:30", "01:30 GMT"),
        *("01:45", "01:45 GMT"),
    ]
    assert [cell is None for cell in page.context["rows"][3]["cells"]] == [False] + [True] * 6


def test_starts_after_midnight_come_last(admin_client: Client) -> None:
    house = room(2, name="Bar")
    house.service_periods.update(start_time="22:00", last_seating="00:30", end_time="02:00")
    ServicePeriodFactory(restaurant=house, name="Lunch", start_time="12:00", last_seating="12:15", end_time="14:00")

    times = [row["time"] for row in page_of(admin_client, view="week").context["rows"]]

    assert (times[:2], times[-3:]) == (["12:00", "12:15"], ["00:00", "00:15", "00:30"])


def test_what_is_closed_says_so(admin_client: Client, house: Restaurant) -> None:
    ClosureFactory(restaurant=house, from_time="19:00", to_time="19:15")

    assert "19:00, closed" in text_of(page_of(admin_client))


@pytest.mark.parametrize(
    "query",
    [
        {"date": "nonsense"},
        {"date": "2100-12-31", "view": "week"},
        {"date": "2000-01-01"},
        {"view": "year"},
        {"slot": "now"},
        {"slot": "2027-01-01T00:00:00Z"},
    ],
)
def test_an_address_without_sense_is_a_page(admin_client: Client, house: Restaurant, query: dict[str, str]) -> None:
    page = page_of(admin_client, **query)

    assert page.status_code == 200
    assert page.context["chosen"] is None


def test_a_date_without_service_says_so(admin_client: Client, house: Restaurant) -> None:
    house.service_periods.update(weekdays=[days_ahead().isoweekday() % 7 + 1])

    assert "No service on" in text_of(page_of(admin_client))


def test_with_several_restaurants_the_page_asks_at_which(admin_client: Client, house: Restaurant) -> None:
    other = room(2, name="Bar")

    assert "Bar Bistro" in text_of(page_of(admin_client))
    assert page_of(admin_client, restaurant=other.pk).context["restaurant"] == other


def test_whoever_may_not_change_limits_gets_no_link_there(house: Restaurant) -> None:
    looking = client_with("bookings.view_booking", "capacity.view_bookingslot")
    book(house)

    chosen = page_of(looking, slot=slot_at(house, "19:00")).context["chosen"]

    assert {limit["edit"] for limit in chosen["limits"]} == {""}


@pytest.mark.parametrize("permission", ["bookings.view_booking", "capacity.view_bookingslot"])
def test_the_page_is_for_whoever_may_see_slots_and_bookings(house: Restaurant, permission: str) -> None:
    assert page_of(client_with(permission)).status_code == 403


def test_a_week_of_bookings_takes_a_fixed_number_of_queries(admin_client: Client, house: Restaurant) -> None:
    day = days_ahead()
    url = f"{PAGE}?view=week&date={day.isoformat()}&slot={slot_at(house, '19:00')}"
    for offset in range(-2, 10):
        book(house, business_date=day + timedelta(days=offset))
    few = count_queries(admin_client, url)

    for offset in range(7):
        for at in ("17:00", "18:30", "20:00"):
            book(house, at, business_date=day + timedelta(days=offset))
    book(house)

    assert count_queries(admin_client, url) == few == 13


def test_the_last_start_before_the_clocks_go_back_is_edited_for_itself_alone(admin_client: Client) -> None:
    house = room(2, name="Night", timezone="Europe/London")
    house.service_periods.update(start_time="00:30", last_seating="02:00", end_time="03:00")

    page = admin_client.get(PAGE, {"date": "2027-10-31", "slot": "2027-10-31T00:45:00Z"})

    urls = {limit["name"]: urlsplit(limit["edit"]) for limit in page.context["chosen"]["limits"]}
    filled = dict(parse_qsl(urls["covers starting per slot"].query))
    assert (filled["from_time"], filled["to_time"]) == ("01:45", "02:00")
