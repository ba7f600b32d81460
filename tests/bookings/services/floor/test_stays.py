"""Parties that sit: longer, shorter, and gone."""

from datetime import UTC, datetime, timedelta

import pytest

from bookings.choices import BookingStatus, EventKind
from bookings.errors import TransitionInvalid
from bookings.models import Booking, TableAssignment
from bookings.services import extend_stay, leave_early, seat_party
from bookings.services.floor.outcomes import FloorOutcome
from capacity.models import ServiceDay, ServicePeriod
from config.errors import EditIsStale, InputInvalid, RecordNotFound
from tests.helpers.dining_room import at_tables
from tests.helpers.factories import UserFactory
from tests.helpers.running_service import (
    assert_all_right,
    authorised,
    began,
    due,
    kept,
    kinds,
    latest,
    limit_presence,
    minute_of,
    minutes,
    present_at,
    room_at_noon,
    rows_of,
    seated,
)

pytestmark = pytest.mark.django_db(transaction=True)


def stay_longer(booking: Booking, count: int) -> FloorOutcome:
    return extend_stay(booking_id=booking.pk, ends_at=booking.ends_at + minutes(count))


@pytest.mark.parametrize("count", [30, -30])
def test_a_party_stays_until_another_time_with_its_table_and_its_covers(count: int) -> None:
    house = room_at_noon(2, buffer_minutes=10)
    booking = seated(house, 30, "T1", buffer_minutes=10)
    until, host = booking.ends_at + minutes(count), UserFactory()

    party = extend_stay(booking_id=booking.pk, ends_at=until, actor=host, expected_version=booking.version).booking

    assert (party.status, party.ends_at, party.version) == (BookingStatus.SEATED, until, booking.version + 1)
    assert kept(booking) == [("T1", booking.starts_at, until + minutes(10))]
    assert present_at(house, until - minutes(1)) == 2
    event = latest(booking)
    assert (event.kind, event.actor) == (EventKind.EXTENDED, host)
    assert_all_right(house)


def test_a_second_click_on_the_same_end_changes_nothing() -> None:
    booking = seated(room_at_noon(2), 30, "T1")
    until = booking.ends_at + minutes(30)
    first = extend_stay(booking_id=booking.pk, ends_at=until, expected_version=booking.version).booking

    again = extend_stay(booking_id=booking.pk, ends_at=until, expected_version=booking.version).booking

    assert again.version == first.version
    assert kinds(booking) == [EventKind.EXTENDED]


def test_whoever_comes_to_the_table_of_a_longer_stay_is_reseated() -> None:
    house = room_at_noon(2, 2)
    booking, following = seated(house, 30, "T1"), due(house, 70, "T1")

    outcome = stay_longer(booking, 30)

    assert [(each.booking_reference, each.to_tables) for each in outcome.moves] == [(following.reference, ("T2",))]
    assert at_tables(following) == ["T2"]
    assert_all_right(house)


def test_a_chain_of_moves_makes_room_for_a_longer_stay() -> None:
    house = room_at_noon(4, 4, 2)
    booking = seated(house, 30, "T1", party_size=4)
    four, two = due(house, 70, "T1", party_size=4), due(house, 70, "T2")

    outcome = stay_longer(booking, 30)

    assert len(outcome.moves) == 2
    assert (at_tables(four), at_tables(two)) == (["T2"], ["T3"])
    assert_all_right(house)


def test_whoever_cannot_be_reseated_is_hit_by_a_longer_stay() -> None:
    house = room_at_noon(2)
    booking, following = seated(house, 30, "T1"), due(house, 70, "T1")

    outcome = stay_longer(booking, 30)

    assert [(each.booking.pk, each.tables, each.starts_at) for each in outcome.hits] == [
        (following.pk, ("T1",), following.starts_at)
    ]
    assert kept(booking) == [("T1", booking.starts_at, following.starts_at)]
    assert Booking.objects.get(pk=booking.pk).ends_at == booking.ends_at + minutes(30)
    assert_all_right(house)


