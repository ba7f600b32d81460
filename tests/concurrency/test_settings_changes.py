"""Changes of settings beside bookings, beside the creation of service days, and beside each other."""

from collections.abc import Callable
from datetime import time
from functools import partial

import pytest

from bookings.insight.audit import AuditScope, audit
from bookings.services import (
    SettingsOutcome,
    delete_settings_row,
    materialize_service_days,
    save_settings_row,
)
from capacity.calendar import find_overlaps
from capacity.models import ServicePeriod
from capacity.selectors import list_service_settings
from tests.helpers.crowd import BOOKED, Crowd, outcome_of, tally
from tests.helpers.missing_protections import Protections, versions_stay
from tests.helpers.race_houses import House, all_day_house, dinner_house
from tests.helpers.race_verdict import Gauge, watched
from tests.helpers.stopping_points import Points, wait_until_blocked

FULL = "CAPACITY_EXCEEDED"
DECIDED = "bookings.services.booking.write_bookings"
SETTINGS_READ = "bookings.services.settings.materialization.insert_services"
PERIODS_CHECKED = "bookings.services.settings.settings_changes._require_disjoint_periods"
COVERS = "service_day_covers_within_limit"


def limiting(house: House, covers: int) -> Callable[[], SettingsOutcome]:
    """Return the act of setting the rule of a house to another number of covers."""
    house.rule.max_covers = covers
    return partial(save_settings_row, row=house.rule)


def creating_days(house: House) -> Callable[[], object]:
    """Return the act of creating the service days of the date."""
    return partial(
        materialize_service_days,
        restaurant_id=house.restaurant.pk,
        from_date=house.business_date,
        to_date=house.business_date,
    )


def test_a_lower_limit_beside_bookings_authorises_what_it_finds_and_no_more(
    crowd: Crowd, rounds: range, isolation: str
) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=40)
        acts = [house.booking()] * 12

        with watched(house.restaurant):
            *outcomes, edit = crowd.run([*acts, limiting(house, 20)])

        booked, day = 4 * tally(outcomes)[BOOKED], house.days[0]
        assert 20 <= booked <= 40
        assert (day.max_covers, day.booked_covers, day.excess_covers) == (20, booked, booked - 20)
        assert sum(each.amount for each in edit.value.raised) == booked - 20


def test_a_raised_limit_beside_bookings_is_filled_by_whoever_comes_after(
    crowd: Crowd, rounds: range, isolation: str
) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=8)

        with watched(house.restaurant):
            crowd.run([house.booking()] * 6 + [limiting(house, 20)])
            crowd.run([house.booking()] * 4)

        assert house.days[0].booked_covers == 20


def test_a_guest_waits_for_a_lower_limit_and_is_refused_by_it(crowd: Crowd, points: Points, isolation: str) -> None:
    house = dinner_house(max_covers=4)
    pause = points.pause_after("bookings.services.settings.settings_changes.refit_service_days")

    with watched(house.restaurant):
        edit = crowd.start(limiting(house, 2))
        pause.wait_for_arrival()
        guest = crowd.start(house.booking())
        wait_until_blocked()
        pause.release()

        assert outcome_of(edit).value.raised == ()
        assert outcome_of(guest).code == FULL


def book_by_a_limit_that_is_lowered_meanwhile(house: House, crowd: Crowd, points: Points) -> str:
    """Let a guest decide, lower the limit, let the guest write; return what became of the guest."""
    pause = points.pause_before(DECIDED)
    guest = crowd.start(house.booking())
    pause.wait_for_arrival()
    limiting(house, 2)()
    pause.release()
    return outcome_of(guest).code


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_a_guest_is_booked_by_a_limit_of_the_past(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_covers=4)
    without.service_day_lock()
    without.constraints(COVERS)

    assert book_by_a_limit_that_is_lowered_meanwhile(house, crowd, points) == BOOKED

    assert audit(AuditScope(restaurant_id=house.restaurant.pk)).has_overbooking


@pytest.mark.usefixtures("read_committed")
def test_without_the_lock_the_constraint_knows_the_new_limit_and_is_counted(
    crowd: Crowd, points: Points, without: Protections
) -> None:
    house = dinner_house(max_covers=4)
    without.service_day_lock()
    gauge = Gauge()

    assert book_by_a_limit_that_is_lowered_meanwhile(house, crowd, points) == FULL

    assert gauge.disagreements == 1


