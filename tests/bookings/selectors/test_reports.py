"""The course of business: every party once, in the right column, and every refused request once."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.errors import RequestRefused
from bookings.models import Booking
from bookings.selectors.reports import Amount, BusinessReport, LeadTime, get_business_report
from tables.models import Restaurant
from tests.helpers.dining_room import book
from tests.helpers.factories import (
    BookingFactory,
    CapacityRuleFactory,
    ServicePeriodFactory,
    TurnTimeFactory,
    materialize,
    open_restaurant,
)
from tests.helpers.factories import days_ahead as ahead

pytestmark = pytest.mark.django_db(transaction=True)

ON = ahead()


@pytest.fixture
def house() -> Restaurant:
    house = open_restaurant(name="Bistro")
    CapacityRuleFactory(restaurant=house, max_covers=20)
    return house


def report_on(house: Restaurant, first: date = ON, last: date = ON) -> BusinessReport:
    return get_business_report(restaurant_id=house.pk, from_date=first, to_date=last)


def test_each_party_is_in_its_column(house: Restaurant) -> None:
    for party_size, row in (
        (2, {}),
        (4, {"status": "no_show"}),
        (3, {"status": "cancelled"}),
        (5, {"source": "walk_in"}),
    ):
        BookingFactory(restaurant=house, business_date=ON, party_size=party_size, **row)
    BookingFactory(restaurant=house, business_date=ON, status="expired", expires_at=None)
    BookingFactory(business_date=ON)

    (row,) = report_on(house).dates

    assert (row.seated, row.walk_ins) == (Amount(2, 7), Amount(1, 5))
    assert (row.no_shows, row.cancelled) == (Amount(1, 4), Amount(1, 3))
    assert (row.max_covers, row.percent) == (20, 35)


def test_a_date_with_a_service_and_without_a_booking_is_shown_and_others_are_not(house: Restaurant) -> None:
    materialize(house, ON)

    rows = report_on(house, ON - timedelta(days=3), ON).dates

    assert [(row.business_date, row.seated.parties) for row in rows] == [(ON, 0)]


def test_one_service_without_a_limit_leaves_the_date_without_one(house: Restaurant) -> None:
    lunch = ServicePeriodFactory(
        restaurant=house, name="Lunch", start_time=time(12), last_seating=time(14), end_time=time(15)
    )
    house.capacity_rules.all().delete()
    CapacityRuleFactory(restaurant=house, service_period=lunch, max_covers=20)
    materialize(house, ON)

    (row,) = report_on(house).dates

    assert (row.max_covers, row.percent) == (None, None)


def test_covers_are_averaged_over_the_dates_of_a_weekday_and_midnight_is_late(house: Restaurant) -> None:
    house.service_periods.all().delete()
    bar = ServicePeriodFactory(
        restaurant=house, name="Bar", start_time=time(18), last_seating=time(1), end_time=time(2)
    )
    assert bar.restaurant == house
    materialize(house, ON + timedelta(days=7))
    for wall_time, party_size in ((time(0, 30), 2), (time(18, 45), 5), (time(18), 4)):
        BookingFactory(restaurant=house, business_date=ON, wall_time=wall_time, party_size=party_size)
    place = ON.isoweekday() - 1

    rows = report_on(house, ON, ON + timedelta(days=7)).hours

    assert [(row.hour, row.covers[place]) for row in rows] == [(18, 4.5), (0, 1.0)]
    assert {row.covers[day] for row in rows for day in range(7) if day != place} == {None}


def test_lead_times_leave_walk_ins_out(house: Restaurant) -> None:
    for days in (0, 1, 6, 7, 100):
        booking = BookingFactory(restaurant=house, business_date=ON)
        Booking.objects.filter(pk=booking.pk).update(created_at=booking.starts_at - timedelta(days=days))
    BookingFactory(restaurant=house, business_date=ON, source="walk_in")

    assert report_on(house).lead_times == (
        LeadTime(0, 0, Amount(1, 2)),
        LeadTime(1, 1, Amount(1, 2)),
        LeadTime(2, 6, Amount(1, 2)),
        LeadTime(7, 13, Amount(1, 2)),
        LeadTime(30, None, Amount(1, 2)),
    )


def test_a_guest_who_asks_again_is_lost_once(house: Restaurant) -> None:
    TurnTimeFactory(restaurant=house, up_to=1000, minutes=90)
    BookingFactory(restaurant=house, business_date=ON, party_size=18)
    for party_size in (3, 3, 4):
        with pytest.raises(RequestRefused):
            book(house, "19:00", party_size)

    (lost,) = report_on(house).lost

    assert (lost.code, lost.amount) == ("SERVICE_COVERS", Amount(2, 7))


def test_any_number_of_bookings_takes_seven_queries(house: Restaurant) -> None:
    for _ in range(3):
        BookingFactory(restaurant=house, business_date=ON, party_size=1)

    with CaptureQueriesContext(connection) as queries:
        report_on(house)

    assert len(queries) == 7
