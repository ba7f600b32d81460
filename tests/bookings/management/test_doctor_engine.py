"""What the doctor says of slots, auditor, enforcement and restaurants."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateEvent
from pytest_django import Settings

from bookings.insight.audit.keeping import audit_capacity
from bookings.management.doctor import engine, restaurants
from bookings.management.doctor.findings import Deployment
from bookings.models import AuditRun
from bookings.services import materialize_service_days
from bookings.services.upkeep.deferral import defer_jobs
from capacity.models import EnforcementSwitch
from capacity.selectors import read_clock
from tables.choices import EnforcementMode, TableStatus
from tables.models import Restaurant, Table
from tests.helpers.doctor_findings import OK, PROBLEM, WARNING, levels, said
from tests.helpers.factories import (
    BookingFactory,
    CapacityRuleFactory,
    RestaurantFactory,
    TurnTimeFactory,
    days_ahead,
    open_restaurant,
)
from tests.helpers.job_workers import jobs

pytestmark = pytest.mark.django_db(transaction=True)


# Slots


def materialize_days(restaurant: Restaurant, days: int) -> None:
    today = read_clock().astimezone(restaurant.zone).date()
    last = today + timedelta(days=days - 1)
    materialize_service_days(restaurant_id=restaurant.pk, from_date=today, to_date=last)


def test_services_that_are_not_there_yet_are_a_warning_with_the_command() -> None:
    bistro, closed = open_restaurant(slug="bistro"), open_restaurant(slug="closed", active=False)
    materialize_days(bistro, 5)

    assert levels(engine.check_horizon, Deployment(days=5)) == [OK]
    assert levels(engine.check_horizon, Deployment(days=7)) == [WARNING]
    assert "missing in the next 7 days: bistro (2) -> manage.py materialize_slots --days 7" in said(
        engine.check_horizon, Deployment(days=7)
    )
    assert closed.slug not in said(engine.check_horizon, Deployment(days=7))


def test_a_restaurant_whose_zone_is_not_known_hides_no_other() -> None:
    RestaurantFactory(slug="away", timezone="Mars/Phobos")
    bistro = open_restaurant(slug="bistro")
    materialize_days(bistro, 5)

    assert levels(engine.check_horizon, Deployment(days=5)) == [OK]
    assert levels(engine.check_horizon, Deployment(days=7)) == [WARNING]


# Auditor


def test_an_auditor_that_never_looked_or_looked_long_ago_is_a_problem() -> None:
    assert levels(engine.check_auditor) == [PROBLEM]

    audit_capacity()
    assert levels(engine.check_auditor) == [OK, OK]

    AuditRun.objects.update(started_at=F("started_at") - timedelta(minutes=6))
    assert levels(engine.check_auditor) == [PROBLEM, OK]
    assert "6 minutes old -> manage.py audit_capacity" in said(engine.check_auditor)


def test_an_audit_of_a_part_is_none() -> None:
    audit_capacity(restaurant_id=open_restaurant().pk)

    assert levels(engine.check_auditor) == [PROBLEM]


def test_what_the_auditor_found_is_a_problem() -> None:
    restaurant = open_restaurant()
    CapacityRuleFactory(restaurant=restaurant, max_covers=4)
    BookingFactory(restaurant=restaurant, business_date=days_ahead(), party_size=2, is_counted=False)
    audit_capacity()
    assert levels(engine.check_auditor) == [OK, PROBLEM]
    assert "problem 16 problems, as counters that drifted" in said(engine.check_auditor)

    BookingFactory(restaurant=restaurant, business_date=days_ahead(), party_size=6, is_counted=False)
    audit_capacity()
    assert levels(engine.check_auditor) == [OK, PROBLEM]
    assert "problem 1 overbooking beyond what was authorised" in said(engine.check_auditor)


# Ledger


@pytest.mark.parametrize(("is_kept", "days", "level"), [(True, 30, OK), (True, 29, WARNING), (False, 90, WARNING)])
def test_decisions_that_no_report_would_find_are_a_warning(
    settings: Settings, is_kept: bool, days: int, level: str
) -> None:
    settings.DECISION_LEDGER, settings.LEDGER_DAYS = is_kept, days

    assert levels(engine.check_ledger) == [level]


# Enforcement


def test_each_way_in_which_limits_are_not_enforced_is_a_warning(settings: Settings) -> None:
    open_restaurant(slug="bistro")
    assert levels(engine.check_enforcement) == [OK]

    open_restaurant(slug="bar", enforcement=EnforcementMode.SHADOW)
    open_restaurant(slug="closed", enforcement=EnforcementMode.SHADOW, active=False)
    assert said(engine.check_enforcement).startswith("warning in shadow mode, limits refuse nobody: bar -> ")

    EnforcementSwitch.objects.create(enforced=False, reason="rush of errors")
    settings.ENABLE_CAPACITY_ENFORCEMENT = False
    assert levels(engine.check_enforcement) == [WARNING, WARNING, WARNING]
    assert "UTC: rush of errors -> " in said(engine.check_enforcement)
    assert "ENABLE_CAPACITY_ENFORCEMENT is false" in said(engine.check_enforcement)


# Restaurants


def test_no_restaurant_or_one_that_never_opens_is_a_warning() -> None:
    RestaurantFactory(active=False)
    assert said(restaurants.check_restaurants).startswith("warning none is active")

    open_restaurant()
    assert levels(restaurants.check_restaurants) == [OK]

    RestaurantFactory(slug="never-open")
    assert said(restaurants.check_restaurants).startswith("warning never open, no service period: never-open ")


def test_a_restaurant_without_a_rule_is_a_warning() -> None:
    CapacityRuleFactory(restaurant=open_restaurant(slug="limited"))
    assert levels(restaurants.check_rules) == [OK]

    open_restaurant(slug="boundless")
    assert said(restaurants.check_rules).startswith("warning no limit at all: boundless -> Configure capacity rules")


def test_a_restaurant_that_seats_at_tables_and_has_none_is_a_problem() -> None:
    open_restaurant(slug="numbers-only")
    open_restaurant(slug="bistro", tables=1)
    assert levels(restaurants.check_tables) == [OK]

    Table.objects.update(status=TableStatus.OUT_OF_SERVICE)
    assert levels(restaurants.check_tables) == [PROBLEM]
    assert "every party is refused: bistro -> " in said(restaurants.check_tables)


def test_settings_that_are_probably_not_meant_are_named() -> None:
    restaurant = open_restaurant(slug="bistro", tables=2)
    assert levels(restaurants.check_advice) == [OK]

    CapacityRuleFactory(restaurant=restaurant, occupancy_covers=9)
    TurnTimeFactory(restaurant=restaurant, up_to=4)
    assert levels(restaurants.check_advice) == [WARNING, WARNING]
    assert "bistro: A limit of 9 on covers present is above the 8 seats" in said(restaurants.check_advice)
    assert "bistro: Dinner: no turn time for parties of 5 to 8" in said(restaurants.check_advice)

    # Where numbers alone count, the tables' seats are no measure.
    restaurant.service_periods.update(seating_mode="covers")
    assert levels(restaurants.check_advice) == [WARNING]


# Queue


def test_a_job_that_is_late_is_a_problem_and_a_dead_one_a_warning(empty_queue: None) -> None:
    assert levels(engine.check_queue) == [OK]

    defer_jobs("materialize_restaurant", {"restaurant_id": 1})
    assert levels(engine.check_queue) == [OK]
    ProcrastinateEvent.objects.get_queryset().update(at=Now() - timedelta(minutes=12))
    assert levels(engine.check_queue) == [PROBLEM]
    assert "due and not begun: slots since 12 min -> manage.py worker" in said(engine.check_queue)

    jobs().update(status="doing")
    jobs().update(status="failed")
    assert levels(engine.check_queue) == [WARNING]
    assert "dead jobs: slots (1)" in said(engine.check_queue)