def test_a_day_that_is_created_beside_an_edit_has_the_new_limit(crowd: Crowd, rounds: range, isolation: str) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=40, is_materialized=False)

        with watched(house.restaurant):
            *_guests, _edit = crowd.run([*[house.booking()] * 6, creating_days(house), limiting(house, 12)])

        assert house.days[0].max_covers == 12
        assert 12 <= house.days[0].booked_covers <= 24


def test_an_edit_waits_for_the_creation_of_a_day_and_then_reaches_it(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house = dinner_house(max_covers=40, is_materialized=False)
    pause = points.pause_before(SETTINGS_READ)

    with watched(house.restaurant):
        guest = crowd.start(house.booking())
        pause.wait_for_arrival()
        edit = crowd.start(limiting(house, 12))
        wait_until_blocked()
        pause.release()

        assert outcome_of(guest).code == BOOKED
        assert outcome_of(edit).value.service_days == 1

    assert house.days[0].max_covers == 12


def test_without_the_restaurant_lock_the_old_limit_stays_in_place_for_ever(
    crowd: Crowd, points: Points, without: Protections, isolation: str
) -> None:
    house = dinner_house(max_covers=40, is_materialized=False)
    without.restaurant_lock()
    pause = points.pause_before(SETTINGS_READ)

    guest = crowd.start(house.booking())
    pause.wait_for_arrival()
    limiting(house, 12)()
    pause.release()

    assert outcome_of(guest).code == BOOKED
    assert house.days[0].max_covers == 40
    problems = audit(AuditScope(restaurant_id=house.restaurant.pk)).problems
    assert [problem.kind for problem in problems] == ["LIMIT_DRIFT"]


def overlapping_edits(house: House) -> list[Callable[[], SettingsOutcome]]:
    """Return two edits, each of them fine alone: dinner until 22:30, and a supper from 22:00."""
    dinner = house.restaurant.service_periods.get(name="Dinner")
    dinner.end_time = time(22, 30)
    supper = ServicePeriod(
        restaurant=house.restaurant,
        name="Supper",
        weekdays=dinner.weekdays,
        start_time=time(22),
        last_seating=time(22),
        end_time=time(23),
        seating_mode="covers",
    )
    return [partial(save_settings_row, row=supper), partial(save_settings_row, row=dinner)]


def count_overlaps(house: House) -> int:
    return len(find_overlaps(list_service_settings([house.restaurant.pk])[house.restaurant.pk].periods))


def test_of_two_periods_that_would_overlap_one_is_saved(crowd: Crowd, rounds: range, isolation: str) -> None:
    for _ in rounds:
        house = all_day_house()

        with watched(house.restaurant):
            outcomes = crowd.run(overlapping_edits(house))

        assert sorted(outcome.code for outcome in outcomes) == ["VALIDATION_ERROR", BOOKED]
        assert count_overlaps(house) == 0


def test_without_the_restaurant_lock_both_periods_are_saved(
    crowd: Crowd, points: Points, without: Protections, isolation: str
) -> None:
    # Without service days: the locks of these would keep the two apart as well.
    house = all_day_house(is_materialized=False)
    without.restaurant_lock()
    points.meet_before(PERIODS_CHECKED, clients=2)

    # The version that each raises is a row that both write, and would keep them apart as well.
    with versions_stay("capacity_serviceperiod"):
        assert tally(crowd.run(overlapping_edits(house))) == {BOOKED: 2}

    assert count_overlaps(house) == 1


def test_a_service_that_is_removed_beside_bookings_keeps_whoever_was_booked(
    crowd: Crowd, rounds: range, isolation: str
) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=40)
        period = house.restaurant.service_periods.get()

        with watched(house.restaurant):
            *outcomes, removal = crowd.run([*[house.booking()] * 8, partial(delete_settings_row, row=period)])

        counts = tally(outcomes)
        assert counts[BOOKED] + counts["OPERATING_HOURS_CLOSED"] == 8
        assert [found.booking.pk for found in removal.value.unnamed] == [each.pk for each in house.live_bookings()]
