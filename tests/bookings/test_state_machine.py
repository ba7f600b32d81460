"""Anything that can happen to a restaurant, in any order: after every step all counters equal a recount.

Whatever is booked, a second opinion (oracle.py) would have booked; whatever is refused, it refuses for
the very same reasons.
"""

import os
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bookings.auditor import AuditScope, audit
from bookings.errors import PeriodsOverlap, RecordInUse, TableInUse, TransitionInvalid
from bookings.models import Booking
from bookings.refusals import RequestRefused
from bookings.services import (
    GuestDetails,
    cancel_booking,
    create_booking_with_capacity_check,
    delete_settings_row,
    rebuild_counters,
    save_settings_row,
)
from capacity.models import CapacityRule, Closure, ServicePeriod
from capacity.selectors import read_clock
from config.errors import InputInvalid
from tables.models import Restaurant, Table
from tests.bookings.oracle import OFF_GRID, Wish, list_reasons, read_state
from tests.concurrency.verdict import Gauge
from tests.factories import (
    CapacityRuleFactory,
    ClosureFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TableFactory,
    TurnTimeFactory,
    days_ahead,
    materialize,
)
from tests.recount import list_faults

IS_FUZZ = os.environ.get("FUZZ") == "1"
EXAMPLES, STEPS = (400, 60) if IS_FUZZ else (8, 25)
# Lunch runs into dinner, dinner into the small hours, and these into the next date's early service.
HOURS = {
    "Early": (time(1), time(1, 30), time(3)),
    "Lunch": (time(12), time(13, 30), time(14)),
    "Dinner": (time(14), time(15), time(16)),
    "Late": (time(23), time(0, 30), time(1)),
}
FIRST_DATE = days_ahead(20)
ADA = GuestDetails("Ada Lovelace")

dates = st.sampled_from([FIRST_DATE, FIRST_DATE + timedelta(days=1)])
# Where services meet, most often; sometimes off the grid, after the last seating or at no service at all.
meeting_times = st.sampled_from([time(13, 30), time(14), time(14, 30)])
odd_times = st.sampled_from([time(0, 30), time(1), time(12), time(12, 15), time(15, 30), time(16), time(23)])
likely_wishes = st.builds(Wish, st.just(FIRST_DATE), meeting_times, st.integers(1, 4))
any_wishes = st.builds(Wish, dates, meeting_times | odd_times, st.integers(1, 9))
limits = st.none() | st.integers(0, 12)


