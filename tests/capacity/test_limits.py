"""The six limits, and which rule decides each: a table of cases, the order of scopes, and what holds for any rules."""

from dataclasses import fields
from datetime import date, time
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.calendar import ONE_DAY
from capacity.counting import Counts
from capacity.limits import (
    LIMIT_FIELDS,
    LIMIT_OF,
    LIMITS,
    SERVICE_LIMITS,
    SLOT_LIMITS,
    DayLimits,
    Limit,
    LimitKind,
    LimitUnit,
    Rule,
    SlotLimits,
    day_limits,
    deciding_rule,
    slot_limits,
)
from capacity.models import BookingSlot, CapacityRule, ServiceDay
from capacity.policy import ReasonCode, ServiceState, SlotState

LUNCH, DINNER = 1, 2
FRIDAY = date(2026, 7, 3)
SLOT_FIELDS = [limit.column for limit in SLOT_LIMITS]
PACING_COVERS = LIMIT_OF[ReasonCode.PACING_COVERS]
NOTHING = SlotLimits(None, None, None, None)


def hours(from_time: str, to_time: str) -> dict[str, Any]:
    return {"from_time": time.fromisoformat(from_time), "to_time": time.fromisoformat(to_time)}


def pacing(minute: int, *rules: Rule, period_id: int = DINNER, business_date: date = FRIDAY) -> int | None:
    return slot_limits(rules, period_id, business_date, minute).pacing_covers


# A table of cases: Friday 3 July 2026, dinner, the slot at 19:00


RESTAURANT = {"rule_id": 1}
WEEKDAY = {"rule_id": 2, "weekday": 5}
PERIOD = {"rule_id": 3, "period_id": DINNER}
PERIOD_AND_WEEKDAY = {"rule_id": 4, "period_id": DINNER, "weekday": 5}
DATED = {"rule_id": 5, "from_date": FRIDAY}
TIMED = {"rule_id": 6, **hours("19:00", "19:30")}


@pytest.mark.parametrize(
    ("rules", "day", "slot"),
    [
        pytest.param([], (None, None), (None, None, None, None), id="no rule, no limit"),
        pytest.param(
            [RESTAURANT | {"max_covers": 80, "pacing_covers": 20}],
            (80, None),
            (20, None, None, None),
            id="one rule for all",
        ),
        pytest.param(
            [RESTAURANT | {"max_covers": 0, "pacing_parties": 0}],
            (0, None),
            (None, 0, None, None),
            id="zero is a limit",
        ),
        pytest.param(
            [
                RESTAURANT | {"max_covers": 80, "max_parties": 30, "pacing_covers": 20, "occupancy_covers": 60},
                PERIOD | {"max_covers": 70, "occupancy_parties": 25},
                DATED | {"max_covers": 40},
                TIMED | {"pacing_covers": 12, "pacing_parties": 4},
            ],
            (40, 30),
            (12, 4, 60, 25),
            id="every field from its own rule",
        ),
        pytest.param(
            [TIMED | {"max_covers": 10, "max_parties": 3}, RESTAURANT | {"max_covers": 80}],
            (80, None),
            (None, None, None, None),
            id="a time of day says nothing about the service day",
        ),
        pytest.param(
            [RESTAURANT | {"pacing_covers": 20}, PERIOD | {"period_id": LUNCH, "pacing_covers": 5}],
            (None, None),
            (20, None, None, None),
            id="another period",
        ),
        pytest.param(
            [RESTAURANT | {"pacing_covers": 20}, WEEKDAY | {"weekday": 6, "pacing_covers": 5}],
            (None, None),
            (20, None, None, None),
            id="another weekday",
        ),
        pytest.param(
            [RESTAURANT | {"pacing_covers": 20}, TIMED | hours("18:30", "19:00") | {"pacing_covers": 5}],
            (None, None),
            (20, None, None, None),
            id="another time of day",
        ),
        pytest.param(
            [DATED | {"max_covers": 40}, PERIOD_AND_WEEKDAY | {"max_covers": 90}],
            (40, None),
            (None, None, None, None),
            id="a date before period and weekday, though lower",
        ),
        pytest.param(
            [DATED | {"max_covers": 90}, PERIOD_AND_WEEKDAY | {"max_covers": 40}],
            (90, None),
            (None, None, None, None),
            id="a date before period and weekday, though higher",
        ),
        pytest.param(
            [TIMED | {"pacing_covers": 12}, DATED | {"period_id": DINNER, "weekday": 5, "pacing_covers": 8}],
            (None, None),
            (12, None, None, None),
            id="a time before everything else together",
        ),
    ],
)
def test_each_field_is_decided_by_the_most_specific_rule_that_sets_it(
    rules: list[dict[str, Any]], day: tuple[int | None, ...], slot: tuple[int | None, ...]
) -> None:
    known = [Rule(**rule) for rule in rules]

    assert day_limits(known, DINNER, FRIDAY) == DayLimits(*day)
    assert slot_limits(known, DINNER, FRIDAY, 19 * 60) == SlotLimits(*slot)