def test_of_two_tables_only_the_one_that_somebody_needs_is_given_back() -> None:
    house = room_at_noon(2, 2)
    booking = seated(house, 30, "T1", "T2", party_size=4)
    following = due(house, 70, "T1")

    outcome = stay_longer(booking, 30)

    assert [each.booking.pk for each in outcome.hits] == [following.pk]
    assert kept(booking) == [
        ("T1", booking.starts_at, following.starts_at),
        ("T2", booking.starts_at, booking.ends_at + minutes(30)),
    ]
    assert at_tables(following) == ["T1"]


def test_a_party_without_table_that_waits_for_one_does_not_end_a_stay() -> None:
    house = room_at_noon(2)
    booking = seated(house, 30, "T1")
    due(house, 70)

    outcome = stay_longer(booking, 30)

    assert outcome.hits == ()
    assert kept(booking) == [("T1", booking.starts_at, booking.ends_at + minutes(30))]


def test_a_hold_that_is_over_is_in_nobodys_way() -> None:
    house = room_at_noon(2)
    booking = seated(house, 30, "T1")
    hold = due(house, 70, "T1", status="held", expires_at=datetime.now(UTC) - minutes(1))

    outcome = stay_longer(booking, 30)

    assert (outcome.hits, outcome.moves) == ((), ())
    assert Booking.objects.get(pk=hold.pk).status == BookingStatus.EXPIRED
    assert kept(booking) == [("T1", booking.starts_at, booking.ends_at + minutes(30))]
    assert_all_right(house)


def test_who_stays_over_a_limit_is_authorised_once_however_often_the_end_moves() -> None:
    house = room_at_noon(2, 2)
    booking = seated(house, 30, "T1")
    due(house, 80, "T2")
    limit_presence(house, 2)
    host = UserFactory()

    for count in (30, 0, 30):
        extend_stay(booking_id=booking.pk, ends_at=booking.ends_at + minutes(count), actor=host)

    overrides = booking.overrides.all()
    touched = {each.slot_starts_at for each in overrides}
    assert authorised(booking) == {("OCCUPANCY_COVERS", 2, "staff")}
    assert len(touched) == len(overrides)
    assert {each.actor for each in overrides} == {host}
    assert_all_right(house)


def test_a_stay_may_reach_into_a_day_that_was_never_looked_at() -> None:
    house = room_at_noon(2)
    house.service_periods.update(last_seating="12:00", end_time="13:00")
    booking = seated(house, 30, "T1")
    evening = ServicePeriod.objects.create(
        restaurant=house,
        name="Later",
        weekdays=[1, 2, 3, 4, 5, 6, 7],
        start_time="13:30",
        last_seating="21:00",
        end_time="22:00",
        seating_mode="tables",
    )

    extend_stay(booking_id=booking.pk, ends_at=booking.ends_at + minutes(60))

    assert ServiceDay.objects.filter(service_period=evening, business_date=booking.business_date).exists()
    assert present_at(house, booking.ends_at + minutes(59)) == 2
    assert_all_right(house)


@pytest.mark.parametrize(
    ("end", "code"), [(timedelta(minutes=-1), "past"), (timedelta(), "past"), (timedelta(days=1), "too_long")]
)
def test_an_end_that_has_passed_or_is_a_day_away_is_no_end(end: timedelta, code: str) -> None:
    house = room_at_noon(2)
    booking = seated(house, 30, "T1")
    before = rows_of(house)

    with pytest.raises(InputInvalid) as refusal:
        extend_stay(booking_id=booking.pk, ends_at=datetime.now(UTC) + end)

    assert refusal.value.details["endsAt"][0]["code"] == code
    assert rows_of(house) == before


@pytest.mark.parametrize("status", ["held", "confirmed", "arrived", "completed", "cancelled", "no_show", "expired"])
def test_only_a_seated_party_stays_longer(status: str) -> None:
    house = room_at_noon(2)
    booking = began(house, 30, 2, "T1", status=status, expires_at=datetime.now(UTC) + minutes(60))
    before = rows_of(house)

    with pytest.raises(TransitionInvalid):
        stay_longer(booking, 30)

    assert rows_of(house) == before


