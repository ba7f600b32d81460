"""The scope in which a person sets a limit: the rule of its own, and the one that holds without it."""

from datetime import date, time
from typing import Any

import pytest

from capacity.limits import LIMIT_OF, Limit, Rule
from capacity.reasons import ReasonCode
from capacity.scopes import LimitScope

LUNCH, DINNER = 1, 2
FRIDAY = date(2026, 7, 3)
COVERS, PACING = LIMIT_OF[ReasonCode.SERVICE_COVERS], LIMIT_OF[ReasonCode.PACING_COVERS]
SEVEN = {"from_time": time(19), "to_time": time(19, 15)}
SLOT = LimitScope.of_slot(DINNER, FRIDAY, time(19), 15)


def rule(rule_id: int, **columns: Any) -> Rule:
    return Rule(rule_id, **{"max_covers": rule_id, "pacing_covers": rule_id, **columns})


EVERYWHERE = rule(1)
ON_FRIDAYS = rule(2, weekday=5)
AT_DINNER = rule(3, period_id=DINNER)
DINNER_ON_FRIDAYS = rule(4, period_id=DINNER, weekday=5)
AT_SEVEN = rule(5, max_covers=None, **SEVEN)
THAT_DATE = rule(6, from_date=FRIDAY)
THAT_DINNER = rule(7, period_id=DINNER, from_date=FRIDAY, to_date=FRIDAY)
THAT_SLOT = rule(8, period_id=DINNER, from_date=FRIDAY, to_date=FRIDAY, max_covers=None, **SEVEN)
TWO_DATES = rule(9, period_id=DINNER, from_date=FRIDAY, to_date=date(2026, 7, 4))
OF_LUNCH = rule(10, period_id=LUNCH)
RULES = (
    *(EVERYWHERE, ON_FRIDAYS, AT_DINNER, DINNER_ON_FRIDAYS, AT_SEVEN),
    *(THAT_DATE, THAT_DINNER, THAT_SLOT, TWO_DATES, OF_LUNCH),
)


@pytest.mark.parametrize(
    ("scope", "limit", "own", "besides"),
    [
        (LimitScope(), COVERS, EVERYWHERE, None),
        (LimitScope(weekday=5), COVERS, ON_FRIDAYS, EVERYWHERE),
        (LimitScope(weekday=6), COVERS, None, EVERYWHERE),
        (LimitScope(DINNER), COVERS, AT_DINNER, EVERYWHERE),
        (LimitScope(DINNER, 5), COVERS, DINNER_ON_FRIDAYS, AT_DINNER),
        (LimitScope(DINNER, 6), COVERS, None, AT_DINNER),
        (LimitScope(on_date=FRIDAY), COVERS, THAT_DATE, ON_FRIDAYS),
        (LimitScope(DINNER, on_date=FRIDAY), COVERS, THAT_DINNER, TWO_DATES),
        (LimitScope(LUNCH, on_date=FRIDAY), COVERS, None, THAT_DATE),
        (SLOT, PACING, THAT_SLOT, AT_SEVEN),
        (LimitScope.of_slot(DINNER, FRIDAY, time(19, 15), 15), PACING, None, THAT_DINNER),
    ],
)
def test_a_limit_has_a_rule_of_its_own_and_one_without_it(
    scope: LimitScope, limit: Limit, own: Rule | None, besides: Rule | None
) -> None:
    assert (scope.own_rule(RULES, limit), scope.rule_besides(RULES, limit)) == (own, besides)


def test_of_two_rules_of_one_scope_the_newer_that_says_something_is_its_own() -> None:
    silent = rule(12, max_covers=None)

    assert LimitScope().own_rule([EVERYWHERE, rule(11), silent], COVERS) == rule(11)
    assert LimitScope().own_rule([EVERYWHERE, rule(11), silent], PACING) == silent
    assert LimitScope().rule_besides([EVERYWHERE, rule(11)], COVERS) is None


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        (time(19), 15, time(19, 15)),
        (time(23, 45), 15, time(0)),
        (time(23), 120, time(1)),
        # On the night of a change the wall goes on by itself: no rule of 01:45 to 01:00, nearly a whole day.
        (time(1, 45), 15, time(2)),
    ],
)
def test_a_slot_ends_on_the_wall(start: time, minutes: int, end: time) -> None:
    scope = LimitScope.of_slot(DINNER, FRIDAY, start, minutes)

    assert (scope.from_time, scope.to_time) == (start, end)


def test_a_limit_of_the_whole_service_has_no_time_of_day() -> None:
    assert SLOT.of_limit(COVERS) == LimitScope(DINNER, on_date=FRIDAY)
    assert SLOT.of_limit(PACING) == SLOT
