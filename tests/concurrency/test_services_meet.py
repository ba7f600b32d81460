"""Lunch runs into dinner: two service days share an occupancy limit, tables, and the locks that guard them."""

import random
from datetime import time

import pytest
from pytest_django import Settings

from bookings.insight.audit import AuditScope, audit
from bookings.services import cancel_booking, save_settings_row
from capacity.locks import Locked, lock_service_days
from tests.helpers.crowd import BOOKED, Act, Crowd, outcome_of, tally
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import House, all_day_house, house_with_long_slots
from tests.helpers.race_verdict import Gauge, watched
from tests.helpers.recount import list_faults
from tests.helpers.stopping_points import Meeting, Points, wait_until_blocked

FULL = "CAPACITY_EXCEEDED"
DECIDED = "bookings.services.booking.write_bookings"
OCCUPANCY = "slot_present_covers_within_limit"
DOUBLE_SEATING = "assignment_no_double_seating"
DEADLOCK = "40P01"
# Whoever starts at one of these is still, or already, there at 15:00.
LUNCH, DINNER = (time(14), time(14, 30)), (time(15),)


def half_and_half(house: House, guests: int) -> list[Act]:
    """Let half of the guests want lunch and half dinner, all present at 15:00."""
    starts = (LUNCH[1], DINNER[0])
    return [house.booking(at=starts[guest % 2]) for guest in range(guests)]


def test_lunch_and_dinner_share_the_covers_present(crowd: Crowd, rounds: range, isolation: str) -> None:
    for _ in rounds:
        house = all_day_house(occupancy_covers=20)

        with watched(house.restaurant):
            outcomes = crowd.run(half_and_half(house, 14))

        assert tally(outcomes) == {BOOKED: 5, FULL: 9}


def test_lunch_and_dinner_share_the_tables(crowd: Crowd, rounds: range, isolation: str) -> None:
    for _ in rounds:
        house = all_day_house(tables=4)

        with watched(house.restaurant):
            outcomes = crowd.run(half_and_half(house, 14))

        assert tally(outcomes) == {BOOKED: 4, FULL: 10}


@pytest.mark.usefixtures("read_committed")
def test_with_only_their_own_day_locked_lunch_and_dinner_overbook_the_covers_present(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = all_day_house(occupancy_covers=4)
    without.locks_of_other_services()
    without.constraints(OCCUPANCY)
    points.meet_before(DECIDED, clients=2)

    assert tally(crowd.run(half_and_half(house, 2))) == {BOOKED: 2}

    assert audit(AuditScope(restaurant_id=house.restaurant.pk)).has_overbooking


@pytest.mark.usefixtures("read_committed")
def test_with_only_their_own_day_locked_the_constraint_speaks_and_is_counted(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = all_day_house(occupancy_covers=4)
    without.locks_of_other_services()
    points.meet_before(DECIDED, clients=2)
    gauge = Gauge()

    assert tally(crowd.run(half_and_half(house, 2))) == {BOOKED: 1, FULL: 1}

    assert gauge.disagreements == 1


@pytest.mark.usefixtures("read_committed")
def test_with_only_their_own_day_locked_lunch_and_dinner_get_one_table(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = all_day_house(tables=1)
    without.locks_of_other_services()
    without.constraints(DOUBLE_SEATING)
    points.meet_before(DECIDED, clients=2)

    assert tally(crowd.run(half_and_half(house, 2))) == {BOOKED: 2}

    assert any("at once" in fault for fault in list_faults(house.restaurant.pk))


def test_a_stay_that_touches_the_last_slot_of_another_service_waits_for_it(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house = house_with_long_slots()
    pause = points.pause_before(DECIDED)

    with watched(house.restaurant):
        noon = crowd.start(house.booking(at=time(12)))
        pause.wait_for_arrival()
        later = crowd.start(house.booking(at=time(12, 45)))
        wait_until_blocked()
        pause.release()

        assert (outcome_of(noon).code, outcome_of(later).code) == (BOOKED, FULL)


def test_overlapping_stays_cancellations_and_edits_in_any_order_never_deadlock(
    crowd: Crowd, rounds: range, isolation: str
) -> None:
    for number in rounds:
        house = all_day_house(max_covers=400)
        dice = random.Random(number)
        early = [house.booking(at=dice.choice(LUNCH + DINNER))() for _ in range(4)]
        acts: list[Act] = [house.booking(at=dice.choice(LUNCH + DINNER)) for _ in range(12)]
        acts += [lambda pk=receipt.booking.pk: cancel_booking(booking_id=pk) for receipt in early]
        acts += [lambda: save_settings_row(row=house.rule)] * 2  # noqa: B023 - all acts end in this round
        dice.shuffle(acts)

        with watched(house.restaurant) as gauge:
            crowd.run(acts)

        assert gauge.retries(DEADLOCK) == 0
        assert len(house.live_bookings()) == 12


def test_days_locked_one_by_one_in_opposite_order_deadlock(crowd: Crowd, points: Points, settings: Settings) -> None:
    settings.BOOKING_ISOLATION = "read committed"
    house = all_day_house(max_covers=400)
    points.replace("bookings.services.writes.lock_service_days", _OppositeOrder())
    gauge = Gauge()

    assert tally(crowd.run(half_and_half(house, 2))) == {BOOKED: 2}

    assert gauge.retries(DEADLOCK) == 1


class _OppositeOrder:
    """Lock the first caller's days from the first to the last and the second caller's the other way round."""

    def __init__(self) -> None:
        self._meeting = Meeting(clients=2)
        self._steps = iter((1, -1))

    def __call__(self, ids: frozenset[int]) -> dict[int, Locked]:
        first, second = sorted(ids)[:: next(self._steps, 1)]
        locked = lock_service_days([first])
        self._meeting.pass_through()
        return locked | lock_service_days([second])
