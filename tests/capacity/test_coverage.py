"""Which services count as limited: on every weekday, by rules that stand."""

from datetime import date, time
from typing import Any

import pytest

from capacity.calendar import ONE_DAY, PeriodHours
from capacity.coverage import has_rule_that_limits, is_limited, is_still_offered
from capacity.limits import LIMIT_FIELDS, Rule

LUNCH, DINNER = 1, 2
FRIDAY, SATURDAY = 5, 6
TODAY = date(2026, 7, 3)


def dinner(**changes: Any) -> PeriodHours:
    hours: dict[str, Any] = {
        "period_id": DINNER,
        "name": "Dinner",
        "weekdays": frozenset({FRIDAY, SATURDAY}),
        "start_time": time(17),
        "last_seating": time(21, 30),
        "end_time": time(23),
    }
    return PeriodHours(**(hours | changes))


def rule(rule_id: int = 1, **scope: Any) -> Rule:
    return Rule(rule_id, **({"max_covers": 40} | scope))


@pytest.mark.parametrize("field", LIMIT_FIELDS)
def test_any_limit_of_covers_or_parties_limits(field: str) -> None:
    assert is_limited(dinner(), [Rule(1, **{field: 0})])


def test_a_rule_without_a_limit_limits_nothing() -> None:
    assert not is_limited(dinner(), [Rule(1)])
    assert not is_limited(dinner(), [])


@pytest.mark.parametrize(
    ("scope", "limits"),
    [
        ({"period_id": DINNER}, True),
        ({"period_id": LUNCH}, False),
        ({"weekday": FRIDAY}, False),
        ({"from_date": TODAY, "to_date": TODAY + 365 * ONE_DAY}, False),
        ({"from_time": time(17), "to_time": time(23), "max_covers": None, "pacing_covers": 8}, False),
    ],
)
def test_only_a_rule_that_stands_for_the_whole_service_limits(scope: dict[str, Any], limits: bool) -> None:
    assert is_limited(dinner(), [rule(**scope)]) is limits


def test_rules_of_single_weekdays_limit_together() -> None:
    friday, saturday = rule(1, weekday=FRIDAY), rule(2, weekday=SATURDAY, period_id=DINNER)

    assert is_limited(dinner(), [friday, saturday])
    assert not is_limited(dinner(weekdays=frozenset({FRIDAY, SATURDAY, 7})), [friday, saturday])


@pytest.mark.parametrize(
    ("scope", "limits"),
    [
        ({}, True),
        ({"weekday": FRIDAY}, True),
        ({"weekday": SATURDAY}, False),
        ({"from_date": TODAY}, True),
        ({"from_date": TODAY - ONE_DAY}, False),
        ({"from_date": TODAY - ONE_DAY, "to_date": TODAY}, True),
        ({"from_date": TODAY, "period_id": LUNCH}, False),
    ],
)
def test_special_hours_are_limited_by_what_holds_on_their_date(scope: dict[str, Any], limits: bool) -> None:
    assert is_limited(dinner(on_date=TODAY, weekdays=frozenset()), [rule(**scope)]) is limits


@pytest.mark.parametrize(
    ("changes", "is_offered"),
    [
        ({}, True),
        ({"weekdays": frozenset()}, False),
        ({"valid_to": TODAY}, True),
        ({"valid_to": TODAY - ONE_DAY}, False),
        ({"valid_from": TODAY + 90 * ONE_DAY}, True),
        ({"on_date": TODAY, "weekdays": frozenset()}, True),
        ({"on_date": TODAY - ONE_DAY}, False),
    ],
)
def test_a_period_is_offered_until_its_last_date(changes: dict[str, Any], is_offered: bool) -> None:
    assert is_still_offered(dinner(**changes), TODAY) is is_offered


@pytest.mark.parametrize(
    ("scope", "limits"),
    [
        ({}, True),
        ({"max_covers": None}, False),
        ({"period_id": DINNER, "weekday": FRIDAY}, True),
        ({"period_id": LUNCH}, False),
        ({"from_time": time(19), "to_time": time(20), "max_covers": None, "pacing_parties": 2}, True),
        ({"from_date": TODAY}, True),
        ({"from_date": TODAY - ONE_DAY}, False),
        ({"from_date": TODAY - ONE_DAY, "to_date": TODAY}, True),
        ({"from_date": TODAY - 2 * ONE_DAY, "to_date": TODAY - ONE_DAY}, False),
    ],
)
def test_a_restaurant_has_a_rule_while_one_still_limits_one_of_its_periods(scope: dict[str, Any], limits: bool) -> None:
    assert has_rule_that_limits([dinner()], [rule(**scope)], TODAY) is limits