def test_an_older_version_is_stale_for_stays() -> None:
    house = room_at_noon(2)
    booking = seated(house, 30, "T1")
    before = rows_of(house)

    with pytest.raises(EditIsStale):
        extend_stay(booking_id=booking.pk, ends_at=booking.ends_at + minutes(5), expected_version=9)
    with pytest.raises(EditIsStale):
        leave_early(booking_id=booking.pk, expected_version=9)

    assert rows_of(house) == before


def test_an_unknown_booking_neither_stays_nor_leaves() -> None:
    with pytest.raises(RecordNotFound):
        extend_stay(booking_id=0, ends_at=datetime.now(UTC) + minutes(30))
    with pytest.raises(RecordNotFound):
        leave_early(booking_id=0)


@pytest.mark.parametrize("buffer", [0, 10])
def test_a_party_that_leaves_frees_its_table_and_the_covers_of_the_time_to_come(buffer: int) -> None:
    house = room_at_noon(2, buffer_minutes=buffer)
    booking = seated(house, 30, "T1", buffer_minutes=buffer)
    host = UserFactory()

    party = leave_early(booking_id=booking.pk, actor=host, expected_version=booking.version)

    left = minute_of(party.left_at)
    assert (party.status, party.ends_at, party.version) == (BookingStatus.COMPLETED, left, booking.version + 1)
    assert kept(booking) == [("T1", booking.starts_at, left + minutes(buffer))]
    assert present_at(house, booking.ends_at - minutes(1)) == 0
    assert ServiceDay.objects.get(pk=booking.service_day_id).booked_covers == 2
    assert (latest(booking).kind, latest(booking).actor) == (EventKind.LEFT, host)
    assert_all_right(house)


def test_whoever_waits_gets_the_table_in_the_minute_in_which_the_others_leave() -> None:
    house = room_at_noon(2)
    booking = seated(house, 30, "T1")
    waiting = began(house, 10, 2)

    leave_early(booking_id=booking.pk)
    seat_party(booking_id=waiting.pk)

    assert at_tables(waiting) == ["T1"]
    assert_all_right(house)


def test_a_party_may_leave_after_its_time() -> None:
    house = room_at_noon(2)
    booking = seated(house, 120, "T1")

    party = leave_early(booking_id=booking.pk)

    assert (party.status, party.ends_at) == (BookingStatus.COMPLETED, booking.ends_at)
    assert party.left_at > booking.ends_at
    assert kept(booking) == [("T1", booking.starts_at, booking.ends_at)]
    assert_all_right(house)


def test_a_party_that_leaves_before_it_was_to_come_was_there_for_a_minute() -> None:
    house = room_at_noon(2)
    booking = due(house, 25, "T1")
    seat_party(booking_id=booking.pk)

    party = leave_early(booking_id=booking.pk)

    assert party.ends_at == booking.starts_at + minutes(1)
    ((_, since, until),) = kept(booking)
    assert minutes(1) <= until - since <= minutes(2)
    assert_all_right(house)


def test_what_a_longer_stay_took_above_a_limit_goes_with_whoever_leaves() -> None:
    house = room_at_noon(2, 2)
    booking = seated(house, 30, "T1")
    due(house, 80, "T2")
    limit_presence(house, 2)
    stay_longer(booking, 30)

    leave_early(booking_id=booking.pk)

    assert authorised(booking) == set()
    assert_all_right(house)


def test_leaving_twice_is_leaving_once() -> None:
    booking = seated(room_at_noon(2), 30, "T1")
    first = leave_early(booking_id=booking.pk, expected_version=booking.version)

    again = leave_early(booking_id=booking.pk, expected_version=booking.version)

    assert (again.version, again.left_at) == (first.version, first.left_at)
    assert kinds(booking) == [EventKind.LEFT]


@pytest.mark.parametrize("status", ["held", "confirmed", "arrived", "cancelled", "no_show", "expired"])
def test_only_a_seated_party_leaves(status: str) -> None:
    house = room_at_noon(2)
    booking = began(house, 30, 2, "T1", status=status, expires_at=datetime.now(UTC) + minutes(60))

    with pytest.raises(TransitionInvalid):
        leave_early(booking_id=booking.pk)

    assert TableAssignment.objects.count() == 1
