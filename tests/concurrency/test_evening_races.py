"""The evening at two screens: one party seated, extended, let go or brought back, while somebody wants its table.

The controls run at READ COMMITTED. Where one stops a client, it stops it between deciding and writing.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from bookings.choices import BookingStatus
from bookings.models import Booking
from bookings.services import (
    BookingReceipt,
    FloorOutcome,
    cancel_booking,
    extend_stay,
    leave_early,
    mark_no_show,
    seat_party,
    seat_walk_in,
    undo_change,
)
from tables.models import Restaurant
from tests.helpers.crowd import BOOKED, Crowd, Outcome, outcome_of, tally
from tests.helpers.dining_room import at_tables
from tests.helpers.missing_protections import Protections
from tests.helpers.race_verdict import watched
from tests.helpers.recount import list_faults
from tests.helpers.running_service import began, due, kinds, latest, room_at_noon, seated
from tests.helpers.stopping_points import Points, wait_until_blocked

FULL = "CAPACITY_EXCEEDED"
FLOOR = "bookings.services.floor"
DOUBLE_SEATING = "assignment_no_double_seating"


def by_numbers(house: Restaurant) -> Restaurant:
    """Let covers alone decide: no table, and no constraint on tables, comes between two clicks."""
    house.service_periods.update(seating_mode="covers")
    return house


def seating(party: Booking) -> Callable[[], FloorOutcome]:
    return partial(seat_party, booking_id=party.pk, expected_version=party.version)


def extending(party: Booking, minutes: int) -> Callable[[], FloorOutcome]:
    later = party.ends_at + timedelta(minutes=minutes)
    return partial(extend_stay, booking_id=party.pk, ends_at=later, expected_version=party.version)


def walking_in(house: Restaurant) -> Callable[[], BookingReceipt]:
    return partial(seat_walk_in, restaurant_id=house.pk, party_size=2)


def no_show(house: Restaurant) -> tuple[Booking, Callable[[], FloorOutcome]]:
    """Make a party that did not come, and the act of taking that back."""
    party = began(house, 20, 2, "T1")
    mark_no_show(booking_id=party.pk)
    return party, partial(undo_change, booking_id=party.pk, event_id=latest(party).pk)


def party_and_who_comes_next(house: Restaurant) -> tuple[Booking, Booking]:
    """Let a party sit at T1 for another hour, and another come there ten minutes later."""
    return seated(house, 30, "T1"), due(house, 70, "T1")


def codes_of(outcome: Outcome) -> list[str]:
    return [reason.code for reason in getattr(outcome.refusal, "reasons", ())]


def test_two_hosts_seat_one_party_once(crowd: Crowd, isolation: str, few_rounds: range) -> None:
    for _ in few_rounds:
        house = room_at_noon(2)
        party = due(house, 10, "T1")

        with watched(house):
            assert tally(crowd.run([seating(party)] * 2)) == {BOOKED: 2}

        assert kinds(party) == ["seated"]


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_one_party_is_seated_twice(crowd: Crowd, points: Points, without: Protections) -> None:
    party = due(by_numbers(room_at_noon(2)), 10)
    without.service_day_lock()
    points.meet_before(f"{FLOOR}.arrivals.SeatParty.write_stay", clients=2)

    assert tally(crowd.run([seating(party)] * 2)) == {BOOKED: 2}

    assert kinds(party) == ["seated", "seated"]


def test_two_hosts_let_one_party_stay_longer_once(crowd: Crowd, isolation: str, few_rounds: range) -> None:
    for _ in few_rounds:
        house = room_at_noon(2)
        party = seated(house, 30, "T1")

        with watched(house):
            assert tally(crowd.run([extending(party, 45)] * 2)) == {BOOKED: 2}

        assert kinds(party) == ["extended"]


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_a_longer_stay_is_counted_twice(crowd: Crowd, points: Points, without: Protections) -> None:
    house = by_numbers(room_at_noon(2))
    party = seated(house, 30)
    without.service_day_lock()
    points.meet_before(f"{FLOOR}.stays.ExtendStay.write_stay", clients=2)

    assert tally(crowd.run([extending(party, 45)] * 2)) == {BOOKED: 2}

    assert kinds(party) == ["extended", "extended"]
    assert list_faults(house.pk) != []


def test_a_party_at_the_door_gets_the_table_of_one_that_leaves_or_is_told_that_it_is_taken(
    crowd: Crowd, isolation: str, few_rounds: range
) -> None:
    for _ in few_rounds:
        house = room_at_noon(2)
        sitting = seated(house, 30, "T1")

        with watched(house):
            left, came = crowd.run([partial(leave_early, booking_id=sitting.pk), walking_in(house)])

        assert left.code == BOOKED
        assert (came.code, codes_of(came)) in [(BOOKED, []), (FULL, ["NO_TABLE"])]


def test_who_asks_while_a_party_leaves_waits_and_gets_its_table(crowd: Crowd, points: Points, isolation: str) -> None:
    house = room_at_noon(2)
    sitting = seated(house, 30, "T1")
    pause = points.pause_before(f"{FLOOR}.stays._free_tables")

    with watched(house):
        host = crowd.start(partial(leave_early, booking_id=sitting.pk))
        pause.wait_for_arrival()
        guest = crowd.start(walking_in(house))
        wait_until_blocked()
        pause.release()

        assert (outcome_of(host).code, outcome_of(guest).code) == (BOOKED, BOOKED)


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_who_asks_while_a_party_leaves_is_refused(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = room_at_noon(2)
    sitting = seated(house, 30, "T1")
    without.service_day_lock()
    pause = points.pause_before(f"{FLOOR}.stays._free_tables")

    host = crowd.start(partial(leave_early, booking_id=sitting.pk))
    pause.wait_for_arrival()
    guest = outcome_of(crowd.start(walking_in(house)))
    pause.release()

    assert (outcome_of(host).code, guest.code) == (BOOKED, FULL)


def test_a_no_show_that_comes_after_all_and_a_party_at_the_door_want_the_last_table(
    crowd: Crowd, isolation: str, few_rounds: range
) -> None:
    for _ in few_rounds:
        house = room_at_noon(2)
        party, undo = no_show(house)

        with watched(house):
            outcomes = crowd.run([undo, walking_in(house)])

        assert tally(outcomes) == {BOOKED: 1, FULL: 1}
        assert [codes_of(each) for each in outcomes if each.refusal] == [["NO_TABLE"]]
        is_back = outcomes[0].code == BOOKED
        party.refresh_from_db()
        assert party.status == (BookingStatus.CONFIRMED if is_back else BookingStatus.NO_SHOW)
        assert at_tables(party) == (["T1"] if is_back else [])


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_a_no_show_and_a_party_at_the_door_both_get_the_table(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = room_at_noon(2)
    party, undo = no_show(house)
    without.service_day_lock()
    without.constraints(DOUBLE_SEATING)
    pause = points.pause_before(f"{FLOOR}.undo.UndoChange._sit_as_before")

    host = crowd.start(undo)
    pause.wait_for_arrival()
    guest = outcome_of(crowd.start(walking_in(house)))
    pause.release()

    assert (outcome_of(host).code, guest.code) == (BOOKED, BOOKED)
    assert at_tables(party) == ["T1"]
    assert any("at once" in fault for fault in list_faults(house.pk))


def test_who_is_cancelled_while_a_longer_stay_moves_it_keeps_no_table(
    crowd: Crowd, isolation: str, few_rounds: range
) -> None:
    for _ in few_rounds:
        house = room_at_noon(2, 2)
        sitting, coming = party_and_who_comes_next(house)

        with watched(house):
            outcomes = crowd.run([extending(sitting, 45), partial(cancel_booking, booking_id=coming.pk)])

        assert tally(outcomes) == {BOOKED: 2}
        assert (at_tables(sitting), at_tables(coming)) == (["T1"], [])
        assert kinds(coming) in (["cancelled"], ["reseated", "cancelled"])


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_a_cancelled_party_is_moved_to_a_table(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = room_at_noon(2, 2)
    sitting, coming = party_and_who_comes_next(house)
    without.service_day_lock()
    pause = points.pause_before(f"{FLOOR}.stays.ExtendStay.write_stay")

    host = crowd.start(extending(sitting, 45))
    pause.wait_for_arrival()
    guest = outcome_of(crowd.start(partial(cancel_booking, booking_id=coming.pk)))
    pause.release()

    assert (outcome_of(host).code, guest.code) == (BOOKED, BOOKED)
    assert kinds(coming) == ["cancelled", "reseated"]
    assert at_tables(coming) == ["T2"]
