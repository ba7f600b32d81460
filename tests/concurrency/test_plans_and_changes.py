"""A plan of seats that was solved before the lock, and what happens to the parties that it moves before it is taken.

Questions that are too hard to be solved under the lock are made so here by leaving the planner no steps there.
"""

from functools import partial

import pytest

from bookings.models import Booking
from bookings.services import cancel_booking
from tables.seating import TimeBudget
from tests.helpers.crowd import BOOKED, Crowd, outcome_of
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import House, seated_house
from tests.helpers.race_verdict import Gauge, list_misplaced, watched
from tests.helpers.recount import list_faults
from tests.helpers.stopping_points import Pause, Points, wait_until_blocked

FULL = "CAPACITY_EXCEEDED"
SOLVED = "bookings.services.writes.PlannedWrite.draft_before_lock"
DECIDED = "bookings.services.booking.write_bookings"
CANCELLED_BEFORE_COMMIT = "bookings.services.cancellation._write_cancelled"
DOUBLE_SEATING = "assignment_no_double_seating"
TAKEN_MEANWHILE = "23P01"
NO_STEPS = TimeBudget(chain_nodes=0, exact_seconds=0)


def house_with_a_displaced_pair(*more_seats: int) -> tuple[House, Booking]:
    """Let a party of two sit at T2, which has four seats, with T1 free for it: four people need it to move."""
    house = seated_house(2, 4, *more_seats)
    return house, house.put(house.booking(party_size=2)().booking, "T2")


def kinds_of(booking: Booking) -> list[str]:
    return list(booking.events.order_by("pk").values_list("kind", flat=True))


def cancelling(booking: Booking) -> partial[Booking]:
    return partial(cancel_booking, booking_id=booking.pk)


def pause_between_plan_and_lock(points: Points) -> Pause:
    """Let bookings solve before the lock, and stop the first that has."""
    points.replace("bookings.services.booking.CreateBooking.at_first_sight", NO_STEPS)
    return points.pause_after(SOLVED)


def trust_what_was_solved(points: Points) -> None:
    """Take away the comparison with the state under the lock, and the state with it."""
    from bookings.services.booking import load_days

    def unread(*args: object, solved: object = None, **options: object) -> object:
        book = load_days(*args, solved=solved, **options)  # type: ignore[arg-type]
        if solved is not None:
            object.__setattr__(book, "seating", solved.state)  # type: ignore[attr-defined]
        return book

    points.replace("bookings.services.booking.load_days", unread)