# The order of scopes, from the most specific down: each beats every one below it


SCOPES: list[dict[str, Any]] = [
    hours("19:00", "19:30") | {"from_date": FRIDAY, "period_id": DINNER, "weekday": 5},
    hours("19:00", "19:30") | {"from_date": FRIDAY, "period_id": DINNER},
    hours("19:00", "19:30") | {"from_date": FRIDAY, "weekday": 5},
    hours("19:00", "19:30") | {"from_date": FRIDAY},
    hours("18:00", "21:00") | {"from_date": FRIDAY},
    hours("19:00", "19:15") | {"from_date": FRIDAY - ONE_DAY, "to_date": FRIDAY + ONE_DAY},
    hours("18:00", "21:00") | {"period_id": DINNER, "weekday": 5},
    hours("18:00", "21:00") | {"period_id": DINNER},
    hours("18:00", "21:00") | {"weekday": 5},
    hours("19:00", "19:15"),
    hours("19:00", "19:30"),
    hours("18:30", "19:30"),
    hours("18:00", "19:05"),
    hours("19:00", "02:00"),
    hours("00:00", "00:00"),
    {"from_date": FRIDAY, "to_date": FRIDAY + 6 * ONE_DAY, "period_id": DINNER, "weekday": 5},
    {"from_date": FRIDAY, "to_date": FRIDAY + 6 * ONE_DAY, "period_id": DINNER},
    {"from_date": FRIDAY, "to_date": FRIDAY + 6 * ONE_DAY, "weekday": 5},
    {"from_date": FRIDAY},
    {"from_date": FRIDAY, "to_date": FRIDAY + ONE_DAY},
    {"from_date": FRIDAY - 6 * ONE_DAY, "to_date": FRIDAY},
    {"period_id": DINNER, "weekday": 5},
    {"period_id": DINNER},
    {"weekday": 5},
    {},
]


@pytest.mark.parametrize("higher", range(len(SCOPES) - 1))
def test_the_more_specific_scope_wins_even_when_older(higher: int) -> None:
    for lower in range(higher + 1, len(SCOPES)):
        specific = Rule(rule_id=1, pacing_covers=1, **SCOPES[higher])
        general = Rule(rule_id=2, pacing_covers=2, **SCOPES[lower])

        assert deciding_rule([specific, general], PACING_COVERS, DINNER, FRIDAY, 19 * 60) == specific
        assert deciding_rule([general, specific], PACING_COVERS, DINNER, FRIDAY, 19 * 60) == specific


def test_of_two_alike_the_newer_wins() -> None:
    for scope in SCOPES:
        older, newer = Rule(rule_id=1, pacing_covers=1, **scope), Rule(rule_id=2, pacing_covers=2, **scope)

        assert deciding_rule([newer, older], PACING_COVERS, DINNER, FRIDAY, 19 * 60) == newer


@pytest.mark.parametrize(("older_to_date", "newer_to_date"), [(FRIDAY, None), (None, FRIDAY)])
def test_one_date_and_a_range_of_one_date_are_alike(older_to_date: date | None, newer_to_date: date | None) -> None:
    older = Rule(rule_id=1, from_date=FRIDAY, to_date=older_to_date, max_covers=1)
    newer = Rule(rule_id=2, from_date=FRIDAY, to_date=newer_to_date, max_covers=2)

    assert day_limits([older, newer], DINNER, FRIDAY).max_covers == 2


# Dates, weekdays and times in scope


@pytest.mark.parametrize(
    ("to_date", "business_date", "applies"),
    [
        (None, date(2026, 7, 2), False),
        (None, date(2026, 7, 3), True),
        (None, date(2026, 7, 4), False),
        (date(2026, 7, 5), date(2026, 7, 2), False),
        (date(2026, 7, 5), date(2026, 7, 3), True),
        (date(2026, 7, 5), date(2026, 7, 5), True),
        (date(2026, 7, 5), date(2026, 7, 6), False),
    ],
)
def test_a_dated_rule_ends_on_its_last_date(to_date: date | None, business_date: date, applies: bool) -> None:
    rule = Rule(rule_id=1, from_date=FRIDAY, to_date=to_date, max_covers=40)

    assert day_limits([rule], DINNER, business_date).max_covers == (40 if applies else None)


@pytest.mark.parametrize("business_date", [date(2026, 7, 6) + n * ONE_DAY for n in range(7)])
def test_a_weekday_is_iso_and_of_the_business_date(business_date: date) -> None:
    rules = [Rule(rule_id=weekday, weekday=weekday, pacing_covers=weekday) for weekday in range(1, 8)]

    assert pacing(1500, *rules, business_date=business_date) == business_date.isoweekday()


