"""Limits of many scopes are set in one change of settings, all of them or none."""

from datetime import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.services import ASKING, ChangeUnconfirmed, LimitEdit, set_limits
from capacity.limits import LIMIT_OF
from capacity.models import BookingSlot, CapacityRule, ServiceDay
from capacity.reasons import ReasonCode
from capacity.scopes import LimitScope
from config.errors import InputInvalid
from config.values import LARGEST_NUMBER
from tables.models import Restaurant
from tests.helpers.dining_room import book, faults, room
from tests.helpers.factories import CapacityRuleFactory, days_ahead

pytestmark = pytest.mark.django_db(transaction=True)

COVERS, PACING = LIMIT_OF[ReasonCode.SERVICE_COVERS], LIMIT_OF[ReasonCode.PACING_COVERS]
SOON = days_ahead()


@pytest.fixture
def house() -> Restaurant:
    house = room(2, 2, 4, name="Bistro")
    CapacityRuleFactory(restaurant=house, max_covers=40)
    return house


def edit(number: int | None, *, limit: Any = COVERS, **scope: Any) -> LimitEdit:
    return LimitEdit(LimitScope(**scope), limit, number)


def numbers() -> list[tuple[Any, ...]]:
    return list(CapacityRule.objects.order_by("pk").values_list("weekday", "max_covers", "pacing_covers"))


def test_rules_are_made_changed_and_deleted_and_the_service_days_follow(house: Restaurant) -> None:
    booked = book(house)
    CapacityRuleFactory(restaurant=house, weekday=SOON.isoweekday(), max_covers=30)

    done = set_limits(
        restaurant_id=house.pk,
        edits=[edit(3), edit(None, weekday=SOON.isoweekday()), edit(1, limit=PACING, weekday=SOON.isoweekday())],
    )

    assert numbers() == [(None, 3, None), (SOON.isoweekday(), None, 1)]
    assert [(each.is_new, each.is_gone) for each in done.rules] == [(False, False), (False, False)]
    day, slot = ServiceDay.objects.get(), BookingSlot.objects.get(starts_at=booked.starts_at)
    assert (day.max_covers, day.excess_covers, slot.pacing_covers, slot.excess_pacing_covers) == (3, 0, 1, 1)
    assert [raised.limit for raised in done.outcome.raised] == ["PACING_COVERS"]
    assert faults(house) == []


def test_nobody_is_asked_who_confirms_nothing_and_a_person_always_is(house: Restaurant) -> None:
    with pytest.raises(ChangeUnconfirmed) as seen:
        set_limits(restaurant_id=house.pk, edits=[edit(50)], confirmed="")
    assert not seen.value.outcome.has_consequences
    assert numbers() == [(None, 40, None)]

    set_limits(restaurant_id=house.pk, edits=[edit(50)], confirmed=seen.value.fingerprint)
    assert numbers() == [(None, 50, None)]

    set_limits(restaurant_id=house.pk, edits=[edit(60)])
    assert numbers() == [(None, 60, None)]


@pytest.mark.parametrize("number", [-1, LARGEST_NUMBER + 1])
def test_one_number_out_of_range_sets_none(house: Restaurant, number: int) -> None:
    with pytest.raises(InputInvalid):
        set_limits(restaurant_id=house.pk, edits=[edit(50), edit(number, weekday=3)])

    assert numbers() == [(None, 40, None)]


@pytest.mark.parametrize("kind", ["of another restaurant", "retired", "unknown"])
def test_a_service_that_is_not_offered_takes_no_limit(house: Restaurant, kind: str) -> None:
    period = (room(2, name="Bar") if kind == "of another restaurant" else house).service_periods.get()
    if kind == "retired":
        house.service_periods.update(retired_at=period.restaurant.created_at)
    period_id = 999_999_999 if kind == "unknown" else period.pk

    with pytest.raises(InputInvalid):
        set_limits(restaurant_id=house.pk, edits=[edit(50), edit(9, period_id=period_id)], confirmed=ASKING)

    assert numbers() == [(None, 40, None)]


def test_the_rules_of_another_restaurant_stay_as_they_are(house: Restaurant) -> None:
    theirs = CapacityRuleFactory(restaurant=room(2, name="Bar"), max_covers=7)

    set_limits(restaurant_id=house.pk, edits=[edit(None)])

    assert list(CapacityRule.objects.values_list("pk", "max_covers")) == [(theirs.pk, 7)]


def test_many_limits_take_no_more_statements_than_few(house: Restaurant) -> None:
    book(house)
    period_id = house.service_periods.get().pk

    def slot(hour: int, minute: int) -> LimitScope:
        return LimitScope.of_slot(period_id, SOON, time(hour, minute), 15)

    def statements(edits: list[LimitEdit]) -> int:
        with CaptureQueriesContext(connection) as queries:
            set_limits(restaurant_id=house.pk, edits=edits)
        return len(queries)

    statements([LimitEdit(slot(17, 15), PACING, 9)])
    few = statements([LimitEdit(slot(17, 0), PACING, 9)])
    many = statements([LimitEdit(slot(hour, minute), PACING, 9) for hour in (18, 19, 20) for minute in (0, 15, 30, 45)])

    assert CapacityRule.objects.filter(pacing_covers=9).count() == 14
    assert many == few
