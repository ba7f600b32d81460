"""The guest's details are corrected: the history keeps both, and nothing that counts is touched."""

import pytest
from django.contrib.auth.models import User

from bookings.models import Booking
from bookings.services import GuestDetails, cancel_booking, correct_guest
from config.errors import EditIsStale, RecordNotFound
from tables.models import Restaurant
from tests.helpers.dining_room import ANN, book, everything_written, faults, history, latest, room
from tests.helpers.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

GRACE = GuestDetails("Grace Hopper", "grace@example.com", "+442079460001")


@pytest.fixture
def house() -> Restaurant:
    return room(4)


def test_the_history_keeps_the_old_details_and_the_new(house: Restaurant) -> None:
    host: User = UserFactory(username="host")
    booking = book(house)

    corrected = correct_guest(booking_id=booking.pk, guest=GRACE, notes="By the window", allergies="", actor=host)

    stored = Booking.objects.get()
    assert (stored.guest_name, stored.guest_email, stored.guest_phone) == (GRACE.name, GRACE.email, GRACE.phone)
    assert (stored.notes, stored.version, corrected.version) == ("By the window", 2, 2)
    event = latest(booking)
    assert (event.kind, event.actor_label) == ("corrected", "host")
    assert event.from_value == {
        "guest_name": "Ann Lee",
        "guest_email": "ann@example.com",
        "guest_phone": "+442071838750",
        "notes": "",
    }
    assert event.to_value == {
        "guest_name": "Grace Hopper",
        "guest_email": "grace@example.com",
        "guest_phone": "+442079460001",
        "notes": "By the window",
    }


def test_only_what_differs_is_told(house: Restaurant) -> None:
    booking = book(house)

    correct_guest(booking_id=booking.pk, guest=GuestDetails("Anne Lee", ANN.email, ANN.phone), notes="", allergies="")

    assert (latest(booking).from_value, latest(booking).to_value) == (
        {"guest_name": "Ann Lee"},
        {"guest_name": "Anne Lee"},
    )


def test_no_service_day_is_locked_and_nothing_counts_otherwise(house: Restaurant) -> None:
    booking = book(house)
    versions = list(house.service_days.order_by("pk").values_list("version", flat=True))

    correct_guest(booking_id=booking.pk, guest=GRACE, notes="", allergies="")

    assert list(house.service_days.order_by("pk").values_list("version", flat=True)) == versions
    assert faults(house) == []


def test_a_correction_of_nothing_writes_nothing(house: Restaurant) -> None:
    booking = book(house)
    before = everything_written(house)

    correct_guest(booking_id=booking.pk, guest=ANN, notes="", allergies="", expected_version=7)

    assert everything_written(house) == before


def test_a_correction_of_what_somebody_has_changed_is_stale(house: Restaurant) -> None:
    booking = book(house)
    correct_guest(booking_id=booking.pk, guest=GRACE, notes="", allergies="")
    before = everything_written(house)

    with pytest.raises(EditIsStale):
        correct_guest(booking_id=booking.pk, guest=ANN, notes="", allergies="", expected_version=1)

    assert everything_written(house) == before


def test_a_cancelled_booking_can_be_corrected(house: Restaurant) -> None:
    booking = book(house)
    cancel_booking(booking_id=booking.pk)

    correct_guest(booking_id=booking.pk, guest=GRACE, notes="", allergies="")

    assert history(booking) == ["created", "cancelled", "corrected"]
    assert Booking.objects.get().version == 3


def test_a_booking_that_is_not_there_is_not_found() -> None:
    with pytest.raises(RecordNotFound):
        correct_guest(booking_id=1, guest=GRACE, notes="", allergies="")