@pytest.mark.parametrize(
    ("scope", "minute", "applies"),
    [
        (hours("19:00", "19:30"), 1139, False),
        (hours("19:00", "19:30"), 1140, True),
        (hours("19:00", "19:30"), 1169, True),
        (hours("19:00", "19:30"), 1170, False),
        (hours("23:00", "01:00"), 1379, False),
        (hours("23:00", "01:00"), 1380, True),
        (hours("23:00", "01:00"), 1440, True),
        (hours("23:00", "01:00"), 1499, True),
        (hours("23:00", "01:00"), 1500, False),
        (hours("23:00", "01:00"), 30, True),
        (hours("23:00", "01:00"), 60, False),
        (hours("00:00", "01:00"), 1439, False),
        (hours("00:00", "01:00"), 1470, True),
        (hours("00:00", "01:00"), 1500, False),
        (hours("22:00", "00:00"), 1439, True),
        (hours("22:00", "00:00"), 1440, False),
        (hours("12:00", "12:00"), 719, True),
        (hours("12:00", "12:00"), 720, True),
        (hours("12:00", "12:00"), 2159, True),
    ],
)
def test_a_time_of_day_is_half_open_and_may_pass_midnight(scope: dict[str, Any], minute: int, applies: bool) -> None:
    assert pacing(minute, Rule(rule_id=1, pacing_covers=12, **scope)) == (12 if applies else None)


def test_a_dated_rule_holds_past_the_midnight_of_its_service() -> None:
    rule = Rule(rule_id=1, from_date=FRIDAY, pacing_covers=12, **hours("00:00", "01:00"))

    assert pacing(1470, rule) == 12
    assert pacing(1470, rule, business_date=FRIDAY - ONE_DAY) is None


def test_a_period_of_none_is_matched_by_rules_for_all_periods_only() -> None:
    rules = [Rule(rule_id=1, max_covers=80), Rule(rule_id=2, period_id=DINNER, max_covers=40)]

    assert day_limits(rules, None, FRIDAY).max_covers == 80


# Which rule it was


@pytest.mark.parametrize("decided", SERVICE_LIMITS)
def test_a_time_of_day_never_decides_a_limit_of_the_service_day(decided: Limit) -> None:
    timed = Rule(rule_id=2, max_covers=1, max_parties=1, **hours("19:00", "20:00"))
    plain = Rule(rule_id=1, max_covers=80, max_parties=30)

    assert deciding_rule([timed, plain], decided, DINNER, FRIDAY, 19 * 60) == plain
    assert deciding_rule([timed], decided, DINNER, FRIDAY, 19 * 60) is None


@pytest.mark.parametrize("decided", SLOT_LIMITS)
def test_without_a_slot_the_rule_for_the_rest_of_the_day_is_named(decided: Limit) -> None:
    low: dict[str, Any] = dict.fromkeys(SLOT_FIELDS, 1)
    high: dict[str, Any] = dict.fromkeys(SLOT_FIELDS, 20)
    timed, plain = Rule(rule_id=2, **low, **hours("19:00", "20:00")), Rule(rule_id=1, **high)

    assert deciding_rule([timed, plain], decided, DINNER, FRIDAY) == plain
    assert deciding_rule([timed, plain], decided, DINNER, FRIDAY, 19 * 60) == timed


# The six limits


def test_the_fields_are_those_of_a_day_and_those_of_a_slot() -> None:
    assert DayLimits._fields + SlotLimits._fields == LIMIT_FIELDS
    assert len(LIMIT_FIELDS) == 6


def test_the_limits_stand_in_the_order_of_their_reasons_by_kind_and_unit() -> None:
    codes = [limit.code for limit in LIMITS]

    assert codes == [code for code in ReasonCode if code in LIMIT_OF]
    assert codes == [f"{kind}_{unit}".upper() for kind in LimitKind for unit in LimitUnit]
    assert [(limit.kind, limit.unit) for limit in LIMITS] == list(product(LimitKind, LimitUnit))


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.code)
def test_a_limit_names_the_columns_of_the_models_and_of_what_is_decided_on(limit: Limit) -> None:
    is_of_service = limit.kind is LimitKind.SERVICE
    columns = {field.name for field in (ServiceDay if is_of_service else BookingSlot)._meta.get_fields()}
    state = {field.name for field in fields(ServiceState if is_of_service else SlotState)}

    assert {limit.column, limit.counter, limit.excess} <= columns
    assert {limit.column, limit.counter} <= state
    assert CapacityRule._meta.get_field(limit.column).verbose_name == limit.name
    assert limit.counter in {field.name for field in fields(Counts)}


