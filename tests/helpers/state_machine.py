"""One restaurant, its guests, and what must hold whatever happens to it: the ground of the state machine.

Whatever is booked, a second opinion (second_opinion.py) would have booked; whatever is refused, it refuses for the
very same reasons.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from bookings.decision.refusals import RequestRefused
from bookings.errors import TransitionInvalid
from bookings.insight.audit import AuditScope, audit
from bookings.models import Booking
from bookings.services import (
    GuestDetails,
    cancel_booking,
    create_booking_with_capacity_check,
    materialize_service_days,
    save_settings_row,
)
from capacity.models import CapacityRule, ServicePeriod
from capacity.selectors import read_clock
from config.errors import InputInvalid
from tables.models import Restaurant, Table
from tests.helpers.factories import (
    CapacityRuleFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TableCombinationFactory,
    TableFactory,
    TurnTimeFactory,
    days_ahead,
)
from tests.helpers.race_verdict import Gauge
from tests.helpers.recount import list_faults
from tests.helpers.second_opinion import OFF_GRID, Wish, list_reasons, read_state

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
likely_wishes = st.builds(Wish, st.just(FIRST_DATE), meeting_times, st.sampled_from([2, 3, 4, 1, 5, 6, 8]))
any_wishes = st.builds(Wish, dates, meeting_times | odd_times, st.integers(1, 9))


class OpenRestaurant(RuleBasedStateMachine):
    """One restaurant with everything that guests can do to it."""

    bookings = Bundle("bookings")
    # What the auditor may find, since a person is to decide about it.
    kept_findings: frozenset[str] = frozenset()

    def _open(self, *, is_seated: bool, seats: Sequence[int], **limits: int) -> CapacityRule:
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
        tables = [TableFactory(restaurant=self.restaurant, capacity=capacity) for capacity in seats]
        for pair in pairwise(tables):
            TableCombinationFactory(restaurant=self.restaurant, tables=pair, min_party_size=4)
        self.gauge = Gauge()
        self._materialize()
        row: CapacityRule = CapacityRuleFactory.build(restaurant=self.restaurant, **limits)
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
        Booking.objects.filter(pk__in=[each.pk for each in held]).update(status="held", expires_at=expires_at)
        return multiple(*held)

    @rule(booking=consumes(bookings), is_again=st.booleans())
    def cancel(self, booking: Booking, is_again: bool) -> None:
        for _ in range(1 + is_again):
            if Booking.objects.get(pk=booking.pk).status == "expired":
                with pytest.raises(TransitionInvalid):
                    cancel_booking(booking_id=booking.pk)
            else:
                assert cancel_booking(booking_id=booking.pk).status == "cancelled"

    # What holds after every step

    @invariant()
    def everything_equals_a_recount(self) -> None:
        if hasattr(self, "restaurant"):
            assert list_faults(self.restaurant.pk) == []
            assert self.gauge.disagreements == 0

    def teardown(self) -> None:
        if hasattr(self, "restaurant"):
            report = audit(AuditScope(restaurant_id=self.restaurant.pk))
            found = {finding.kind for finding in (*report.overbookings, *report.problems)}
            assert found.issubset(self.kept_findings), "\n".join(report.as_lines())

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

    def _tables(self) -> list[Table]:
        return list(Table.objects.filter(restaurant=self.restaurant).order_by("pk"))

    def _materialize(self) -> None:
        first, last = FIRST_DATE - timedelta(days=1), FIRST_DATE + timedelta(days=2)
        materialize_service_days(restaurant_id=self.restaurant.pk, from_date=first, to_date=last)

    def _period(self, name: str | None) -> ServicePeriod | None:
        return self.restaurant.service_periods.filter(name=name, retired_at__isnull=True).first()


def _create(restaurant: Restaurant, wish: Wish) -> Booking:
    asked = {"business_date": wish.business_date, "wall_time": wish.wall_time, "party_size": wish.party_size}
    return create_booking_with_capacity_check(restaurant_id=restaurant.pk, guest=ADA, **asked).booking