def test_a_party_that_is_cancelled_after_the_plan_that_moves_it_keeps_no_table(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house, displaced = house_with_a_displaced_pair()
    pause = pause_between_plan_and_lock(points)

    with watched(house.restaurant) as gauge:
        guest = crowd.start(house.booking())
        pause.wait_for_arrival()
        cancelling(displaced)()
        pause.release()

        assert house.tables_of(outcome_of(guest).value.booking) == "T2"

    assert gauge.retries("plan") == 1
    assert kinds_of(displaced) == ["created", "cancelled"]
    assert not displaced.assignments.exists()


@pytest.mark.usefixtures("read_committed")
def test_where_the_plan_is_trusted_a_cancelled_party_gets_a_table(crowd: Crowd, points: Points) -> None:
    house, displaced = house_with_a_displaced_pair()
    trust_what_was_solved(points)
    pause = pause_between_plan_and_lock(points)

    guest = crowd.start(house.booking())
    pause.wait_for_arrival()
    cancelling(displaced)()
    pause.release()

    assert outcome_of(guest).code == BOOKED
    assert any("cancelled" in fault for fault in list_faults(house.restaurant.pk))


def test_a_cancellation_waits_for_the_plan_that_moves_its_party(crowd: Crowd, points: Points, isolation: str) -> None:
    house, displaced = house_with_a_displaced_pair()
    pause = points.pause_before(DECIDED)

    with watched(house.restaurant):
        guest = crowd.start(house.booking())
        pause.wait_for_arrival()
        cancellation = crowd.start(cancelling(displaced))
        wait_until_blocked()
        pause.release()

        assert house.tables_of(outcome_of(guest).value.booking) == "T2"
        assert outcome_of(cancellation).value.version == 3

    assert kinds_of(displaced) == ["created", "reseated", "cancelled"]
    assert not displaced.assignments.exists()


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_a_plan_gives_a_table_to_a_cancelled_party(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house, displaced = house_with_a_displaced_pair()
    without.service_day_lock()
    pause = points.pause_before(DECIDED)

    guest = crowd.start(house.booking())
    pause.wait_for_arrival()
    cancelling(displaced)()
    pause.release()

    assert outcome_of(guest).code == BOOKED
    assert any("cancelled" in fault for fault in list_faults(house.restaurant.pk))


def test_a_guest_who_waits_for_a_cancellation_moves_nobody(crowd: Crowd, points: Points, isolation: str) -> None:
    house, displaced = house_with_a_displaced_pair()
    pause = points.pause_after(CANCELLED_BEFORE_COMMIT)

    with watched(house.restaurant):
        cancellation = crowd.start(cancelling(displaced))
        pause.wait_for_arrival()
        guest = crowd.start(house.booking())
        wait_until_blocked()
        pause.release()

        assert outcome_of(cancellation).value.status == "cancelled"
        assert house.tables_of(outcome_of(guest).value.booking) == "T2"

    assert kinds_of(displaced) == ["created", "cancelled"]


def test_a_plan_whose_table_is_booked_meanwhile_is_not_written_but_made_anew(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house, displaced = house_with_a_displaced_pair(2)
    pause = pause_between_plan_and_lock(points)

    with watched(house.restaurant) as gauge:
        guest = crowd.start(house.booking())
        pause.wait_for_arrival()
        faster = house.booking(party_size=1)().booking
        pause.release()

        assert house.tables_of(outcome_of(guest).value.booking) == "T2"

    assert (house.tables_of(faster), house.tables_of(displaced)) == ("T1", "T3")
    # Each of the two has solved before the lock once.
    assert (gauge.retries("plan"), gauge.retries(TAKEN_MEANWHILE)) == (2, 0)
    assert list_misplaced(house.restaurant) == []


def test_a_plan_that_is_out_of_date_and_too_hard_for_the_lock_is_solved_before_it_again(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house, displaced = house_with_a_displaced_pair(2)
    pause = pause_between_plan_and_lock(points)
    points.replace("bookings.services.booking.CreateBooking.under_lock", NO_STEPS)

    with watched(house.restaurant) as gauge:
        guest = crowd.start(house.booking())
        pause.wait_for_arrival()
        house.put(displaced, "T3")
        pause.release()

        assert house.tables_of(outcome_of(guest).value.booking) == "T2"

    assert gauge.retries("plan") == 2
    assert kinds_of(displaced) == ["created"]


def test_a_plan_that_has_become_impossible_refuses_and_moves_nobody(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house, displaced = house_with_a_displaced_pair()
    pause = pause_between_plan_and_lock(points)

    with watched(house.restaurant):
        guest = crowd.start(house.booking())
        pause.wait_for_arrival()
        house.booking(party_size=2)()
        pause.release()

        assert outcome_of(guest).code == FULL

    assert (house.tables_of(displaced), kinds_of(displaced)) == ("T2", ["created"])


@pytest.mark.usefixtures("read_committed")
def test_where_the_plan_is_trusted_the_exclusion_keeps_the_table_and_the_call_runs_again(
    crowd: Crowd, points: Points
) -> None:
    gauge = Gauge()

    house = book_on_a_trusted_plan(crowd, points)

    assert gauge.retries(TAKEN_MEANWHILE) == 1
    assert list_faults(house.restaurant.pk) == []


@pytest.mark.usefixtures("read_committed")
def test_where_the_plan_is_trusted_and_nothing_excludes_it_two_parties_get_one_table(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    without.constraints(DOUBLE_SEATING)

    house = book_on_a_trusted_plan(crowd, points)

    assert any("at once" in fault for fault in list_faults(house.restaurant.pk))


def book_on_a_trusted_plan(crowd: Crowd, points: Points) -> House:
    """Book four by a plan whose table for the displaced pair is booked before the lock is taken."""
    house, _ = house_with_a_displaced_pair(2)
    trust_what_was_solved(points)
    pause = pause_between_plan_and_lock(points)
    guest = crowd.start(house.booking())
    pause.wait_for_arrival()
    house.booking(party_size=1)()
    pause.release()
    assert outcome_of(guest).code == BOOKED
    return house
