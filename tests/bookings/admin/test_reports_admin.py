"""The page "Reports" of the admin: dates in, totals, charts and tables out."""

import pytest

from bookings.selectors.reports import MOST_DAYS
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, text_of
from tests.helpers.factories import BookingFactory, CapacityRuleFactory, days_ahead, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

REPORTS = "/admin/reports/"
MAY_READ = ("bookings.view_booking", "bookings.view_decision")
ON = days_ahead()


@pytest.fixture
def house() -> Restaurant:
    house = open_restaurant(name="Bistro")
    CapacityRuleFactory(restaurant=house, max_covers=20)
    BookingFactory(restaurant=house, business_date=ON, party_size=7)
    BookingFactory(restaurant=house, business_date=ON, party_size=2, status="no_show")
    return house


def test_the_page_shows_totals_and_dates(house: Restaurant) -> None:
    page = text_of(client_with(*MAY_READ).get(REPORTS, {"first": f"{ON}", "last": f"{ON}"}))

    assert "Covers 7 Parties 1 Of the limits on covers 35% No-shows 1 (50.0% of parties) Lost covers 0" in page
    assert f"{ON:%a %-d %b %Y} 1 7 20 35 % 0 2 0" in page
    assert "Nobody was refused." in page


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (f"{ON}", "2026-01-01", f"there are at most {MOST_DAYS} dates between"),
        ("2000-01-01", "2001-01-01", f"there are at most {MOST_DAYS} dates between"),
        ("", "x", "Enter a valid date."),
        ("0001-01-01", "9999-12-31", "Must be a date of the years 2000 to 2100."),
    ],
)
def test_wrong_dates_are_named_and_show_no_report(house: Restaurant, first: str, last: str, said: str) -> None:
    answer = client_with(*MAY_READ).get(REPORTS, {"first": first, "last": last})

    assert answer.status_code == 200
    assert said in text_of(answer)
    assert "Parties" not in text_of(answer)


def test_without_dates_the_last_four_weeks_are_shown(house: Restaurant) -> None:
    assert "Nothing was booked." in text_of(client_with(*MAY_READ).get(REPORTS))


def test_of_several_restaurants_one_is_chosen(house: Restaurant) -> None:
    open_restaurant(name="Bar")

    page = text_of(client_with(*MAY_READ).get(REPORTS))

    assert "Bar Bistro" in page
    assert client_with(*MAY_READ).get(REPORTS, {"restaurant": "999999999"}).status_code == 404


def test_only_who_may_see_bookings_and_decisions_sees_it(house: Restaurant) -> None:
    assert client_with(*MAY_READ[:1]).get(REPORTS).status_code == 403


def test_the_queries_do_not_grow_with_the_bookings(house: Restaurant) -> None:
    client = client_with(*MAY_READ)
    url = f"{REPORTS}?first={days_ahead(-20)}&last={days_ahead(40)}"
    few = count_queries(client, url)

    for number in range(12):
        BookingFactory(restaurant=house, business_date=days_ahead(number), party_size=2 + number % 3)

    assert count_queries(client, url) == few
