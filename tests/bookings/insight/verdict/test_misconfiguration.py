"""What is probably not meant in the settings of a house, and how serious it is."""

from dataclasses import replace
from datetime import date, time

import pytest

from capacity.advice import House, TableOffer
from capacity.calendar import PeriodHours, TurnBand
from capacity.limits import Rule
from capacity.misconfigurations import HouseSettings, PeriodOffer, Place, find_misconfigurations

TODAY = date(2026, 11, 27)
EVERY_DAY = frozenset(range(1, 8))
DINNER_HOURS = PeriodHours(1, "Dinner", EVERY_DAY, time(19), time(22), time(23))
DRINKS_HOURS = PeriodHours(2, "Drinks", EVERY_DAY, time(16), time(18), time(19))
DINNER = PeriodOffer(DINNER_HOURS, seats_at_tables=True)
DRINKS = PeriodOffer(DRINKS_HOURS, seats_at_tables=False)
FINE = HouseSettings(
    today=TODAY,
    house=House(seats=4, smallest_party=1, largest_party=4),
    periods=(DINNER, DRINKS),
    rules=(Rule(7, max_covers=4),),
    bands=(TurnBand(4, 90, None),),
    tables={3: TableOffer("T1", 1, 4, is_online=True, is_in_house=True)},
)


def found(settings: HouseSettings) -> list[tuple[str, Place, bool]]:
    return [(each.code, each.place, each.is_serious) for each in find_misconfigurations(settings)]


def test_a_house_that_is_set_well_needs_no_word() -> None:
    assert found(FINE) == []


def test_a_period_without_a_rule_is_serious_where_no_table_limits_it_either() -> None:
    assert found(replace(FINE, rules=())) == [
        ("PERIOD_WITHOUT_RULE", Place("capacityrule", None), True),
        ("PERIOD_WITHOUT_RULE", Place("capacityrule", None), False),
    ]
    assert [each.message for each in find_misconfigurations(replace(FINE, rules=()))] == [
        "Drinks: no standing rule sets a limit, nothing can refuse a party.",
        "Dinner: no standing rule sets a limit, only its tables can refuse a party.",
    ]


def test_a_rule_of_one_date_or_without_limits_stands_for_no_period() -> None:
    rules = (Rule(7, from_date=TODAY, max_covers=4), Rule(8), Rule(9, period_id=2, pacing_parties=2))

    assert found(replace(FINE, rules=rules)) == [("PERIOD_WITHOUT_RULE", Place("capacityrule", None), False)]


def test_a_period_that_seats_at_tables_without_any_is_serious() -> None:
    without = replace(FINE, tables={}, house=House(seats=0, smallest_party=1, largest_party=4))

    assert found(without) == [("PERIOD_WITHOUT_TABLES", Place("table", None), True)]


def messages(settings: HouseSettings) -> list[str]:
    return [each.message for each in find_misconfigurations(settings)]


def test_a_rule_of_one_weekday_or_of_an_hour_leaves_the_other_days_of_a_period_without_one() -> None:
    narrow = (Rule(7, max_covers=4, period_id=1), Rule(8, weekday=6, max_covers=4))
    an_hour = Rule(9, from_time=time(17), to_time=time(18), pacing_covers=4)
    weekend = PeriodOffer(replace(DRINKS_HOURS, weekdays=frozenset({5, 6, 7})), seats_at_tables=False)

    assert messages(replace(FINE, periods=(DINNER, weekend), rules=(*narrow, an_hour))) == [
        "Drinks, Friday, Sunday: no standing rule sets a limit, nothing can refuse a party."
    ]
    assert messages(replace(FINE, periods=(DINNER, weekend), rules=(narrow[0], an_hour))) == [
        "Drinks: no standing rule sets a limit, nothing can refuse a party."
    ]


def test_a_period_that_is_over_for_good_needs_no_rule() -> None:
    over = PeriodOffer(replace(DRINKS_HOURS, valid_to=date(2026, 11, 26)), seats_at_tables=False)

    assert found(replace(FINE, periods=(DINNER, over), rules=(Rule(7, period_id=1, max_covers=4),))) == []


