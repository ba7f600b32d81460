"""Two ways to the same limit: the auditor's SQL and the engine's code, on rules that nobody would write by hand."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.insight.audit import Finding
from capacity.limits import LIMIT_FIELDS, day_limits, slot_limits
from capacity.models import BookingSlot, CapacityRule, ServiceDay, ServicePeriod
from capacity.selectors import rule_of
from tables.models import Restaurant
from tests.helpers.factories import RestaurantFactory, ServicePeriodFactory, days_ahead, materialize
from tests.helpers.planted_faults import run_audit

KINDS = {
    "max_covers": "SERVICE_COVERS",
    "max_parties": "SERVICE_PARTIES",
    "pacing_covers": "PACING_COVERS",
    "pacing_parties": "PACING_PARTIES",
    "occupancy_covers": "OCCUPANCY_COVERS",
    "occupancy_parties": "OCCUPANCY_PARTIES",
}
DAY_FIELDS, SLOT_FIELDS = tuple(KINDS)[:2], tuple(KINDS)[2:]
FIRST = days_ahead()
DATES = [FIRST + timedelta(days=days) for days in range(3)]
# No rule below says this, so that every limit drifts and its report shows what the rules say.
NO_RULES_LIMIT = 1_000_000

limits = st.none() | st.integers(0, 5)
times = st.sampled_from([time(hour, minute) for hour in (0, 1, 17, 19, 22, 23) for minute in (0, 15)])


@st.composite
def rules(draw: st.DrawFn) -> dict[str, object]:
    row: dict[str, object] = {
        "period": draw(st.sampled_from([None, "Dinner", "Night"])),
        "weekday": draw(st.none() | st.sampled_from([day.isoweekday() for day in DATES])),
        **{field: draw(limits) for field in SLOT_FIELDS},
    }
    if draw(st.booleans()):
        first = draw(st.sampled_from(DATES))
        row |= {"from_date": first, "to_date": draw(st.sampled_from([each for each in DATES if each >= first]))}
    if draw(st.booleans()):
        return row | {"from_time": draw(times), "to_time": draw(times)}
    return row | {field: draw(limits) for field in DAY_FIELDS}


@pytest.fixture
def restaurant(transactional_db: None) -> Restaurant:
    """Return one with a service before midnight and one across it, on three dates, its limits made unlike any rule."""
    restaurant: Restaurant = RestaurantFactory(timezone="Europe/Lisbon")
    ServicePeriodFactory(restaurant=restaurant, start_time=time(17), last_seating=time(21, 45), end_time=time(22))
    ServicePeriodFactory(
        restaurant=restaurant, name="Night", start_time=time(22), last_seating=time(1, 30), end_time=time(2)
    )
    for business_date in DATES:
        materialize(restaurant, business_date)
    ServiceDay.objects.update(**dict.fromkeys(DAY_FIELDS, NO_RULES_LIMIT))
    BookingSlot.objects.update(**dict.fromkeys(SLOT_FIELDS, NO_RULES_LIMIT))
    return restaurant


@pytest.mark.fuzz
# The restaurant is the same for every example: only its rules change.
@settings(
    max_examples=max(60, settings().max_examples // 5), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(rules(), max_size=8))
def test_sql_and_code_resolve_the_same_limits(restaurant: Restaurant, rows: list[dict[str, object]]) -> None:
    write_rules(restaurant, rows)

    found = dict(map(resolved, run_audit(restaurant).problems))

    assert found == dict(expected(restaurant))


# Which of two rules decides the starts at 22:00 on the first date; the other one is newer.
STRONGER = [
    ({"from_time": time(21), "to_time": time(23)}, {"period": "Night", "weekday": 0, "from_date": 0, "to_date": 0}),
    (
        {"from_time": time(22), "to_time": time(22, 15), "from_date": 0, "to_date": 2},
        {"from_time": time(22), "to_time": time(22, 15), "period": "Night", "weekday": 0},
    ),
    ({"from_date": 0, "to_date": 2}, {"period": "Night", "weekday": 0}),
    ({"period": "Night", "weekday": 0}, {"period": "Night"}),
    ({"period": "Night"}, {"weekday": 0}),
    ({"weekday": 0}, {}),
    ({"from_date": 0, "to_date": 1}, {"from_date": 0, "to_date": 2}),
    ({"from_date": 0, "to_date": 0}, {"from_date": 0, "to_date": 1}),
    ({"from_time": time(22), "to_time": time(22, 30)}, {"from_time": time(21, 30), "to_time": time(22, 30)}),
    ({"from_time": time(21, 30), "to_time": time(22, 30)}, {"from_time": time(21), "to_time": time(1)}),
    ({"from_time": time(21), "to_time": time(1)}, {"from_time": time(22), "to_time": time(22)}),
    (
        {"from_date": 0, "to_date": 1, "from_time": time(22), "to_time": time(4)},
        {"from_date": 0, "to_date": 2, "from_time": time(22), "to_time": time(22, 15)},
    ),
]


@pytest.mark.parametrize(("stronger", "weaker"), STRONGER)
def test_the_more_specific_of_two_rules_decides(
    restaurant: Restaurant, stronger: dict[str, object], weaker: dict[str, object]
) -> None:
    rows = [placed(stronger) | {"pacing_covers": 1}, placed(weaker) | {"pacing_covers": 2}]
    slot = BookingSlot.objects.get(
        service_day__business_date=FIRST, starts_at=datetime.combine(FIRST, time(22), tzinfo=restaurant.zone)
    )

    for of_both, limit in ((rows, 1), (rows[1:], 2)):
        write_rules(restaurant, of_both)
        found = dict(map(resolved, run_audit(restaurant).problems))
        assert found[slot.service_day_id, slot.pk, "PACING_COVERS"] == limit
        assert found == dict(expected(restaurant))


def test_of_two_alike_the_newer_rule_decides(restaurant: Restaurant) -> None:
    write_rules(restaurant, [{"period": None, "pacing_covers": 1}, {"period": None, "pacing_covers": 2}])

    found = dict(map(resolved, run_audit(restaurant).problems))

    assert {limit for (_, _, kind), limit in found.items() if kind == "PACING_COVERS"} == {2}


def placed(scope: dict[str, Any]) -> dict[str, object]:
    """Name the dates and the weekday that a scope numbers."""
    row: dict[str, object] = {"period": None} | scope
    if "weekday" in scope:
        row["weekday"] = FIRST.isoweekday()
    return row | {name: DATES[scope[name]] for name in ("from_date", "to_date") if name in scope}


def write_rules(restaurant: Restaurant, rows: list[dict[str, object]]) -> None:
    periods = {period.name: period for period in ServicePeriod.objects.filter(restaurant=restaurant)}
    CapacityRule.objects.all().delete()
    for row in rows:
        scope = {name: value for name, value in row.items() if name != "period"}
        CapacityRule.objects.create(restaurant=restaurant, service_period=periods.get(str(row["period"])), **scope)


def resolved(problem: Finding) -> tuple[tuple[int, int | None, str], int | None]:
    assert problem.kind == "LIMIT_DRIFT"
    facts = problem.facts
    return (facts["serviceDayId"], facts.get("slotId"), facts["limitKind"]), facts["byRules"]


def expected(restaurant: Restaurant) -> Iterator[tuple[tuple[int, int | None, str], int | None]]:
    known = [rule_of(row) for row in restaurant.capacity_rules.all()]
    for day in ServiceDay.objects.filter(restaurant=restaurant).prefetch_related("slots"):
        of_day = day_limits(known, day.service_period_id, day.business_date)
        for field in DAY_FIELDS:
            yield (day.pk, None, KINDS[field]), getattr(of_day, field)
        for slot in day.slots.all():
            of_slot = slot_limits(
                known, day.service_period_id, day.business_date, minute_of(restaurant, slot, day.business_date)
            )
            for field in SLOT_FIELDS:
                yield (day.pk, slot.pk, KINDS[field]), getattr(of_slot, field)


def minute_of(restaurant: Restaurant, slot: BookingSlot, business_date: date) -> int:
    local = slot.starts_at.astimezone(restaurant.zone)
    return (local.date() - business_date).days * 1440 + local.hour * 60 + local.minute


def test_the_kinds_cover_every_limit() -> None:
    assert set(KINDS) == set(LIMIT_FIELDS)
