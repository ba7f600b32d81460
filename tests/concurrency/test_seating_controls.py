"""Controls: what becomes of seats when a protection is taken away."""

import pytest

from bookings.services import cancel_booking
from tables.seating import Step
from tables.seating.problem import TimeLeft
from tables.seating.question import Question
from tables.seating.steps import Nodes, Settled, settle_directly
from tests.concurrency.test_seating_races import ROWS, house_of_displaced_pairs
from tests.helpers.crowd import BOOKED, Crowd, tally
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import NINETEEN, House, seated_house
from tests.helpers.race_verdict import Gauge, is_refused_by_all, list_misplaced
from tests.helpers.recount import list_faults
from tests.helpers.second_opinion import Wish
from tests.helpers.stopping_points import Points

FULL = "CAPACITY_EXCEEDED"
DECIDED = "bookings.services.booking.write_bookings"
DOUBLE_SEATING = "assignment_no_double_seating"
TAKEN_MEANWHILE = "23P01"


def look_for_free_tables_only(question: Question, left: TimeLeft) -> Settled:
    """Refuse where no table is free, as most systems do."""
    return settle_directly(question, Nodes(left.budget.chain_nodes)) or Settled(Step.DIRECT)


def test_where_nobody_is_moved_parties_are_refused_though_a_plan_exists(crowd: Crowd, points: Points) -> None:
    house = seated_house(*[4] * 8, combined=ROWS)
    points.replace("tables.seating.planner.settle", look_for_free_tables_only)

    outcomes = crowd.run([house.booking(party_size=6)] * 6)

    assert tally(outcomes) == {BOOKED: 2, FULL: 4}
    assert not is_refused_by_all(house.restaurant, Wish(house.business_date, NINETEEN, 6))


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_two_plans_move_one_party_and_seat_two_at_its_table(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    without.constraints(DOUBLE_SEATING)

    house = let_two_plans_move_one_party(crowd, points, without)

    assert any("at once" in fault for fault in list_faults(house.restaurant.pk))


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_the_exclusion_lets_one_plan_be_written_and_the_other_be_made_anew(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    gauge = Gauge()

    house = let_two_plans_move_one_party(crowd, points, without)

    assert gauge.retries(TAKEN_MEANWHILE) == 1
    assert list_faults(house.restaurant.pk) == []


def let_two_plans_move_one_party(crowd: Crowd, points: Points, without: Protections) -> House:
    """Let two guests decide that the same party of two moves, before the first of them writes."""
    house, _ = house_of_displaced_pairs(2)
    without.service_day_lock()
    points.meet_before(DECIDED, clients=2)
    assert tally(crowd.run([house.booking()] * 2)) == {BOOKED: 2}
    return house


def test_a_party_that_is_moved_by_nobody_who_says_so_is_missed(crowd: Crowd) -> None:
    house, (displaced,) = house_of_displaced_pairs(1)
    house.booking()()
    assert (house.tables_of(displaced), list_misplaced(house.restaurant)) == ("T1", [])

    cancel_booking(booking_id=house.live_bookings()[-1].pk)
    house.put(displaced, "T2")

    assert list_misplaced(house.restaurant) == [f"{displaced} was given ['T1'] and left ['T2']"]
