"""Undoing: back to what was, where there is still room for it."""

from datetime import UTC, datetime

import pytest

from bookings.choices import BookingStatus, EventKind
from bookings.errors import CapacityExceeded, TransitionUntimely
from bookings.models import Booking
from bookings.services import (
    cancel_booking,
    extend_stay,
    leave_early,
    mark_arrived,
    mark_no_show,
    seat_party,
    undo_change,
)
from capacity.models import ServiceDay
from config.errors import EditIsStale, RecordNotFound
from tests.helpers.dining_room import at_tables, ids
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


def state(booking: Booking) -> tuple[str, datetime, datetime | None, datetime | None, datetime | None]:
    party = Booking.objects.get(pk=booking.pk)
    return party.status, party.ends_at, party.arrived_at, party.seated_at, party.left_at


def undo(booking: Booking) -> Booking:
    return undo_change(booking_id=booking.pk, event_id=latest(booking).pk).booking


def test_an_arrival_is_undone() -> None:
    house = room_at_noon(2)
    booking = began(house, 5, 2, "T1")
    before, table = state(booking), kept(booking)
    version = mark_arrived(booking_id=booking.pk).version
    arrival, host = latest(booking), UserFactory()

    undone = undo_change(booking_id=booking.pk, event_id=arrival.pk, actor=host, expected_version=version).booking

    assert (state(booking), kept(booking), undone.version) == (before, table, version + 1)
    event = latest(booking)
    assert (event.kind, event.actor) == (EventKind.UNDONE, host)
    assert event.to_value["undone"] == {"event_id": arrival.pk, "kind": "arrived"}
    assert_all_right(house)


def test_a_late_seating_is_undone_with_the_longer_stay_that_it_took() -> None:
    house = room_at_noon(2)
    booking = began(house, 40, 2, "T1")
    before, table = state(booking), kept(booking)
    seat_party(booking_id=booking.pk)

    undo(booking)

    assert (state(booking), kept(booking)) == (before, table)
    assert_all_right(house)


def test_an_early_seating_is_undone_and_the_table_is_free_until_the_start() -> None:
    house = room_at_noon(2)
    booking = due(house, 25, "T1")
    before, table = state(booking), kept(booking)
    seat_party(booking_id=booking.pk)

    undo(booking)

    assert (state(booking), kept(booking)) == (before, table)
    assert_all_right(house)


def test_a_party_goes_back_to_the_table_that_it_had_before_it_was_seated() -> None:
    house = room_at_noon(2, 2)
    booking = began(house, 10, 2, "T1")
    seat_party(booking_id=booking.pk, table_ids=ids(house, "T2"))

    undo(booking)

    assert at_tables(booking) == ["T1"]
    assert_all_right(house)


def test_a_party_keeps_its_new_table_if_the_old_one_is_taken_meanwhile() -> None:
    house = room_at_noon(2, 2)
    booking = began(house, 10, 2, "T1")
    seat_party(booking_id=booking.pk, table_ids=ids(house, "T2"))
    seated(house, 0, "T1")

    undo(booking)

    assert at_tables(booking) == ["T2"]
    assert_all_right(house)


def test_what_an_undone_seating_took_above_a_limit_is_authorised_no_longer() -> None:
    house = room_at_noon(2, 2)
    late = began(house, 40, 2, "T1")
    due(house, 70, "T2")
    limit_presence(house, 2)
    seat_party(booking_id=late.pk)

    undo(late)

    assert authorised(late) == set()
    assert_all_right(house)


def test_an_undone_seating_of_a_party_without_table_leaves_it_without() -> None:
    house = room_at_noon(2)
    legacy = began(house, 0, 2)
    seat_party(booking_id=legacy.pk)

    undo(legacy)

    assert kept(legacy) == []


