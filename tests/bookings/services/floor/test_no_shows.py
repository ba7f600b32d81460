"""Parties that do not come: their covers and tables are free."""

from datetime import UTC, datetime

import pytest

from bookings.choices import BookingStatus, EventKind
from bookings.errors import TransitionInvalid, TransitionUntimely
from bookings.services import mark_no_show
from capacity.models import ServiceDay
from config.errors import EditIsStale, RecordNotFound
from tests.helpers.factories import UserFactory
from tests.helpers.running_service import (
    assert_all_right,
    began,
    due,
    kept,
    kinds,
    latest,
    minutes,
    present_at,
    room_at_noon,
    rows_of,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_no_show_frees_covers_and_tables() -> None:
    house = room_at_noon(2)
    booking = began(house, 20, 2, "T1")
    host = UserFactory()

    absent = mark_no_show(booking_id=booking.pk, actor=host, expected_version=booking.version)

    assert (absent.status, absent.version) == (BookingStatus.NO_SHOW, booking.version + 1)
    assert kept(booking) == []
    assert present_at(house, booking.starts_at) == 0
    assert ServiceDay.objects.get(pk=booking.service_day_id).booked_covers == 0
    event = latest(booking)
    assert (event.kind, event.actor, event.from_value["tables"]) == (EventKind.NO_SHOW, host, ["T1"])
    assert event.to_value["tables"] == []
    assert_all_right(house)


def test_a_party_is_no_no_show_before_its_start_and_is_one_from_then_on() -> None:
    house = room_at_noon(2, 2)
    coming, starting = due(house, 2, "T1"), began(house, 0, 2, "T2")
    before = rows_of(house)

    with pytest.raises(TransitionUntimely, match="can only be cancelled"):
        mark_no_show(booking_id=coming.pk)

    assert rows_of(house) == before
    assert mark_no_show(booking_id=starting.pk).status == BookingStatus.NO_SHOW


def test_a_second_click_frees_nothing_more() -> None:
    house = room_at_noon(2)
    booking = began(house, 20, 2, "T1")
    first = mark_no_show(booking_id=booking.pk, expected_version=booking.version)

    again = mark_no_show(booking_id=booking.pk, expected_version=booking.version)

    assert again.version == first.version
    assert kinds(booking) == [EventKind.NO_SHOW]
    assert_all_right(house)


@pytest.mark.parametrize("status", ["held", "arrived", "seated", "completed", "cancelled", "expired"])
def test_only_a_confirmed_party_can_be_a_no_show(status: str) -> None:
    house = room_at_noon(2)
    booking = began(house, 20, 2, "T1", status=status, expires_at=datetime.now(UTC) + minutes(60))
    before = rows_of(house)

    with pytest.raises(TransitionInvalid):
        mark_no_show(booking_id=booking.pk)

    assert rows_of(house) == before


@pytest.mark.parametrize(("status", "article"), [("arrived", "An"), ("expired", "An"), ("seated", "A")])
def test_the_refusal_names_the_booking_in_plain_words(status: str, article: str) -> None:
    booking = began(room_at_noon(2), 20, 2, "T1", status=status, expires_at=datetime.now(UTC) + minutes(60))

    with pytest.raises(TransitionInvalid, match=f"^{article} {status} booking cannot become no_show$"):
        mark_no_show(booking_id=booking.pk)


def test_a_no_show_on_an_older_version_is_stale() -> None:
    booking = began(room_at_noon(2), 20, 2, "T1")

    with pytest.raises(EditIsStale):
        mark_no_show(booking_id=booking.pk, expected_version=booking.version + 1)

    assert kept(booking) != []


def test_an_unknown_booking_is_no_no_show() -> None:
    with pytest.raises(RecordNotFound):
        mark_no_show(booking_id=0)
