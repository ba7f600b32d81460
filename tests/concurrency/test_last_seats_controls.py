"""Controls: what becomes of the last seats when a protection is taken away.

At SERIALIZABLE the isolation itself is one more protection, so most of them run at READ COMMITTED.
All clients meet between reading and writing: nothing here depends on who is faster.
"""

import pytest
from pytest_django import Settings

from bookings.insight.audit import AuditScope, audit
from tests.helpers.crowd import BOOKED, Crowd, tally
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import House, dinner_house
from tests.helpers.race_verdict import Gauge, watched
from tests.helpers.recount import list_faults
from tests.helpers.stopping_points import Points

FULL = "CAPACITY_EXCEEDED"
DECIDED = "bookings.services.booking.write_bookings"
COVERS, PARTIES = "service_day_covers_within_limit", "service_day_parties_within_limit"
DOUBLE_SEATING = "assignment_no_double_seating"


def race(house: House, crowd: Crowd, points: Points, clients: int) -> dict[str, int]:
    """Let clients decide, all of them, before the first one writes."""
    points.meet_before(DECIDED, clients=clients)
    return dict(tally(crowd.run([house.booking()] * clients)))


def is_overbooked(house: House) -> bool:
    return audit(AuditScope(restaurant_id=house.restaurant.pk)).has_overbooking


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_forty_covers_are_overbooked(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_covers=40)
    without.service_day_lock()
    without.constraints(COVERS)

    assert race(house, crowd, points, clients=15) == {BOOKED: 15}

    assert house.days[0].booked_covers == 60
    assert is_overbooked(house)


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_the_constraint_stops_forty_covers_and_is_counted(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_covers=40)
    without.service_day_lock()
    gauge = Gauge()

    assert race(house, crowd, points, clients=15) == {BOOKED: 10, FULL: 5}

    assert gauge.disagreements == 5
    assert list_faults(house.restaurant.pk) == []


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_room_for_one_party_goes_to_two(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_parties=1)
    without.service_day_lock()
    without.constraints(PARTIES)

    assert race(house, crowd, points, clients=2) == {BOOKED: 2}

    assert is_overbooked(house)


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_the_constraint_keeps_room_for_one_party_and_is_counted(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_parties=1)
    without.service_day_lock()
    gauge = Gauge()

    assert race(house, crowd, points, clients=2) == {BOOKED: 1, FULL: 1}

    assert gauge.disagreements == 1


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_two_parties_get_one_table(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(tables=1)
    without.service_day_lock()
    without.constraints(DOUBLE_SEATING)

    assert race(house, crowd, points, clients=2) == {BOOKED: 2}

    assert is_overbooked(house)
    assert any("at once" in fault for fault in list_faults(house.restaurant.pk))


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_the_exclusion_keeps_the_table_and_the_call_runs_again(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(tables=1)
    without.service_day_lock()
    gauge = Gauge()

    assert race(house, crowd, points, clients=2) == {BOOKED: 1, FULL: 1}

    assert gauge.retries("23P01") == 1
    assert list_faults(house.restaurant.pk) == []


@pytest.mark.usefixtures("read_committed")
def test_without_the_constraint_the_lock_is_enough(crowd: Crowd, rounds: range, without: Protections) -> None:
    without.constraints(COVERS, PARTIES, DOUBLE_SEATING)
    for _ in rounds:
        house = dinner_house(max_covers=40, tables=12)

        with watched(house.restaurant):
            assert tally(crowd.run([house.booking()] * 15)) == {BOOKED: 10, FULL: 5}


def test_at_serializable_the_isolation_is_enough_but_everybody_starts_over(
    crowd: Crowd, points: Points, without: Protections, settings: Settings
) -> None:
    settings.BOOKING_ISOLATION = "serializable"
    house = dinner_house(max_covers=40)
    without.service_day_lock()
    without.constraints(COVERS)

    with watched(house.restaurant) as gauge:
        assert race(house, crowd, points, clients=15) == {BOOKED: 10, FULL: 5}

    assert gauge.attempts_a_call() > 1.5


def test_at_serializable_without_the_gate_the_waiters_start_over(
    crowd: Crowd, points: Points, settings: Settings
) -> None:
    settings.BOOKING_ISOLATION = "serializable"
    settings.BOOKING_GATE = False
    house = dinner_house(max_covers=400)
    points.meet_before("bookings.services.writes.lock_service_days", clients=16)

    with watched(house.restaurant) as gauge:
        assert tally(crowd.run([house.booking()] * 16)) == {BOOKED: 16}

    assert gauge.attempts_a_call() > 1.5