class RestaurantMachine(RuleBasedStateMachine):
    """One restaurant with everything that guests and managers can do to it."""

    bookings = Bundle("bookings")
    rules = Bundle("rules")
    closures = Bundle("closures")

    @initialize(target=rules, is_seated=st.booleans(), max_covers=st.integers(8, 20), present=st.integers(4, 12))
    def open(self, is_seated: bool, max_covers: int, present: int) -> CapacityRule:
        self.turn_minutes = 90
        self.restaurant: Restaurant = RestaurantFactory(timezone="Etc/UTC", slot_minutes=30)
        for name, (start, last, end) in HOURS.items():
            ServicePeriodFactory(
                restaurant=self.restaurant,
                name=name,
                start_time=start,
                last_seating=last,
                end_time=end,
                seating_mode="tables" if is_seated else "covers",
            )
        self.turn_time = TurnTimeFactory(restaurant=self.restaurant, minutes=self.turn_minutes)
        for seats in (2, 4, 4):
            TableFactory(restaurant=self.restaurant, capacity=seats)
        self.gauge = Gauge()
        self._materialize()
        row: CapacityRule = CapacityRuleFactory.build(
            restaurant=self.restaurant, max_covers=max_covers, occupancy_covers=present
        )
        save_settings_row(row=row)
        return row

    # Guests

    @rule(target=bookings, wishes=st.lists(likely_wishes, min_size=3, max_size=6))
    def book_where_services_meet(self, wishes: list[Wish]) -> Any:
        return multiple(*self._book_all(wishes))

    @rule(target=bookings, wishes=st.lists(any_wishes, min_size=3, max_size=6))
    def book_anything(self, wishes: list[Wish]) -> Any:
        return multiple(*self._book_all(wishes))

    @rule(target=bookings, wishes=st.lists(likely_wishes, min_size=1, max_size=3), is_over=st.booleans())
    def hold(self, wishes: list[Wish], is_over: bool) -> Any:
        held = self._book_all(wishes)
        expires_at = read_clock() + timedelta(hours=-1 if is_over else 1)
        Booking.objects.filter(pk__in=[it.pk for it in held]).update(status="held", expires_at=expires_at)
        return multiple(*held)

    @rule(booking=consumes(bookings), is_again=st.booleans())
    def cancel(self, booking: Booking, is_again: bool) -> None:
        for _ in range(1 + is_again):
            if Booking.objects.get(pk=booking.pk).status == "expired":
                with pytest.raises(TransitionInvalid):
                    cancel_booking(booking_id=booking.pk)
            else:
                assert cancel_booking(booking_id=booking.pk).status == "cancelled"

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

    @rule(seats=st.integers(1, 6))
    def add_table(self, seats: int) -> None:
        save_settings_row(row=TableFactory.build(restaurant=self.restaurant, capacity=seats))

    @rule(data=st.data())
    def remove_table(self, data: st.DataObject) -> None:
        tables = list(Table.objects.filter(restaurant=self.restaurant).order_by("pk"))
        if tables:
            table = data.draw(st.sampled_from(tables))
            try:
                delete_settings_row(row=table)
            except (TableInUse, RecordInUse):
                assert table.assignments.exists()

    @rule()
    def repair(self) -> None:
        assert rebuild_counters(restaurant_id=self.restaurant.pk, from_date=FIRST_DATE).changes == ()

    # What holds after every step

    @invariant()
    def everything_equals_a_recount(self) -> None:
        if hasattr(self, "restaurant"):
            assert list_faults(self.restaurant.pk) == []
            assert self.gauge.disagreements == 0

    def teardown(self) -> None:
        if hasattr(self, "restaurant"):
            report = audit(AuditScope(restaurant_id=self.restaurant.pk))
            assert report.is_clean, "\n".join(report.as_lines())

    def _book_all(self, wishes: list[Wish]) -> list[Booking]:
        """Book what can be booked; have every answer judged."""
        self._materialize()
        return [booking for wish in wishes if (booking := self._book(wish)) is not None]

    def _book(self, wish: Wish) -> Booking | None:
        now = read_clock()
        try:
            booking = _create(self.restaurant, wish)
        except RequestRefused as refusal:
            self._require_reasons({str(reason.code) for reason in refusal.reasons}, wish, now)
        except InputInvalid:
            self._require_reasons({OFF_GRID}, wish, now)
        else:
            self._require_reasons(set(), wish, now, ignored=booking.pk)
            return booking
        return None

    def _require_reasons(self, given: set[str], wish: Wish, now: datetime, ignored: int | None = None) -> None:
        state = read_state(self.restaurant.pk, now=now, turn_minutes=self.turn_minutes, ignored=ignored)
        assert given == list_reasons(state, wish)

    def _materialize(self) -> None:
        for day in (-1, 0, 1, 2):
            materialize(self.restaurant, FIRST_DATE + timedelta(days=day))

    def _period(self, name: str | None) -> ServicePeriod | None:
        return self.restaurant.service_periods.filter(name=name, retired_at__isnull=True).first()

    def _save_hours(self, period: ServicePeriod) -> None:
        with suppress(PeriodsOverlap):
            save_settings_row(row=period)

    def _save_restaurant(self, **columns: int) -> None:
        self.restaurant.refresh_from_db()
        for name, value in columns.items():
            setattr(self.restaurant, name, value)
        save_settings_row(row=self.restaurant)


def _create(restaurant: Restaurant, wish: Wish) -> Booking:
    asked = {"business_date": wish.business_date, "wall_time": wish.wall_time, "party_size": wish.party_size}
    return create_booking_with_capacity_check(restaurant_id=restaurant.pk, guest=ADA, **asked).booking


def _shifted(wall: time, minutes: int) -> time:
    return (datetime.combine(date.min + timedelta(days=1), wall) + timedelta(minutes=minutes)).time()


@pytest.mark.fuzz
@pytest.mark.django_db(transaction=True)
def test_whatever_happens_every_counter_is_right_and_every_answer_justified() -> None:
    run_state_machine_as_test(
        RestaurantMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
