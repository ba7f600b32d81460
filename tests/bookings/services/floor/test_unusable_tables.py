"""Tables that are out of service, retired, blocked, or not for the party any more: nobody is brought back to them."""

from collections.abc import Callable
from functools import partial

import pytest

from bookings.choices import BookingStatus
from bookings.errors import CapacityExceeded, TablesNotSuitable
from bookings.models import Booking
from bookings.services import (
    extend_stay,
    leave_early,
    mark_arrived,
    mark_no_show,
    pin_tables,
    seat_party,
    undo_change,
)
from bookings.services.settings.table_status import set_table_status
from config.errors import DomainError
from tables.choices import TableStatus
from tables.models import Restaurant, TableBlock
from tests.helpers.dining_room import at_tables, ids, pins, table
from tests.helpers.running_service import (
    assert_all_right,
    began,
    due,
    kept,
    latest,
    minutes,
    room_at_noon,
    rows_of,
    seated,
)

pytestmark = pytest.mark.django_db(transaction=True)

Change = Callable[[Restaurant], object]


def put_out(house: Restaurant, number: str = "T1", status: TableStatus = TableStatus.OUT_OF_SERVICE) -> None:
    set_table_status(restaurant_id=house.pk, table_ids=ids(house, number), status=status)


def block(house: Restaurant) -> None:
    now = house.bookings.order_by("-starts_at")[0].starts_at
    TableBlock.objects.create(
        restaurant=house,
        table=table(house, "T1"),
        starts_at=now - minutes(60),
        ends_at=now + minutes(240),
        reason="a broken leg",
    )


def make_it_larger(house: Restaurant) -> None:
    one = table(house, "T1")
    one.min_party_size, one.max_party_size, one.capacity = 3, 4, 4
    one.save()


UNUSABLE = pytest.mark.parametrize(
    ("change", "why"),
    [
        (put_out, r"T1 is not in use \(out of service\)"),
        (partial(put_out, status=TableStatus.RETIRED), r"T1 is not in use \(retired\)"),
        (block, "T1 is blocked until .*: a broken leg"),
        (make_it_larger, "T1 can take a party of 3 to 4, not of 2"),
    ],
    ids=["out of service", "retired", "blocked", "too large"],
)


def undo(booking: Booking, keeps_tables: bool | None = None) -> Booking:
    return undo_change(booking_id=booking.pk, event_id=latest(booking).pk, keeps_tables=keeps_tables).booking


def status_of(booking: Booking) -> str:
    return Booking.objects.get(pk=booking.pk).status


@UNUSABLE
def test_a_no_show_comes_back_to_another_table_or_not_at_all(change: Change, why: str) -> None:
    house = room_at_noon(2, 2)
    booking = began(house, 20, 2, "T1")
    mark_no_show(booking_id=booking.pk)
    change(house)
    other = seated(house, 10, "T2")
    before = rows_of(house)

    with pytest.raises(CapacityExceeded, match=f"{why}, and there is no other room for the 2 guests"):
        undo(booking)
    with pytest.raises(CapacityExceeded):
        undo(booking, keeps_tables=True)
    assert rows_of(house) == before
    leave_early(booking_id=other.pk)
    undo(booking)

    assert (status_of(booking), at_tables(booking)) == (BookingStatus.CONFIRMED, ["T2"])


@UNUSABLE
def test_of_a_party_that_has_not_left_a_person_says_where_it_sits(change: Change, why: str) -> None:
    house = room_at_noon(2, 2)
    booking = seated(house, 30, "T1")
    sat_at = kept(booking)
    leave_early(booking_id=booking.pk)
    change(house)
    before = rows_of(house)

    with pytest.raises(TablesNotSuitable, match=f"{why}: say whether the party still sits there"):
        undo(booking)
    assert rows_of(house) == before
    undo(booking, keeps_tables=True)

    assert (status_of(booking), kept(booking)) == (BookingStatus.SEATED, sat_at)
    assert latest(booking).to_value["kept_although"].startswith("T1 ")


@UNUSABLE
def test_a_party_that_has_not_left_is_given_another_table_where_a_person_says_so(change: Change, why: str) -> None:
    house = room_at_noon(2, 2)
    booking = seated(house, 30, "T1")
    leave_early(booking_id=booking.pk)
    change(house)

    undo(booking, keeps_tables=False)

    assert (status_of(booking), at_tables(booking)) == (BookingStatus.SEATED, ["T2"])
    assert "kept_although" not in latest(booking).to_value


