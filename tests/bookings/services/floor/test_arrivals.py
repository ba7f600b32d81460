"""Parties that arrive and are seated: late, early, at their table or at another."""

from datetime import UTC, datetime, timedelta

import pytest

from bookings.choices import BookingStatus, EventKind
from bookings.errors import CapacityExceeded, TablesNotSuitable, TableTaken, TransitionInvalid, TransitionUntimely
from bookings.models import Booking, TableAssignment
from bookings.services import mark_arrived, seat_party
from capacity.calendar import iso_utc
from capacity.models import ServiceDay
from config.errors import EditIsStale, RecordNotFound
from tables.models import TableBlock
from tests.helpers.dining_room import at_tables, ids, table
from tests.helpers.factories import BookingFactory, RestaurantFactory, TableFactory, UserFactory, days_ahead
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

GRACE = timedelta(minutes=15)


def test_a_party_is_late_only_when_the_grace_is_over() -> None:
    starts_at = datetime(2030, 1, 5, 19, 0, tzinfo=UTC)
    booking = Booking(starts_at=starts_at, status="confirmed")

    assert not booking.is_late(starts_at + GRACE, GRACE)
    assert booking.is_late(starts_at + GRACE + timedelta(seconds=1), GRACE)


@pytest.mark.parametrize("status", ["held", "arrived", "seated", "completed", "cancelled", "no_show", "expired"])
def test_only_a_confirmed_party_can_be_late(status: str) -> None:
    starts_at = datetime(2030, 1, 5, 19, 0, tzinfo=UTC)

    assert not Booking(starts_at=starts_at, status=status).is_late(starts_at + timedelta(hours=1), GRACE)


def test_an_arrived_party_keeps_its_table_and_its_covers() -> None:
    house = room_at_noon(2)
    booking = began(house, 5, 2, "T1")
    before = kept(booking)
    host = UserFactory()

    arrived = mark_arrived(booking_id=booking.pk, actor=host, expected_version=booking.version)

    assert (arrived.status, arrived.version) == (BookingStatus.ARRIVED, booking.version + 1)
    assert arrived.arrived_at is not None
    assert minutes(-1) < arrived.arrived_at - datetime.now(UTC) < minutes(1)
    assert kept(booking) == before
    event = latest(booking)
    assert (event.kind, event.actor) == (EventKind.ARRIVED, host)
    assert (event.from_value["status"], event.to_value["status"]) == ("confirmed", "arrived")
    assert_all_right(house)


def test_arriving_twice_is_arriving_once() -> None:
    booking = began(room_at_noon(2), 5, 2, "T1")
    first = mark_arrived(booking_id=booking.pk, expected_version=booking.version)

    again = mark_arrived(booking_id=booking.pk, expected_version=booking.version)

    assert (again.version, again.arrived_at) == (first.version, first.arrived_at)
    assert kinds(booking) == [EventKind.ARRIVED]


@pytest.mark.parametrize("status", ["held", "seated", "completed", "cancelled", "no_show", "expired"])
def test_only_a_confirmed_party_can_arrive(status: str) -> None:
    house = room_at_noon(2)
    booking = began(house, 5, 2, "T1", status=status, expires_at=datetime.now(UTC) + timedelta(hours=1))
    before = rows_of(house)

    with pytest.raises(TransitionInvalid):
        mark_arrived(booking_id=booking.pk)

    assert rows_of(house) == before


def test_nobody_arrives_on_another_date() -> None:
    booking = BookingFactory(business_date=days_ahead(2))

    with pytest.raises(TransitionUntimely, match=f"is expected on {booking.business_date}"):
        mark_arrived(booking_id=booking.pk)
    with pytest.raises(TransitionUntimely, match=f"is expected on {booking.business_date}"):
        seat_party(booking_id=booking.pk)


def test_nobody_arrives_when_the_service_is_over() -> None:
    house = room_at_noon(2)
    booking = began(house, 120, 2, "T1")
    ServiceDay.objects.update(ends_at=datetime.now(UTC) - minutes(1))

    with pytest.raises(TransitionUntimely, match="is over"):
        mark_arrived(booking_id=booking.pk)


