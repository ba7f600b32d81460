"""Anything that can happen to a restaurant, in any order: after every step all counters equal a recount.

Whatever is booked, a second opinion (second_opinion.py) would have booked; whatever is refused, it refuses for
the very same reasons.
"""

import os
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, initialize, rule, run_state_machine_as_test

from bookings.errors import PeriodsOverlap
from bookings.services import delete_settings_row, rebuild_counters, save_settings_row
from capacity.models import CapacityRule, Closure, ServicePeriod
from tests.helpers.factories import ClosureFactory, ServicePeriodFactory
from tests.helpers.state_machine import FIRST_DATE, HOURS, OpenRestaurant, dates
from tests.helpers.state_machine_floor import FurnishedRestaurant, HostedRestaurant

IS_FUZZ = os.environ.get("FUZZ") == "1"
EXAMPLES, STEPS = (400, 60) if IS_FUZZ else (8, 25)
limits = st.none() | st.integers(0, 12)


class RestaurantMachine(FurnishedRestaurant):
    """One restaurant with everything that guests, hosts and managers can do to it."""

    # Whose table takes fewer since the settings changed, and who can be given no other, keeps it.
    kept_findings = frozenset({"TABLE_TOO_SMALL"})
    rules = Bundle("rules")
    closures = Bundle("closures")

    @initialize(target=rules, is_seated=st.booleans(), max_covers=st.integers(8, 20), present=st.integers(4, 12))
    def open(self, is_seated: bool, max_covers: int, present: int) -> CapacityRule:
        return self._open(is_seated=is_seated, seats=(2, 4, 4), max_covers=max_covers, occupancy_covers=present)

    # Managers

    @rule(
        target=rules,
        field=st.sampled_from(["max", "pacing", "occupancy"]),
        covers=limits,
        parties=limits,
        period=st.none() | st.sampled_from(list(HOURS)),
        on=st.none() | dates,
    )
    def add_rule(self, field: str, covers: int | None, parties: int | None, period: str | None, on: date | None) -> Any:
        row = CapacityRule(
            restaurant=self.restaurant,
            service_period=self._period(period),
            from_date=on,
            to_date=on,
            **{f"{field}_covers": covers, f"{field}_parties": parties},
        )
        save_settings_row(row=row)
        return row

    @rule(row=rules, covers=limits, occupancy=limits, pacing=limits)
    def change_rule(self, row: CapacityRule, covers: int | None, occupancy: int | None, pacing: int | None) -> None:
        row.max_covers, row.occupancy_covers, row.pacing_parties = covers, occupancy, pacing
        save_settings_row(row=row)

    @rule(row=consumes(rules))
    def delete_rule(self, row: CapacityRule) -> None:
        delete_settings_row(row=row)

    @rule(target=closures, on=dates, period=st.sampled_from(list(HOURS)))
    def close(self, on: date, period: str) -> Closure:
        row = ClosureFactory.build(restaurant=self.restaurant, from_date=on, service_period=self._period(period))
        save_settings_row(row=row)
        return row

    @rule(row=consumes(closures))
    def open_again(self, row: Closure) -> None:
        delete_settings_row(row=row)

    @rule(name=st.sampled_from(list(HOURS)), shift=st.sampled_from([-60, -30, 30, 60]), is_start=st.booleans())
    def change_hours(self, name: str, shift: int, is_start: bool) -> None:
        period = self._period(name)
        if period is None:
            return
        if is_start:
            period.start_time = _shifted(period.start_time, shift)
        else:
            period.last_seating, period.end_time = (
                _shifted(period.last_seating, shift),
                _shifted(period.end_time, shift),
            )
        self._save_hours(period)

    @rule(name=st.sampled_from(list(HOURS)))
    def reopen(self, name: str) -> None:
        period = self._period(name)
        if period is not None:
            delete_settings_row(row=period)
        start, last, end = HOURS[name]
        again = ServicePeriodFactory.build(
            restaurant=self.restaurant, name=name, start_time=start, last_seating=last, end_time=end
        )
        self._save_hours(again)

    @rule(minutes=st.sampled_from([30, 60, 90, 120]), buffer=st.sampled_from([0, 15]))
    def change_turn_time(self, minutes: int, buffer: int) -> None:
        self.turn_time.minutes = self.turn_minutes = minutes
        save_settings_row(row=self.turn_time)
        self._save_restaurant(buffer_minutes=buffer)

    @rule(minutes=st.sampled_from([15, 30, 60]))
    def change_grid(self, minutes: int) -> None:
        self._save_restaurant(slot_minutes=minutes)

    @rule()
    def repair(self) -> None:
        assert rebuild_counters(restaurant_id=self.restaurant.pk, from_date=FIRST_DATE).changes == ()

    def _save_hours(self, period: ServicePeriod) -> None:
        with suppress(PeriodsOverlap):
            save_settings_row(row=period)

    def _save_restaurant(self, **columns: int) -> None:
        self.restaurant.refresh_from_db()
        for name, value in columns.items():
            setattr(self.restaurant, name, value)
        save_settings_row(row=self.restaurant)


def _shifted(wall: time, minutes: int) -> time:
    return (datetime.combine(date.min + timedelta(days=1), wall) + timedelta(minutes=minutes)).time()


class EveningMachine(HostedRestaurant):
    """One restaurant where nothing is scarce but tables: most who come need others to move, or are refused for good."""

    @initialize(seats=st.lists(st.sampled_from([2, 4, 3, 6]), min_size=4, max_size=6))
    def open(self, seats: list[int]) -> None:
        self._open(is_seated=True, seats=seats)

    def _materialize(self) -> None:
        # No settings change here: the days are created once.
        if not self.restaurant.service_days.exists():
            super()._materialize()


def _run(machine: type[OpenRestaurant], *, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


@pytest.mark.fuzz
@pytest.mark.django_db(transaction=True)
def test_whatever_happens_every_counter_is_right_and_every_answer_justified() -> None:
    _run(RestaurantMachine, examples=EXAMPLES, steps=STEPS)


@pytest.mark.fuzz
@pytest.mark.django_db(transaction=True)
def test_nobody_is_refused_a_table_while_everybody_could_be_seated() -> None:
    _run(EveningMachine, examples=EXAMPLES // 2, steps=STEPS)
