"""Cancelling: frees covers and tables once, by whoever may."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bookings.choices import BookingStatus, EventKind
from bookings.errors import CancellationTooLate, TransitionInvalid
from bookings.models import Booking, BookingEvent, CapacityOverride, TableAssignment
from bookings.services import GuestDetails, cancel_booking, create_booking_with_capacity_check
from capacity.models import BookingSlot, ServiceDay
from config.errors import EditIsStale, RecordNotFound
from tables.models import Restaurant
from tests.helpers.factories import (
    BookingFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TableFactory,
    TurnTimeFactory,
    UserFactory,
    days_ahead,
)

pytestmark = pytest.mark.django_db(transaction=True)


def booked(**columns: Any) -> Booking:
    restaurant = RestaurantFactory(timezone="Etc/UTC", **columns)
    ServicePeriodFactory(restaurant=restaurant, seating_mode="tables")
    TurnTimeFactory(restaurant=restaurant)
    TableFactory(restaurant=restaurant)
    return book(restaurant)


def book(restaurant: Restaurant) -> Booking:
    return create_booking_with_capacity_check(
        restaurant_id=restaurant.pk,
        business_date=days_ahead(),
        wall_time=time(19),
        party_size=4,
        guest=GuestDetails("Ann Lee", "ann@example.com", "+442071838750"),
    ).booking


def assert_nothing_counts() -> None:
    assert not ServiceDay.objects.exclude(booked_covers=0, booked_parties=0, excess_covers=0).exists()
    empty = {"starting_covers": 0, "starting_parties": 0, "present_covers": 0, "present_parties": 0}
    assert not BookingSlot.objects.exclude(**empty).exists()


def test_cancelling_frees_covers_and_table() -> None:
    booking = booked()

    cancelled = cancel_booking(booking_id=booking.pk)

    assert (cancelled.status, cancelled.version) == (BookingStatus.CANCELLED, booking.version + 1)
    assert_nothing_counts()
    assert not TableAssignment.objects.exists()
    assert book(booking.restaurant).pk


def test_cancelling_twice_frees_once_and_answers_alike() -> None:
    booking = booked()
    first = cancel_booking(booking_id=booking.pk)

    again = cancel_booking(booking_id=booking.pk)

    assert (again.status, again.version) == (first.status, first.version)
    assert_nothing_counts()
    assert BookingEvent.objects.filter(booking=booking, kind=EventKind.CANCELLED).count() == 1


@pytest.mark.parametrize("status", [BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.ARRIVED])
def test_a_live_party_that_does_not_sit_yet_may_be_cancelled(status: BookingStatus) -> None:
    booking = booked()
    Booking.objects.filter(pk=booking.pk).update(status=status, expires_at=datetime.now(UTC) + timedelta(hours=1))

    assert cancel_booking(booking_id=booking.pk).status == BookingStatus.CANCELLED


@pytest.mark.parametrize(
    "status", [BookingStatus.SEATED, BookingStatus.COMPLETED, BookingStatus.NO_SHOW, BookingStatus.EXPIRED]
)
def test_a_party_that_sat_or_is_over_cannot_be_cancelled(status: BookingStatus) -> None:
    booking = booked()
    Booking.objects.filter(pk=booking.pk).update(status=status)

    with pytest.raises(TransitionInvalid):
        cancel_booking(booking_id=booking.pk)

    assert ServiceDay.objects.get().booked_covers == 4
    assert Booking.objects.get().status == status


def test_an_edit_on_an_older_version_is_stale() -> None:
    booking = booked()

    with pytest.raises(EditIsStale):
        cancel_booking(booking_id=booking.pk, expected_version=booking.version + 1)

    assert Booking.objects.get().status == BookingStatus.CONFIRMED
    assert cancel_booking(booking_id=booking.pk, expected_version=booking.version).status == "cancelled"


def test_a_guest_is_bound_by_the_cut_off_and_staff_are_not() -> None:
    booking = booked(cancel_cutoff_minutes=60 * 24 * 60)

    with pytest.raises(CancellationTooLate):
        cancel_booking(booking_id=booking.pk)

    manager = UserFactory(is_staff=True)
    assert cancel_booking(booking_id=booking.pk, actor=manager).status == BookingStatus.CANCELLED
    event = BookingEvent.objects.get(kind=EventKind.CANCELLED)
    assert (event.actor, event.actor_label) == (manager, manager.get_username())


def test_an_unknown_booking_is_not_found() -> None:
    with pytest.raises(RecordNotFound):
        cancel_booking(booking_id=0)


def test_a_booking_without_table_is_cancelled_like_any_other() -> None:
    legacy = BookingFactory()

    assert cancel_booking(booking_id=legacy.pk).status == BookingStatus.CANCELLED
    assert_nothing_counts()


def test_an_excess_falls_with_its_counter() -> None:
    booking = booked(enforcement="shadow")
    ServiceDay.objects.update(max_covers=0, excess_covers=4)
    CapacityOverride.objects.create(
        restaurant=booking.restaurant,
        service_day=booking.service_day,
        limit="SERVICE_COVERS",
        amount=4,
        source="settings",
        reason="limit lowered",
    )

    cancel_booking(booking_id=booking.pk)

    day = ServiceDay.objects.get()
    assert (day.booked_covers, day.excess_covers) == (0, 0)