def test_a_party_is_not_said_to_sit_where_another_party_sits() -> None:
    house = room_at_noon(2, 2)
    booking = seated(house, 30, "T1")
    leave_early(booking_id=booking.pk)
    seated(house, 0, "T1")
    put_out(house)

    with pytest.raises(TablesNotSuitable):
        undo(booking)
    with pytest.raises(DomainError):
        undo(booking, keeps_tables=True)

    assert status_of(booking) == BookingStatus.COMPLETED


@UNUSABLE
def test_a_seating_by_mistake_is_undone_to_another_table(change: Change, why: str) -> None:
    house = room_at_noon(2, 2)
    booking = began(house, 10, 2, "T1")
    seat_party(booking_id=booking.pk)
    change(house)

    undo(booking)

    assert (status_of(booking), at_tables(booking)) == (BookingStatus.CONFIRMED, ["T2"])


@UNUSABLE
def test_an_arrival_by_mistake_is_undone_to_another_table_or_stays_where_a_person_says_so(
    change: Change, why: str
) -> None:
    house = room_at_noon(2, 2)
    booking = began(house, 10, 2, "T1")
    mark_arrived(booking_id=booking.pk)
    change(house)
    other = seated(house, 10, "T2")

    with pytest.raises(CapacityExceeded, match=why):
        undo(booking)
    undo(booking, keeps_tables=True)
    assert (status_of(booking), at_tables(booking)) == (BookingStatus.CONFIRMED, ["T1"])
    mark_arrived(booking_id=booking.pk)
    leave_early(booking_id=other.pk)
    undo(booking)

    assert (status_of(booking), at_tables(booking)) == (BookingStatus.CONFIRMED, ["T2"])


@UNUSABLE
def test_a_stay_at_such_a_table_is_made_longer_only_where_a_person_says_so(change: Change, why: str) -> None:
    house = room_at_noon(2, 2)
    booking = seated(house, 30, "T1")
    change(house)
    longer = booking.ends_at + minutes(30)

    with pytest.raises(TablesNotSuitable, match=why):
        extend_stay(booking_id=booking.pk, ends_at=longer)
    extend_stay(booking_id=booking.pk, ends_at=longer, keeps_tables=True)

    assert kept(booking) == [("T1", booking.starts_at, longer)]
    assert latest(booking).to_value["kept_although"].startswith("T1 ")
    undo(booking)
    assert kept(booking) == [("T1", booking.starts_at, booking.ends_at)]
    extend_stay(booking_id=booking.pk, ends_at=booking.ends_at - minutes(30))
    with pytest.raises(TablesNotSuitable):
        undo(booking)


@UNUSABLE
def test_a_party_is_seated_at_another_table_unless_a_person_says_that_it_sits_there(change: Change, why: str) -> None:
    house = room_at_noon(2, 2)
    first, second = began(house, 10, 2, "T1", status="arrived"), began(house, 10, 2, "T2")
    change(house)

    with pytest.raises(CapacityExceeded, match=f"{why}, and there is no table for a party of 2 now"):
        seat_party(booking_id=first.pk)
    with pytest.raises(TablesNotSuitable, match=why):
        seat_party(booking_id=first.pk, table_ids=ids(house, "T1"))
    seat_party(booking_id=first.pk, keeps_tables=True)
    assert at_tables(first) == ["T1"]
    assert latest(first).to_value["kept_although"].startswith("T1 ")
    undo(first, keeps_tables=True)
    mark_no_show(booking_id=second.pk)
    seat_party(booking_id=first.pk)

    assert (status_of(first), at_tables(first)) == (BookingStatus.SEATED, ["T2"])


@pytest.mark.parametrize(("change", "why"), UNUSABLE.args[1][:2])
def test_nobody_who_is_to_come_is_pinned_there_and_who_sits_may_be(change: Change, why: str) -> None:
    house = room_at_noon(2, 2)
    booking, sitting = due(house, 20, "T1"), seated(house, 100, "T1", turn_minutes=60)
    change(house)
    booking.refresh_from_db()

    with pytest.raises(TablesNotSuitable, match=f"{why}: give the party other tables"):
        pin_tables(booking_id=booking.pk)
    pin_tables(booking_id=sitting.pk)

    assert (pins(booking), pins(sitting)) == ({False}, {True})


def test_in_shadow_mode_a_no_show_comes_back_without_a_table() -> None:
    house = room_at_noon(2, enforcement="shadow")
    booking = began(house, 20, 2, "T1")
    mark_no_show(booking_id=booking.pk)
    put_out(house)

    undo(booking)

    assert (status_of(booking), at_tables(booking)) == (BookingStatus.CONFIRMED, [])
    assert_all_right(house)
