"""Plans that reach from one service into another: lunch parties have to move for dinner guests whom they never meet."""

import random
from datetime import time, timedelta
from functools import partial

import pytest

from bookings.models import Booking
from bookings.services import cancel_booking
from tests.helpers.crowd import BOOKED, Act, Crowd, outcome_of, tally
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import House, house_of_two_services
from tests.helpers.race_verdict import Gauge, list_misplaced, watched
from tests.helpers.recount import list_faults
from tests.helpers.stopping_points import Points, wait_until_blocked

DECIDED = "bookings.services.booking.write_bookings"
DOUBLE_SEATING = "assignment_no_double_seating"
DEADLOCK, TAKEN_MEANWHILE = "40P01", "23P01"
LUNCH, DINNER = (time(14), time(14, 15), time(14, 30)), (time(15), time(15, 30), time(16, 15), time(17))


def house_with_a_chain_into_lunch() -> tuple[House, Booking, Booking]:
    """Let four at 16:15 need T1 from a dinner party, which needs T2 from a lunch party, which can go to T3."""
    house = house_of_two_services(4, 3, 2)
    lunch = house.put(house.booking(2, time(14))().booking, "T2")
    dinner = house.put(house.booking(3, time(15))().booking, "T1")
    return house, lunch, dinner


def test_a_plan_that_moves_a_party_of_lunch_locks_lunch_too(crowd: Crowd, points: Points, isolation: str) -> None:
    house, lunch, dinner = house_with_a_chain_into_lunch()
    pause = points.pause_before(DECIDED)

    with watched(house.restaurant) as gauge:
        guest = crowd.start(house.booking(4, time(16, 15)))
        pause.wait_for_arrival()
        single = crowd.start(house.booking(1, time(14)))
        wait_until_blocked()
        pause.release()

        assert house.tables_of(outcome_of(guest).value.booking) == "T1"
        assert outcome_of(single).code == BOOKED

    assert (house.tables_of(dinner), house.tables_of(lunch)) == ("T2", "T3")
    assert (gauge.retries("claim"), gauge.retries(TAKEN_MEANWHILE)) == (1, 0)
    assert list_misplaced(house.restaurant) == []


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_on_those_who_move_lunch_takes_the_table_of_the_plan(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house, _, _ = house_with_a_chain_into_lunch()
    without.locks_of_moved_parties()
    without.constraints(DOUBLE_SEATING)

    book_dinner_beside_lunch(house, crowd, points)

    assert any("at once" in fault for fault in list_faults(house.restaurant.pk))


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_on_those_who_move_the_exclusion_speaks_and_the_call_runs_again(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house, _, _ = house_with_a_chain_into_lunch()
    without.locks_of_moved_parties()
    gauge = Gauge()

    book_dinner_beside_lunch(house, crowd, points)

    assert gauge.retries(TAKEN_MEANWHILE) == 1
    assert list_faults(house.restaurant.pk) == []


def book_dinner_beside_lunch(house: House, crowd: Crowd, points: Points) -> None:
    """Stop a plan for dinner before it is written, and seat somebody for lunch meanwhile."""
    pause = points.pause_before(DECIDED)
    guest = crowd.start(house.booking(4, time(16, 15)))
    pause.wait_for_arrival()
    house.booking(1, time(14))()
    pause.release()
    assert outcome_of(guest).code == BOOKED


def test_a_hold_that_is_over_where_a_plan_moves_somebody_is_freed(crowd: Crowd, isolation: str) -> None:
    house, lunch, _ = house_with_a_chain_into_lunch()
    hold = house.put(house.booking(1, time(14))().booking, "T3")
    Booking.objects.filter(pk=hold.pk).update(status="held", expires_at=hold.starts_at - timedelta(days=365))

    with watched(house.restaurant) as gauge:
        guest = crowd.start(house.booking(4, time(16, 15)))

        assert outcome_of(guest).code == BOOKED

    assert house.tables_of(lunch) == "T3"
    assert gauge.retries(TAKEN_MEANWHILE) == 0
    assert list(hold.events.order_by("pk").values_list("kind", flat=True)) == ["created", "expired"]


def test_plans_across_neighbouring_services_never_deadlock_and_lose_nobody(
    crowd: Crowd, few_rounds: range, isolation: str
) -> None:
    for number in few_rounds:
        house = house_of_two_services(1, 2, 2, 3, 4, 4)
        dice = random.Random(number)
        early = [house.booking(dice.randint(1, 3), dice.choice(LUNCH + DINNER))().booking for _ in range(6)]
        acts: list[Act] = [house.booking(dice.randint(1, 4), dice.choice(LUNCH + DINNER)) for _ in range(10)]
        acts += [partial(cancel_booking, booking_id=each.pk) for each in early[:3]]
        dice.shuffle(acts)

        with watched(house.restaurant) as gauge:
            outcomes = crowd.run(acts)

        assert gauge.retries(DEADLOCK) == 0
        assert gauge.retries(TAKEN_MEANWHILE) == 0
        assert len(house.live_bookings()) == 3 + tally(outcomes)[BOOKED] - 3
        assert list_misplaced(house.restaurant) == []