def test_arriving_on_an_older_version_is_stale() -> None:
    booking = began(room_at_noon(2), 5, 2, "T1")

    with pytest.raises(EditIsStale):
        mark_arrived(booking_id=booking.pk, expected_version=booking.version + 1)
    with pytest.raises(EditIsStale):
        seat_party(booking_id=booking.pk, expected_version=booking.version + 1)

    assert kinds(booking) == []


def test_an_unknown_booking_neither_arrives_nor_sits() -> None:
    with pytest.raises(RecordNotFound):
        mark_arrived(booking_id=0)
    with pytest.raises(RecordNotFound):
        seat_party(booking_id=0)


@pytest.mark.parametrize("status", ["confirmed", "arrived"])
def test_a_party_that_is_seated_late_stays_its_turn_time_from_then_on(status: str) -> None:
    house = room_at_noon(2)
    booking = began(house, 40, 2, "T1", status=status)

    outcome = seat_party(booking_id=booking.pk, expected_version=booking.version)

    party = Booking.objects.get()
    expected_end = minute_of(party.seated_at) + minutes(90)
    assert (party.status, party.version, party.ends_at) == (BookingStatus.SEATED, booking.version + 1, expected_end)
    assert kept(party) == [("T1", booking.starts_at, expected_end)]
    assert present_at(house, expected_end - minutes(1)) == 2
    assert (outcome.moves, outcome.hits) == ((), ())
    assert_all_right(house)


def test_a_party_that_is_seated_in_the_minute_of_its_start_stays_as_booked() -> None:
    house = room_at_noon(2)
    booking = began(house, 0, 2, "T1")

    seat_party(booking_id=booking.pk)

    party = Booking.objects.get()
    late_by = minute_of(party.seated_at) - booking.starts_at
    assert party.ends_at == booking.ends_at + late_by
    assert kept(party) == [("T1", booking.starts_at, booking.ends_at + late_by)]


def test_a_party_that_is_seated_early_keeps_its_end_and_has_the_table_from_now_on() -> None:
    house = room_at_noon(2)
    booking = due(house, 25, "T1")

    seat_party(booking_id=booking.pk)

    party = Booking.objects.get()
    assert party.ends_at == booking.ends_at
    assert kept(party) == [("T1", minute_of(party.seated_at), booking.ends_at)]
    assert_all_right(house)


def test_a_party_is_not_seated_early_where_somebody_still_sits_and_the_refusal_names_who() -> None:
    house = room_at_noon(2)
    sitting = seated(house, 70, "T1")
    booking = due(house, 25, "T1")
    before = rows_of(house)

    with pytest.raises(TableTaken, match=f"T1 is taken by {sitting.reference}"):
        seat_party(booking_id=booking.pk)

    assert rows_of(house) == before


def test_a_party_is_seated_early_where_the_one_before_it_can_be_moved() -> None:
    house = room_at_noon(2, 2, reseat_freeze_minutes=0)
    between = due(house, 5, "T1", turn_minutes=15)
    booking = due(house, 25, "T1")

    outcome = seat_party(booking_id=booking.pk)

    assert [(each.booking_reference, each.to_tables) for each in outcome.moves] == [(between.reference, ("T2",))]
    assert at_tables(between) == ["T2"]
    assert_all_right(house)


def test_seating_twice_is_seating_once() -> None:
    booking = began(room_at_noon(2, 2), 40, 2, "T1")
    first = seat_party(booking_id=booking.pk, expected_version=booking.version).booking

    again = seat_party(booking_id=booking.pk, expected_version=booking.version).booking

    assert (again.version, again.seated_at, again.ends_at) == (first.version, first.seated_at, first.ends_at)
    assert kinds(booking) == [EventKind.SEATED]


@pytest.mark.parametrize("status", ["held", "completed", "cancelled", "no_show", "expired"])
def test_only_a_party_that_is_expected_or_there_can_be_seated(status: str) -> None:
    house = room_at_noon(2)
    booking = began(house, 5, 2, "T1", status=status, expires_at=datetime.now(UTC) + timedelta(hours=1))
    before = rows_of(house)

    with pytest.raises(TransitionInvalid):
        seat_party(booking_id=booking.pk)

    assert rows_of(house) == before