def test_a_standing_limit_below_the_seats_is_named_with_its_rule() -> None:
    assert found(replace(FINE, periods=(DINNER,), rules=(Rule(7, max_covers=3),)))[:1] == [
        ("LIMIT_BELOW_SEATS", Place("capacityrule", 7), False)
    ]


@pytest.mark.parametrize(("period_id", "codes"), [(1, ["LIMIT_QUESTIONABLE"]), (2, []), (None, [])])
def test_seats_are_no_measure_where_any_service_of_a_rule_counts_numbers_alone(
    period_id: int | None, codes: list[str]
) -> None:
    high = Rule(8, period_id=period_id, occupancy_covers=5)

    assert [code for code, _, _ in found(replace(FINE, rules=(*FINE.rules, high)))] == codes


def test_a_rule_of_a_date_without_drinks_is_measured_by_the_seats_of_dinner() -> None:
    weekend = PeriodOffer(replace(DRINKS_HOURS, weekdays=frozenset({6, 7})), seats_at_tables=False)
    friday, saturday = (Rule(8, from_date=date(2026, 11, day), pacing_covers=5) for day in (27, 28))

    assert messages(replace(FINE, periods=(DINNER, weekend), rules=(*FINE.rules, friday))) == [
        "Every service, 27 Nov 2026: A limit of 5 on covers starting per slot is above the 4 seats: "
        "it can never be reached."
    ]
    assert found(replace(FINE, periods=(DINNER, weekend), rules=(*FINE.rules, saturday))) == []


def test_two_rules_with_one_limit_are_told_apart_by_their_scope() -> None:
    twins = [
        Rule(8, period_id=1, from_time=time(23), to_time=time(1), pacing_covers=3),
        Rule(9, period_id=2, weekday=5, pacing_covers=3),
    ]

    assert messages(replace(FINE, rules=(*FINE.rules, *twins))) == [
        "Dinner, 23:00 to 01:00: A limit of 3 on covers starting per slot: online parties of 4 never fit.",
        "Drinks, Friday: A limit of 3 on covers starting per slot: online parties of 4 never fit.",
    ]


@pytest.mark.parametrize(
    "narrow",
    [
        Rule(8, weekday=1, occupancy_covers=3),
        Rule(8, from_date=TODAY, occupancy_covers=3),
        Rule(8, from_time=time(22), to_time=time(23), occupancy_covers=3),
    ],
)
def test_a_narrow_rule_is_below_the_seats_on_purpose(narrow: Rule) -> None:
    codes = [code for code, _, _ in found(replace(FINE, rules=(*FINE.rules, narrow)))]

    assert codes == ["LIMIT_QUESTIONABLE"]


def test_a_limit_that_no_party_fits_is_serious_and_named_once() -> None:
    assert found(replace(FINE, rules=(*FINE.rules, Rule(8, pacing_parties=0)))) == [
        ("LIMIT_CLOSES", Place("capacityrule", 8), True)
    ]


@pytest.mark.parametrize(
    "narrow",
    [
        Rule(8, from_date=TODAY, max_covers=0),
        Rule(8, weekday=1, max_parties=0),
        Rule(8, from_time=time(22), to_time=time(22, 15), pacing_covers=0),
    ],
)
def test_a_narrow_rule_that_no_party_fits_is_meant(narrow: Rule) -> None:
    assert found(replace(FINE, rules=(*FINE.rules, narrow))) == []


def test_a_rule_whose_dates_are_over_is_not_looked_at() -> None:
    over = Rule(8, from_date=date(2026, 11, 25), to_date=date(2026, 11, 26), pacing_covers=3)
    still = replace(over, to_date=TODAY)

    assert found(replace(FINE, rules=(*FINE.rules, over))) == []
    assert found(replace(FINE, rules=(*FINE.rules, still))) == [("LIMIT_QUESTIONABLE", Place("capacityrule", 8), False)]


def test_gaps_of_turn_times_and_idle_tables_are_named() -> None:
    idle = TableOffer("T2", 9, 12, is_online=True, is_in_house=False)
    settings = replace(FINE, bands=(TurnBand(3, 90, None),), tables={**FINE.tables, 5: idle})

    assert found(settings) == [
        ("TURN_TIME_GAP", Place("turntime", None), False),
        ("TABLE_WITHOUT_PARTY", Place("table", 5), False),
    ]
