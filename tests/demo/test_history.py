"""The past days of the demo's bar: made by the services, true to their clock, audited, and made once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import F

from bookings.choices import BookingStatus, DecisionVerdict
from bookings.insight.audit import AuditScope, audit
from bookings.models import Booking, BookingEvent, CapacityOverride, Decision, RolloutNote, TableAssignment
from capacity.clock import read_clock
from demo.history import list_dates_to_play, play_date, plot_date
from demo.history.plot import LONGEST_LEAD, DatePlot, Ending, ServiceHours
from demo.stage import import_missing, play_missing
from tables.models import Restaurant
from tests.helpers.factories import BookingFactory

with_database = pytest.mark.django_db(transaction=True)
SATURDAY, WEDNESDAY = date(2026, 11, 21), date(2026, 11, 18)


def hours(on: date) -> tuple[ServiceHours, ...]:
    opens = datetime(on.year, on.month, on.day, 16, tzinfo=UTC)
    quarter = timedelta(minutes=15)
    return (
        ServiceHours(tuple(opens + quarter * number for number in range(12)), is_evening=False),
        ServiceHours(tuple(opens + quarter * number for number in range(12, 35)), is_evening=True),
    )


def plot(on: date) -> DatePlot:
    return plot_date(on, hours(on), largest_party=10, seating_types=["bar", "indoor"])


def silent(_: object) -> None:
    """Say nothing."""


def test_the_same_date_has_the_same_guests_and_another_has_others() -> None:
    assert plot(SATURDAY) == plot(SATURDAY)
    assert [request.visit for request in plot(SATURDAY).requests] != [each.visit for each in plot(WEDNESDAY).requests]


@pytest.mark.parametrize(("on", "requests"), [(WEDNESDAY, 8), (SATURDAY, 13)])
def test_a_date_has_eight_to_thirteen_requests(on: date, requests: int) -> None:
    assert len(plot(on).requests) == requests


def test_everybody_asks_before_coming_sits_after_that_and_leaves_last() -> None:
    for number in range(60):
        for request in plot(SATURDAY - timedelta(days=number)).requests:
            assert timedelta() < request.starts_at - request.asked_at <= LONGEST_LEAD
            assert request.asked_at < request.cancels_at < request.starts_at <= request.sits_at < request.leaves_at
            assert request.arrives_at is None or request.asked_at < request.arrives_at < request.sits_at


def test_sixty_dates_have_every_ending_and_parties_too_large() -> None:
    requests = [each for number in range(60) for each in plot(SATURDAY - timedelta(days=number)).requests]

    assert {request.ending for request in requests} == set(Ending)
    assert {request.visit.party_size for request in requests} > {1, 2, 4, 8, 12}


@pytest.fixture
def bar() -> Restaurant:
    (bar,) = [house for house in import_missing(silent) if house.slug == "demo-bar"]
    return bar


def play_busiest(bar: Restaurant) -> date:
    dates = list_dates_to_play(bar, 8)
    on = max(dates, key=lambda each: len(plot_of(bar, each, dates[each]).requests))
    play_date(bar, plot_of(bar, on, dates[on]), progress=silent)
    return on


def plot_of(bar: Restaurant, on: date, services: tuple[ServiceHours, ...]) -> DatePlot:
    return plot_date(on, services, largest_party=bar.party_size_max, seating_types=["bar", "indoor", "outdoor"])


@with_database
def test_a_busy_date_is_played_by_the_services_at_its_own_time_and_audited(bar: Restaurant) -> None:
    on = play_busiest(bar)

    parties = Booking.objects.filter(restaurant=bar)
    began, ended = on - LONGEST_LEAD - timedelta(days=1), read_clock()
    assert set(parties.values_list("status", flat=True)) <= {"completed", "cancelled", "no_show"}
    assert parties.filter(status=BookingStatus.COMPLETED, left_at__gt=F("seated_at")).count() >= 8
    assert Decision.objects.filter(verdict=DecisionVerdict.WAIVED, mode="shadow").exists()
    for rows in (Booking, BookingEvent, TableAssignment, Decision, CapacityOverride):
        name = "decided_at" if rows is Decision else "created_at"
        moments = list(rows._default_manager.values_list(name, flat=True))
        assert moments, rows
        assert all(began <= moment.date() <= on + timedelta(days=1) for moment in moments), rows
        assert max(moments) < ended - timedelta(hours=2)
    report = audit(AuditScope(from_date=on - timedelta(days=1)))
    assert (report.overbookings, report.problems) == ([], [])
    assert report.authorised_excess or Decision.objects.filter(reasons__0__code="NO_TABLE").exists()

    assert_dated_by_what_made_them(bar)
    assert on not in list_dates_to_play(bar, 8)


def assert_dated_by_what_made_them(bar: Restaurant) -> None:
    events = BookingEvent.objects.filter(restaurant=bar).select_related("booking")
    moments = {"created": "created_at", "seated": "seated_at", "left": "left_at", "arrived": "arrived_at"}
    known = [event for event in events if event.kind in moments]
    assert len(known) > 20
    assert [each.created_at for each in known] == [getattr(each.booking, moments[each.kind]) for each in known]
    created = Decision.objects.filter(operation="create", booking__isnull=False)
    assert dict(created.values_list("booking_id", "decided_at")) == dict(
        Booking.objects.values_list("pk", "created_at")
    )
    assert not Booking.objects.filter(updated_at__lt=F("created_at")).exists()


@with_database
def test_a_date_on_which_somebody_booked_is_left_alone(bar: Restaurant) -> None:
    on, *others = list_dates_to_play(bar, 8)
    BookingFactory(service_day=bar.service_days.filter(business_date=on)[0])

    assert list(list_dates_to_play(bar, 8)) == others


@with_database
def test_a_second_start_plays_nothing_and_notes_the_tickets_once(bar: Restaurant) -> None:
    houses = list(Restaurant.objects.order_by("slug"))
    played = play_missing(houses, days=4)
    made = (Booking.objects.count(), Decision.objects.count(), RolloutNote.objects.count())

    assert played > 0
    assert made[2] == 3
    assert play_missing(houses, days=4) == 0
    assert (Booking.objects.count(), Decision.objects.count(), RolloutNote.objects.count()) == made


@with_database
def test_an_interrupted_date_has_its_rows_in_the_past_and_is_not_played_again(bar: Restaurant) -> None:
    class PowerCut(Exception):
        pass

    def cut(_: object) -> None:
        if Booking.objects.count() == 2:
            raise PowerCut

    dates = list_dates_to_play(bar, 8)
    on, services = next(iter(dates.items()))
    with pytest.raises(PowerCut):
        play_date(bar, plot_of(bar, on, services), progress=cut)

    assert all(made.date() <= on for made in Booking.objects.values_list("created_at", flat=True))
    assert on not in list_dates_to_play(bar, 8)


@with_database
def test_no_days_are_no_history(bar: Restaurant) -> None:
    assert play_missing([bar], days=0) == 0
    assert not bar.service_days.exists()