def test_whoever_comes_to_the_table_of_a_late_party_is_reseated() -> None:
    house = room_at_noon(2, 2)
    late, following = began(house, 40, 2, "T1"), due(house, 60, "T1")

    outcome = seat_party(booking_id=late.pk)

    assert [(each.booking_reference, each.from_tables, each.to_tables) for each in outcome.moves] == [
        (following.reference, ("T1",), ("T2",))
    ]
    assert outcome.hits == ()
    assert kept(following) == [("T2", following.starts_at, following.ends_at)]
    assert kept(late) == [("T1", late.starts_at, Booking.objects.get(pk=late.pk).ends_at)]
    assert "T1 -> T2" in latest(following).reason
    assert_all_right(house)


def test_whoever_cannot_be_reseated_is_hit_and_keeps_the_table() -> None:
    house = room_at_noon(2)
    late, following = began(house, 40, 2, "T1"), due(house, 60, "T1")

    outcome = seat_party(booking_id=late.pk)

    (hit,) = outcome.hits
    assert (hit.booking.pk, hit.tables, hit.starts_at) == (following.pk, ("T1",), following.starts_at)
    assert outcome.moves == ()
    assert kept(late) == [("T1", late.starts_at, following.starts_at)]
    assert kept(following) == [("T1", following.starts_at, following.ends_at)]
    party = Booking.objects.get(pk=late.pk)
    assert party.ends_at == minute_of(party.seated_at) + minutes(90)
    assert latest(late).to_value["hits"] == [
        {"booking": following.reference, "tables": ["T1"], "starts_at": iso_utc(following.starts_at)}
    ]
    assert_all_right(house)


def test_a_pinned_party_is_hit_and_not_moved() -> None:
    house = room_at_noon(2, 2)
    late, following = began(house, 40, 2, "T1"), due(house, 60, "T1")
    TableAssignment.objects.filter(booking=following).update(pinned=True)

    outcome = seat_party(booking_id=late.pk)

    assert [each.booking.pk for each in outcome.hits] == [following.pk]
    assert at_tables(following) == ["T1"]
    assert_all_right(house)


def test_of_two_that_follow_the_first_is_moved_though_the_second_cannot_be() -> None:
    house = room_at_noon(4, 4)
    late = began(house, 40, 2, "T1")
    first = due(house, 50, "T1", turn_minutes=20)
    second = due(house, 75, "T1")
    seated_there = due(house, 75, "T2")

    outcome = seat_party(booking_id=late.pk)

    assert [each.booking_reference for each in outcome.moves] == [first.reference]
    assert [each.booking.pk for each in outcome.hits] == [second.pk]
    assert kept(late) == [("T1", late.starts_at, second.starts_at)]
    assert at_tables(seated_there) == ["T2"]
    assert_all_right(house)


def test_a_table_is_kept_for_the_buffer_of_a_late_party_as_well() -> None:
    house = room_at_noon(2, buffer_minutes=15)
    late = began(house, 40, 2, "T1", buffer_minutes=15)

    seat_party(booking_id=late.pk)

    party = Booking.objects.get()
    assert kept(late) == [("T1", late.starts_at, party.ends_at + minutes(15))]
    assert_all_right(house)


def test_a_late_party_over_a_limit_is_authorised_by_who_seats_it() -> None:
    house = room_at_noon(2, 2)
    late = began(house, 40, 2, "T1")
    due(house, 70, "T2")
    limit_presence(house, 2)
    host = UserFactory()

    outcome = seat_party(booking_id=late.pk, actor=host)

    overrides = list(late.overrides.all())
    assert authorised(late) == {("OCCUPANCY_COVERS", 2, "staff")}
    assert {(each.actor, bool(each.reason)) for each in overrides} == {(host, True)}
    assert outcome.hits == ()
    assert_all_right(house)


def test_a_party_from_before_there_were_tables_gets_the_best_one() -> None:
    house = room_at_noon(6, 2, 4)
    legacy = began(house, 0, 2)

    seat_party(booking_id=legacy.pk)

    party = Booking.objects.get()
    assert kept(party) == [("T2", minute_of(party.seated_at), party.ends_at)]
    assert_all_right(house)


def test_a_party_without_table_is_refused_where_there_is_none() -> None:
    house = room_at_noon(2)
    seated(house, 10, "T1")
    legacy = began(house, 0, 2)
    before = rows_of(house)

    with pytest.raises(CapacityExceeded) as refusal:
        seat_party(booking_id=legacy.pk)

    assert [(each.code, each.limit, each.used) for each in refusal.value.reasons] == [("NO_TABLE", 1, 1)]
    assert rows_of(house) == before