def test_two_changes_are_undone_one_after_the_other_the_last_first() -> None:
    house = room_at_noon(2)
    booking = began(house, 5, 2, "T1")
    before = state(booking)
    mark_arrived(booking_id=booking.pk)
    arrival = latest(booking)
    seat_party(booking_id=booking.pk)

    with pytest.raises(TransitionUntimely, match="Only the last"):
        undo_change(booking_id=booking.pk, event_id=arrival.pk)
    undo(booking)
    undo_change(booking_id=booking.pk, event_id=arrival.pk)

    assert state(booking) == before
    assert kinds(booking) == ["arrived", "seated", "undone", "undone"]
    assert_all_right(house)


def test_undoing_twice_is_undoing_once() -> None:
    booking = began(room_at_noon(2), 5, 2, "T1")
    version = mark_arrived(booking_id=booking.pk).version
    arrival = latest(booking)
    first = undo_change(booking_id=booking.pk, event_id=arrival.pk, expected_version=version).booking

    again = undo_change(booking_id=booking.pk, event_id=arrival.pk, expected_version=version).booking

    assert again.version == first.version
    assert kinds(booking) == ["arrived", "undone"]


def test_a_stay_that_was_made_longer_ends_again_as_before() -> None:
    house = room_at_noon(2)
    booking = seated(house, 30, "T1")
    extend_stay(booking_id=booking.pk, ends_at=booking.ends_at + minutes(30))

    undo(booking)

    assert kept(booking) == [("T1", booking.starts_at, booking.ends_at)]
    assert state(booking)[1] == booking.ends_at
    assert_all_right(house)


def test_a_stay_that_was_made_shorter_takes_its_table_again() -> None:
    house = room_at_noon(2)
    booking = seated(house, 30, "T1")
    extend_stay(booking_id=booking.pk, ends_at=booking.ends_at - minutes(30))

    undo(booking)

    assert kept(booking) == [("T1", booking.starts_at, booking.ends_at)]
    assert present_at(house, booking.ends_at - minutes(1)) == 2
    assert_all_right(house)


def test_a_party_that_has_not_left_after_all_sits_as_before() -> None:
    house = room_at_noon(2, buffer_minutes=10)
    booking = seated(house, 30, "T1", buffer_minutes=10)
    before, table = state(booking), kept(booking)
    leave_early(booking_id=booking.pk)

    undo(booking)

    assert (state(booking), kept(booking)) == (before, table)
    assert_all_right(house)


def test_a_party_whose_table_was_given_away_when_it_left_is_given_another() -> None:
    house = room_at_noon(2, 2)
    booking = seated(house, 30, "T1")
    leave_early(booking_id=booking.pk)
    seated(house, 0, "T1")

    undo(booking)

    ((number, since, until),) = kept(booking)
    assert (number, until) == ("T2", booking.ends_at)
    assert since > booking.starts_at
    assert_all_right(house)


def test_a_party_for_which_there_is_no_table_any_more_has_left() -> None:
    house = room_at_noon(2)
    booking = seated(house, 30, "T1")
    leave_early(booking_id=booking.pk)
    seated(house, 0, "T1")
    before = rows_of(house)

    with pytest.raises(CapacityExceeded) as refusal:
        undo(booking)

    assert [(each.code, each.limit, each.used) for each in refusal.value.reasons] == [("NO_TABLE", 1, 1)]
    assert rows_of(house) == before


def test_a_party_may_be_moved_for_one_that_has_not_left_after_all() -> None:
    house = room_at_noon(2, 4, reseat_freeze_minutes=0)
    booking = seated(house, 30, "T1", party_size=2)
    leave_early(booking_id=booking.pk)
    seated(house, 0, "T2", party_size=4, turn_minutes=20)
    following = due(house, 25, "T1")

    undo(booking)

    assert (at_tables(booking), at_tables(following)) == (["T1"], ["T2"])
    assert_all_right(house)


