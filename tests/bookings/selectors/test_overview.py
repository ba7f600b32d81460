"""Today at a glance: which services, how full, in which mode."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db.models import F

from bookings.models import AuditRun, Booking
from bookings.selectors.bookings import get_telling_audit
from bookings.selectors.overview import RestaurantToday, list_restaurants_today, list_unlimited
from capacity.models import EnforcementSwitch, ServiceDay
from tables.models import Restaurant
from tests.helpers.factories import (
    BookingFactory,
    CapacityRuleFactory,
    ClosureFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    materialize,
    open_restaurant,
)

pytestmark = pytest.mark.django_db(transaction=True)


def today_of(restaurant: Restaurant) -> RestaurantToday:
    (found,) = list_restaurants_today([restaurant.pk])
    return found


def today_in(restaurant):
    return datetime.now(UTC).astimezone(restaurant.zone).date()


@pytest.fixture
def house():
    """Dinner at a house whose day is never about to end: the zone where it is about noon now."""
    hours = (12 - datetime.now(UTC).hour) % 24
    zone = f"Etc/GMT{-hours if hours <= 12 else 24 - hours:+d}" if hours else "Etc/GMT"
    return open_restaurant(name="Bistro", timezone=zone)


def test_todays_service_shows_booked_and_limit(house):
    CapacityRuleFactory(restaurant=house, max_covers=20, max_parties=9)
    BookingFactory(restaurant=house, business_date=today_in(house), wall_time=time(19), party_size=4)

    at = today_of(house)
    (service,) = at.services

    assert (service.name, service.business_date) == ("Dinner", today_in(house))
    assert (service.booked_covers, service.max_covers, service.booked_parties) == (4, 20, 1)
    assert list(list_unlimited(at.settings.periods, at.settings.rules)) == []


def test_a_service_without_a_row_is_computed_and_not_created(house):
    CapacityRuleFactory(restaurant=house, max_covers=20)

    (service,) = today_of(house).services

    assert (service.booked_covers, service.max_covers) == (0, 20)
    assert not ServiceDay.objects.exists()


def test_a_hold_that_is_over_does_not_count(house):
    booking = BookingFactory(restaurant=house, business_date=today_in(house), party_size=4)
    Booking.objects.filter(pk=booking.pk).update(status="held", expires_at=datetime.now(UTC) - timedelta(minutes=1))

    (service,) = today_of(house).services

    assert (service.booked_covers, service.booked_parties) == (0, 0)


def test_a_service_of_yesterday_that_still_runs_stands_first(house):
    (day,) = materialize(house, today_in(house))
    yesterday = today_in(house) - timedelta(days=1)
    ServiceDay.objects.filter(pk=day.pk).update(
        business_date=yesterday,
        starts_at=F("starts_at") - timedelta(days=1),
        ends_at=datetime.now(UTC) + timedelta(hours=1),
    )

    assert [service.business_date for service in today_of(house).services] == [
        yesterday,
        today_in(house),
    ]

    ServiceDay.objects.filter(pk=day.pk).update(ends_at=datetime.now(UTC) - timedelta(minutes=1))
    assert [service.business_date for service in today_of(house).services] == [today_in(house)]


def test_a_closed_service_says_so(house):
    ClosureFactory(restaurant=house, from_date=today_in(house), channel="online")
    assert [service.is_closed for service in today_of(house).services] == [True]


def test_a_closure_of_half_the_evening_is_not_a_closed_service(house):
    ClosureFactory(restaurant=house, from_date=today_in(house), from_time=time(17), to_time=time(19))
    assert [service.is_closed for service in today_of(house).services] == [False]


def test_a_period_that_only_a_dated_rule_limits_is_named_as_unlimited(house):
    lunch = ServicePeriodFactory(
        restaurant=house, name="Lunch", start_time=time(12), last_seating=time(14), end_time=time(15)
    )
    dinner = house.service_periods.get(name="Dinner")
    CapacityRuleFactory(restaurant=house, service_period=dinner, max_covers=20)
    CapacityRuleFactory(restaurant=house, from_date="2027-12-24", to_date="2027-12-24", max_covers=5)
    CapacityRuleFactory(restaurant=house, pacing_covers=5)

    settings = today_of(house).settings

    assert list(list_unlimited(settings.periods, settings.rules)) == [(lunch.pk, "Lunch")]


@pytest.mark.parametrize(
    ("environment", "switch", "own", "enforced", "decided_by"),
    [
        (True, None, "enforce", True, "environment, switch and restaurant all enforce"),
        (True, True, "enforce", True, "environment, switch and restaurant all enforce"),
        (True, True, "shadow", False, "the restaurant is set to shadow"),
        (True, False, "enforce", False, "the enforcement switch is off: stocktaking"),
        (True, False, "shadow", False, "the enforcement switch is off: stocktaking"),
        (False, True, "enforce", False, "ENABLE_CAPACITY_ENFORCEMENT is false in the environment"),
        (False, False, "shadow", False, "ENABLE_CAPACITY_ENFORCEMENT is false in the environment"),
    ],
)
def test_the_weakest_of_three_decides_the_mode(settings, environment, switch, own, enforced, decided_by):
    settings.ENABLE_CAPACITY_ENFORCEMENT = environment
    if switch is not None:
        EnforcementSwitch.objects.create(pk=1, enforced=switch, reason="stocktaking")
    mode = today_of(RestaurantFactory(enforcement=own)).mode

    assert (mode.is_enforced, mode.decided_by) == (enforced, decided_by)


def test_restaurants_come_by_name():
    ids = [RestaurantFactory(name=name).pk for name in ("Zeta", "Alpha")]

    assert [at.restaurant.name for at in list_restaurants_today(ids)] == ["Alpha", "Zeta"]


def audit(minutes_ago, *, restaurant=None, has_overbooking=False):
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return AuditRun.objects.create(
        started_at=at, finished_at=at, restaurant=restaurant, has_overbooking=has_overbooking
    )


def test_the_latest_full_audit_speaks():
    audit(9)
    full = audit(5)
    audit(1, restaurant=RestaurantFactory())

    assert get_telling_audit() == full


def test_a_later_audit_of_one_restaurant_speaks_if_it_found_an_overbooking():
    audit(9, restaurant=RestaurantFactory(), has_overbooking=True)
    audit(5)
    alarm = audit(1, restaurant=RestaurantFactory(), has_overbooking=True)

    assert get_telling_audit() == alarm


def test_without_an_audit_there_is_none():
    assert get_telling_audit() is None


def test_six_queries_however_many_restaurants(house, django_assert_num_queries):
    with django_assert_num_queries(6):
        today_of(house)
    others = [open_restaurant() for _ in range(3)]
    for other in others:
        CapacityRuleFactory(restaurant=other, max_covers=20)
        materialize(other, today_in(other))

    with django_assert_num_queries(6):
        assert len(list_restaurants_today([house.pk, *(other.pk for other in others)])) == 4
