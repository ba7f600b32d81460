"""A walk-in by mistake: taken back, it was never there."""

import pytest

from bookings.choices import BookingStatus, EventKind
from bookings.errors import CapacityExceeded, TransitionUntimely
from bookings.models import Booking
from bookings.services import FloorOutcome, assign_tables, extend_stay, leave_early, seat_walk_in, undo_change
from capacity.models import ServiceDay
from config.errors import EditIsStale
from tables.models import Restaurant
from tests.helpers.dining_room import at_tables, book, history, ids, latest
from tests.helpers.factories import CapacityRuleFactory, UserFactory
from tests.helpers.running_service import assert_all_right, due, minutes, present_at, room_at_noon, rows_of

pytestmark = pytest.mark.django_db(transaction=True)


def walk_in(house: Restaurant, party_size: int = 2) -> Booking:
    return seat_walk_in(restaurant_id=house.pk, party_size=party_size).booking


def undo_walk_in(party: Booking, expected_version: int | None = None) -> FloorOutcome:
    event = party.events.get(kind=EventKind.CREATED)
    return undo_change(booking_id=party.pk, event_id=event.pk, expected_version=expected_version)


def test_a_walk_in_that_is_undone_is_cancelled_and_frees_covers_and_table_at_once() -> None:
    house = room_at_noon(2)
    party, host = walk_in(house), UserFactory()
    created = latest(party)

    outcome = undo_change(booking_id=party.pk, event_id=created.pk, actor=host, expected_version=1)

    party.refresh_from_db()
    assert (party.status, party.seated_at, party.version) == (BookingStatus.CANCELLED, None, 2)
    assert (outcome.booking.status, outcome.moves, outcome.hits) == (BookingStatus.CANCELLED, (), ())
    assert (at_tables(party), present_at(house, party.starts_at)) == ([], 0)
    assert ServiceDay.objects.get(pk=party.service_day_id).booked_covers == 0
    event = latest(party)
    assert (event.kind, event.actor) == (EventKind.UNDONE, host)
    assert (event.from_value["status"], event.from_value["tables"]) == ("seated", ["T1"])
    assert event.to_value["undone"] == {"event_id": created.pk, "kind": "created"}
    assert_all_right(house)


def test_the_next_party_sits_at_the_table_of_an_undone_walk_in() -> None:
    house = room_at_noon(2)
    CapacityRuleFactory(restaurant=house, max_covers=2)
    mistake = walk_in(house)
    with pytest.raises(CapacityExceeded):
        walk_in(house)

    undo_walk_in(mistake)

    assert at_tables(walk_in(house)) == ["T1"]
    assert_all_right(house)


def test_undoing_a_walk_in_twice_is_undoing_it_once() -> None:
    house = room_at_noon(2)
    party = walk_in(house)
    undo_walk_in(party, expected_version=1)
    before = rows_of(house)

    assert undo_walk_in(party, expected_version=1).booking.status == BookingStatus.CANCELLED

    assert rows_of(house) == before


def test_a_walk_in_at_other_tables_by_now_is_undone_there() -> None:
    house = room_at_noon(2, 2)
    party = walk_in(house)
    assign_tables(booking_id=party.pk, table_ids=ids(house, "T2"))

    undo_walk_in(party)

    assert at_tables(party) == []
    assert_all_right(house)


def test_who_was_moved_for_a_walk_in_stays_there_when_it_is_undone() -> None:
    house = room_at_noon(2, 4)
    following = due(house, 60, "T2")
    party = walk_in(house, party_size=4)

    undo_walk_in(party)

    assert at_tables(following) == ["T1"]
    assert_all_right(house)


def test_a_walk_in_whose_stay_was_changed_is_undone_change_by_change() -> None:
    house = room_at_noon(2)
    party = walk_in(house)
    extend_stay(booking_id=party.pk, ends_at=party.ends_at + minutes(30))
    longer = latest(party)

    with pytest.raises(TransitionUntimely, match="Only the last"):
        undo_walk_in(party)
    undo_change(booking_id=party.pk, event_id=longer.pk)
    undo_walk_in(party)

    assert history(party) == ["created", "extended", "undone", "undone"]
    assert_all_right(house)


def test_a_walk_in_that_has_left_was_there() -> None:
    house = room_at_noon(2)
    party = walk_in(house)
    leave_early(booking_id=party.pk)
    before = rows_of(house)

    with pytest.raises(TransitionUntimely, match="Only the last"):
        undo_walk_in(party)

    assert rows_of(house) == before


def test_a_booking_made_ahead_is_cancelled_not_undone() -> None:
    house = room_at_noon(2)
    party = book(house, "13:00")

    with pytest.raises(TransitionUntimely, match="Only the last"):
        undo_walk_in(party)

    assert Booking.objects.get().status == BookingStatus.CONFIRMED


def test_a_walk_in_of_an_older_version_is_not_undone() -> None:
    house = room_at_noon(2)
    party = walk_in(house)

    with pytest.raises(EditIsStale):
        undo_walk_in(party, expected_version=2)

    assert at_tables(party) == ["T1"]