def test_a_no_show_that_comes_gets_its_covers_and_its_table_again() -> None:
    house = room_at_noon(2, 2)
    booking = began(house, 20, 2, "T2")
    before = state(booking)
    mark_no_show(booking_id=booking.pk)

    undo(booking)

    assert state(booking) == before
    ((number, since, until),) = kept(booking)
    assert (number, until) == ("T2", booking.ends_at)
    assert minutes(0) <= minute_of(datetime.now(UTC)) - since <= minutes(1)
    assert present_at(house, booking.ends_at - minutes(1)) == 2
    assert_all_right(house)


def test_a_no_show_whose_covers_are_taken_stays_one() -> None:
    house = room_at_noon(2, 2)
    booking = began(house, 20, 2, "T1")
    mark_no_show(booking_id=booking.pk)
    ServiceDay.objects.filter(pk=booking.service_day_id).update(max_covers=1)
    before = rows_of(house)

    with pytest.raises(CapacityExceeded) as refusal:
        undo(booking)

    assert [(each.code, each.limit, each.used, each.asked) for each in refusal.value.reasons] == [
        ("SERVICE_COVERS", 1, 0, 2)
    ]
    assert rows_of(house) == before
    assert Booking.objects.get().status == BookingStatus.NO_SHOW


def test_covers_of_the_time_that_has_passed_refuse_nobody() -> None:
    house = room_at_noon(2, 2)
    booking = began(house, 60, 2, "T1")
    mark_no_show(booking_id=booking.pk)
    seated(house, 60, "T2", turn_minutes=20)
    limit_presence(house, 2)
    host = UserFactory()

    undo_change(booking_id=booking.pk, event_id=latest(booking).pk, actor=host)

    assert authorised(booking) == {("OCCUPANCY_COVERS", 2, "staff")}
    assert_all_right(house)


def test_in_shadow_mode_a_no_show_comes_back_whatever_is_taken() -> None:
    house = room_at_noon(2, enforcement="shadow")
    booking = began(house, 20, 2, "T1")
    mark_no_show(booking_id=booking.pk)
    seated(house, 0, "T1")
    limit_presence(house, 2)

    undo(booking)

    assert state(booking)[0] == BookingStatus.CONFIRMED
    assert kept(booking) == []
    assert authorised(booking) == {("OCCUPANCY_COVERS", 2, "shadow")}
    assert_all_right(house)


def test_nothing_is_undone_when_the_service_is_over() -> None:
    house = room_at_noon(2)
    booking = began(house, 100, 2, "T1")
    mark_no_show(booking_id=booking.pk)
    ServiceDay.objects.update(ends_at=datetime.now(UTC) - minutes(1))

    with pytest.raises(TransitionUntimely, match="is over"):
        undo(booking)

    assert state(booking)[0] == BookingStatus.NO_SHOW


def test_what_somebody_did_since_cannot_be_skipped() -> None:
    house = room_at_noon(2)
    booking = began(house, 5, 2, "T1")
    mark_arrived(booking_id=booking.pk)
    arrival = latest(booking)
    cancel_booking(booking_id=booking.pk, actor=UserFactory())

    with pytest.raises(TransitionUntimely, match="Only the last"):
        undo_change(booking_id=booking.pk, event_id=arrival.pk)

    assert state(booking)[0] == BookingStatus.CANCELLED


def test_undoing_on_an_older_version_is_stale() -> None:
    booking = began(room_at_noon(2), 5, 2, "T1")
    version = mark_arrived(booking_id=booking.pk).version

    with pytest.raises(EditIsStale):
        undo_change(booking_id=booking.pk, event_id=latest(booking).pk, expected_version=version - 1)

    assert state(booking)[0] == BookingStatus.ARRIVED


def test_a_change_of_another_booking_is_not_found() -> None:
    house = room_at_noon(2, 2)
    booking, other = began(house, 5, 2, "T1"), began(house, 5, 2, "T2")
    mark_arrived(booking_id=other.pk)

    with pytest.raises(RecordNotFound):
        undo_change(booking_id=booking.pk, event_id=latest(other).pk)
    with pytest.raises(RecordNotFound):
        undo_change(booking_id=0, event_id=latest(other).pk)
