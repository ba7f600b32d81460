"""What the demo makes: bookings within the limits, the same again after an interruption, a user, a free port."""

import socket
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import override_settings

from bookings.choices import BookingStatus
from bookings.insight.audit import AuditScope, audit
from bookings.insight.explain import explain_availability
from bookings.models import Booking
from bookings.services import (
    GuestDetails,
    cancel_booking,
    create_booking_with_capacity_check,
    materialize_service_days,
)
from capacity.selectors import read_clock
from demo.accounts import ensure_ops_account
from demo.seeding import ServicePlan, book_service, due, next_friday, plan_services
from demo.server import HOST, PortNotAvailable, require_free_port
from demo.stage import book_missing, import_missing
from demo.welcome import welcome_lines
from tables.models import Restaurant

with_database = pytest.mark.django_db(transaction=True)


def silent(_: object) -> None:
    """Say nothing."""


@pytest.fixture
def houses() -> list[Restaurant]:
    houses = import_missing(silent)
    today = read_clock().date()
    for house in houses:
        materialize_service_days(restaurant_id=house.pk, from_date=today, to_date=today + timedelta(days=8))
    return houses


def plan_full_evening(house: Restaurant, weeks_later: int = 0) -> ServicePlan:
    (plan,) = plan_services(restaurant=house, days=0, has_full_evening=True)
    if not weeks_later:
        return plan
    later = plan.service_day.business_date + timedelta(weeks=weeks_later)
    materialize_service_days(restaurant_id=house.pk, from_date=later, to_date=later)
    day = house.service_days.prefetch_related("slots").get(business_date=later, service_period__name="Dinner")
    starts = sorted(slot.starts_at for slot in day.slots.all() if slot.bookable)
    return replace(plan, service_day=day, starts=starts, covers=0, numbers=set())


@pytest.mark.parametrize(("today", "friday"), [("2026-11-26", "2026-11-27"), ("2026-11-27", "2026-12-04")])
def test_next_friday_is_never_today(today: str, friday: str) -> None:
    assert next_friday(date.fromisoformat(today)) == date.fromisoformat(friday)


@with_database
def test_the_demo_is_the_bistro_and_the_bar(houses: list[Restaurant]) -> None:
    assert [house.slug for house in houses] == ["demo-bistro", "demo-bar"]
    assert [house.tables.count() for house in houses] == [24, 11]
    assert [house.service_periods.count() for house in houses] == [2, 2]


@with_database
def test_what_somebody_changed_in_a_restaurant_stays(houses: list[Restaurant]) -> None:
    Restaurant.objects.filter(slug="demo-bar").update(name="My Bar")

    assert [house.name for house in import_missing(silent)] == ["Demo Bistro", "My Bar"]


@with_database
def test_next_friday_evening_at_the_bistro_is_nearly_full_and_not_overbooked(houses: list[Restaurant]) -> None:
    plan = plan_full_evening(houses[0])

    book_service(plan, progress=silent)

    day = plan.service_day
    day.refresh_from_db()
    assert day.business_date == next_friday(read_clock().astimezone(houses[0].zone).date())
    assert day.service_period.name == "Dinner"
    assert (day.max_covers, day.excess_covers) == (100, 0)
    assert 90 <= day.booked_covers <= 100
    report = audit(AuditScope())
    assert (report.is_clean, report.authorised_excess) == (True, [])


@with_database
@pytest.mark.parametrize("weeks_later", [0, 1])
def test_six_at_half_past_seven_that_first_fit_refuses_are_seated_by_moving_others(
    houses: list[Restaurant], weeks_later: int
) -> None:
    plan = plan_full_evening(houses[0], weeks_later=weeks_later)
    book_service(plan, progress=silent)

    explanation = explain_availability(
        restaurant_id=houses[0].pk,
        business_date=plan.service_day.business_date,
        wall_time=time(19, 30),
        party_size=6,
        compare="first-fit",
    )

    assert explanation.comparison is not None
    assert not explanation.comparison.is_accepted
    assert explanation.assessment.is_available
    assert explanation.plan is not None
    assert explanation.plan.moves
    receipt = create_booking_with_capacity_check(
        restaurant_id=houses[0].pk,
        business_date=plan.service_day.business_date,
        wall_time=time(19, 30),
        party_size=6,
        guest=GuestDetails(name="Ada Lovelace", email="ada@example.com", phone="+442079460018"),
    )
    given = receipt.booking.assignments.values_list("table__number", flat=True)
    assert sorted(given) == sorted(explanation.plan.tables)
    assert audit(AuditScope()).is_clean