def test_no_two_limits_share_a_column() -> None:
    assert len({column for limit in LIMITS for column in (limit.column, limit.counter, limit.excess)}) == 18


# What is no rule


@pytest.mark.parametrize(
    "scope",
    [
        {"to_date": FRIDAY},
        {"from_date": FRIDAY, "to_date": FRIDAY - ONE_DAY},
        {"from_time": time(19)},
        {"to_time": time(19)},
    ],
)
def test_a_scope_with_half_a_range_is_refused(scope: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="rule 7"):
        Rule(rule_id=7, **scope)


# What holds for any rules


limit = st.none() | st.integers(0, 200)
some_time = st.sampled_from([time(0), time(1), time(17, 30), time(19), time(19, 15), time(23)])
some_date = st.integers(-2, 2).map(lambda days: FRIDAY + days * ONE_DAY)
some_minute = st.integers(0, 2879)


@st.composite
def random_rule(draw: st.DrawFn) -> Rule:
    dates = sorted(draw(st.tuples(some_date, some_date)))
    times = draw(st.none() | st.tuples(some_time, some_time))
    is_dated, is_single = draw(st.booleans()), draw(st.booleans())
    return Rule(
        rule_id=draw(st.integers(1, 10_000)),
        period_id=draw(st.sampled_from([None, LUNCH, DINNER])),
        weekday=draw(st.sampled_from([None, None, 4, 5, 6])),
        from_date=dates[0] if is_dated else None,
        to_date=dates[1] if is_dated and not is_single else None,
        from_time=times[0] if times else None,
        to_time=times[1] if times else None,
        **{name: draw(limit) for name in LIMIT_FIELDS},
    )


random_rules = st.lists(random_rule(), max_size=8, unique_by=lambda rule: rule.rule_id)


@given(random_rules, some_minute, st.randoms())
def test_the_order_in_which_rules_come_does_not_matter(rules: list[Rule], minute: int, random: Any) -> None:
    shuffled = random.sample(rules, len(rules))

    assert slot_limits(shuffled, DINNER, FRIDAY, minute) == slot_limits(rules, DINNER, FRIDAY, minute)
    assert day_limits(shuffled, DINNER, FRIDAY) == day_limits(rules, DINNER, FRIDAY)


@given(random_rules, some_minute, st.sampled_from(LIMITS))
def test_no_other_rule_that_applies_is_more_specific(rules: list[Rule], minute: int, asked: Limit) -> None:
    decided = deciding_rule(rules, asked, DINNER, FRIDAY, minute)
    # A rule on its own decides exactly if it applies and says something.
    alone = [rule for rule in rules if deciding_rule([rule], asked, DINNER, FRIDAY, minute)]

    assert (decided is None) is (alone == [])
    for first, second in combinations(alone, 2):
        pair_winner = deciding_rule([first, second], asked, DINNER, FRIDAY, minute)
        assert decided not in (first, second) or pair_winner == decided


@given(random_rules, random_rule(), some_minute)
def test_a_field_changes_only_to_what_a_new_rule_says(rules: list[Rule], added: Rule, minute: int) -> None:
    before = slot_limits(rules, DINNER, FRIDAY, minute)
    after = slot_limits([*rules, added], DINNER, FRIDAY, minute)

    for name in SLOT_FIELDS:
        assert getattr(after, name) in (getattr(before, name), added.limits[name])
        assert added.limits[name] is not None or getattr(after, name) == getattr(before, name)


@given(random_rules)
def test_a_time_of_day_leaves_the_service_day_alone(rules: list[Rule]) -> None:
    untimed = [rule for rule in rules if rule.from_time is None]

    assert day_limits(rules, DINNER, FRIDAY) == day_limits(untimed, DINNER, FRIDAY)


@given(random_rules, some_minute)
def test_a_slot_after_midnight_has_the_limits_of_its_time_of_day(rules: list[Rule], minute: int) -> None:
    time_of_day = minute % 1440

    assert slot_limits(rules, DINNER, FRIDAY, minute) == slot_limits(rules, DINNER, FRIDAY, time_of_day)


@given(random_rules, some_minute)
def test_rules_of_other_periods_and_dates_are_as_if_not_there(rules: list[Rule], minute: int) -> None:
    relevant = [rule for rule in rules if rule.period_id != LUNCH and rule.weekday in (None, 5)]

    assert slot_limits(rules, DINNER, FRIDAY, minute) == slot_limits(relevant, DINNER, FRIDAY, minute)
    assert slot_limits(rules, DINNER, FRIDAY + 3 * ONE_DAY, minute) == slot_limits(
        [rule for rule in rules if rule.from_date is None], DINNER, FRIDAY + 3 * ONE_DAY, minute
    )
    assert slot_limits([], DINNER, FRIDAY, minute) == NOTHING