def test_in_shadow_mode_a_party_sits_where_the_book_has_no_table() -> None:
    house = room_at_noon(2, enforcement="shadow")
    seated(house, 10, "T1")
    legacy = began(house, 0, 2)

    assert seat_party(booking_id=legacy.pk).booking.status == BookingStatus.SEATED
    assert kept(legacy) == []


def test_a_service_by_numbers_seats_without_a_table() -> None:
    house = room_at_noon(2)
    house.service_periods.update(seating_mode="covers")
    booking = began(house, 0, 2)

    assert seat_party(booking_id=booking.pk).booking.status == BookingStatus.SEATED
    assert kept(booking) == []


def test_a_person_may_choose_other_tables() -> None:
    house = room_at_noon(2, 4, 4)
    booking = began(house, 10, 6, "T1")

    seat_party(booking_id=booking.pk, table_ids=ids(house, "T3", "T2"))

    party = Booking.objects.get()
    since = minute_of(party.seated_at)
    assert kept(party) == [("T2", since, party.ends_at), ("T3", since, party.ends_at)]
    assert_all_right(house)


def test_the_second_click_with_other_tables_is_no_double_click() -> None:
    house = room_at_noon(2, 2)
    booking = began(house, 10, 2, "T1")
    seat_party(booking_id=booking.pk)

    with pytest.raises(TransitionInvalid):
        seat_party(booking_id=booking.pk, table_ids=ids(house, "T2"))

    assert at_tables(booking) == ["T1"]


def test_a_chosen_table_where_somebody_sits_is_refused_by_name() -> None:
    house = room_at_noon(2, 2)
    sitting = seated(house, 10, "T2")
    booking = began(house, 10, 2, "T1")
    before = rows_of(house)

    with pytest.raises(TableTaken, match=f"T2 is taken by {sitting.reference}"):
        seat_party(booking_id=booking.pk, table_ids=ids(house, "T2"))

    assert rows_of(house) == before


def test_a_chosen_table_that_is_blocked_is_refused_by_its_reason() -> None:
    house = room_at_noon(2, 2)
    booking = began(house, 10, 2, "T1")
    now = datetime.now(UTC)
    TableBlock.objects.create(
        restaurant=house, table=table(house, "T2"), starts_at=now - minutes(5), ends_at=now + minutes(60), reason="Leak"
    )

    with pytest.raises(TableTaken, match="Leak"):
        seat_party(booking_id=booking.pk, table_ids=ids(house, "T2"))

    assert at_tables(booking) == ["T1"]


def test_a_party_that_is_to_come_to_a_chosen_table_is_hit() -> None:
    house = room_at_noon(2, 2)
    booking, following = began(house, 10, 2, "T1"), due(house, 20, "T2")

    outcome = seat_party(booking_id=booking.pk, table_ids=ids(house, "T2"))

    assert [each.booking.pk for each in outcome.hits] == [following.pk]
    assert [(number, until) for number, _, until in kept(booking)] == [("T2", following.starts_at)]
    assert_all_right(house)


def test_chosen_tables_must_be_in_use_and_take_the_party() -> None:
    house = room_at_noon(2, 2)
    booking = began(house, 10, 2, "T1")
    table(house, "T2").__class__.objects.filter(number="T2").update(status="out_of_service")
    elsewhere = TableFactory(restaurant=RestaurantFactory(), number="X1")
    before = rows_of(house)

    with pytest.raises(TablesNotSuitable, match="T2 is not in use"):
        seat_party(booking_id=booking.pk, table_ids=ids(house, "T2"))
    with pytest.raises(RecordNotFound):
        seat_party(booking_id=booking.pk, table_ids=[elsewhere.pk])

    assert rows_of(house) == before


def test_a_party_so_late_that_its_table_is_given_to_others_needs_another() -> None:
    house = room_at_noon(2, 2)
    late = began(house, 100, 2, "T1")
    sitting = seated(house, 5, "T1")

    with pytest.raises(TableTaken, match=f"T1 is taken by {sitting.reference}"):
        seat_party(booking_id=late.pk)
    seat_party(booking_id=late.pk, table_ids=ids(house, "T2"))

    party = Booking.objects.get(pk=late.pk)
    assert kept(late) == [("T2", minute_of(party.seated_at), party.ends_at)]
    assert_all_right(house)