@with_database
def test_evenings_that_will_be_full_are_left_alone_until_then(houses: list[Restaurant]) -> None:
    today = read_clock().astimezone(houses[0].zone).date()
    materialize_service_days(
        restaurant_id=houses[0].pk, from_date=today, to_date=next_friday(today) + timedelta(days=7)
    )

    plans = plan_services(restaurant=houses[0], days=15, has_full_evening=True)

    fridays = [
        (plan.service_day.business_date, plan.is_to_be_full)
        for plan in plans
        if plan.service_day.service_period.name == "Dinner" and plan.service_day.business_date.weekday() == 4
    ]
    assert [each for each in fridays if each[0] > today] == [(next_friday(today), True)]


@with_database
def test_a_second_start_books_nothing_even_where_somebody_cancelled(houses: list[Restaurant]) -> None:
    bistro = houses[:1]
    book_missing(bistro, days=0)
    made = Booking.objects.count()
    assert made > 20
    cancelled = Booking.objects.filter(status=BookingStatus.CONFIRMED).latest("starts_at")
    cancel_booking(booking_id=cancelled.pk)

    assert book_missing(bistro, days=0) == 0
    assert Booking.objects.count() == made


@with_database
def test_an_interrupted_evening_goes_on_where_it_stopped(houses: list[Restaurant]) -> None:
    class PowerCut(Exception):
        pass

    def cut(_: object) -> None:
        if Booking.objects.count() == 5:
            raise PowerCut

    with pytest.raises(PowerCut):
        book_service(plan_full_evening(houses[0]), progress=cut)
    plan = plan_full_evening(houses[0])
    assert (len(plan.numbers), plan.covers) == (5, sum(Booking.objects.values_list("party_size", flat=True)))

    book_service(plan, progress=silent)

    assert plan.missing == 0
    assert not list(due([plan_full_evening(houses[0])]))


@with_database
def test_services_that_are_over_are_left_alone(houses: list[Restaurant]) -> None:
    plans = plan_services(restaurant=houses[0], days=1, has_full_evening=False)

    now = read_clock()
    assert all(start > now for plan in plans for start in plan.starts)
    assert [plan.missing for plan in plans if not plan.starts] == [0 for plan in plans if not plan.starts]


@pytest.fixture
def wanted_password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", "let me in, please")
    return "let me in, please"


@with_database
def test_the_ops_user_gets_a_password_that_the_next_start_finds_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_ADMIN_PASSWORD", raising=False)
    with override_settings(SECRET_KEY="of one demo"):
        first = ensure_ops_account()
        assert ensure_ops_account() == first
    user = get_user_model().objects.get(username="ops")
    assert (user.is_superuser, user.is_staff, user.check_password(first.password)) == (True, True, True)


@with_database
def test_a_password_that_somebody_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_ADMIN_PASSWORD", raising=False)
    ensure_ops_account()
    user = get_user_model().objects.get(username="ops")
    user.set_password("my own")
    user.save()

    assert ensure_ops_account().password is None
    user.refresh_from_db()
    assert user.check_password("my own")


@with_database
def test_the_environment_decides_on_the_password(wanted_password: str) -> None:
    get_user_model().objects.create_user("ops", password="another")

    assert ensure_ops_account().password == wanted_password
    assert get_user_model().objects.get(username="ops").check_password(wanted_password)


@with_database
def test_the_welcome_names_a_booking_that_is_free(houses: list[Restaurant], wanted_password: str) -> None:
    lines = list(welcome_lines(origin="http://127.0.0.1:8000", restaurant=houses[0], account=ensure_ops_account()))

    assert "user ops, password let me in, please" in lines[0]
    assert lines[-1].startswith("  curl http://127.0.0.1:8000/api/bookings -H 'Content-Type: application/json' -d '{")
    assert '"time": "19:00", "partySize": 2' in lines[-1]


@with_database
def test_without_a_free_start_no_booking_is_named(houses: list[Restaurant], wanted_password: str) -> None:
    houses[0].service_periods.update(retired_at=read_clock())

    lines = list(welcome_lines(origin="http://127.0.0.1:8000", restaurant=houses[0], account=ensure_ops_account()))

    assert not [line for line in lines if "curl" in line]


def test_a_port_where_somebody_listens_is_refused() -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortNotAvailable, match=f"Port {port} cannot be used: Address already in use"):
            require_free_port(port)
    require_free_port(port)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_does_not_exist_is_refused(port: int) -> None:
    with pytest.raises(PortNotAvailable, match=f"Port {port} cannot be used"):
        require_free_port(port)
