"""What a proposal says: a restaurant file, whole or in part, over what the restaurant has."""

from dataclasses import replace

import pytest

from bookings.insight.what_if.proposal import read_proposal
from bookings.restaurant_file import RestaurantFile, RestaurantFileInvalid, read_restaurant_file
from bookings.restaurant_file.writing import write_restaurant_file

CURRENT = read_restaurant_file(
    b"""
restaurant: {slug: bistro, name: Bistro, timezone: Europe/London, slot_minutes: 30, max_days_ahead: 60}
turn_times: [{up_to: 4, minutes: 90}, {up_to: 4, minutes: 75, service_period: Lunch}]
buffer_minutes: 10
sections: [{name: Main}]
tables: [{number: T1, capacity: 2, section: Main}, {number: T2, capacity: 4}, {number: T3, capacity: 4}]
combinations:
  - {tables: [T1, T2], min_party_size: 5, max_party_size: 6}
  - {tables: [T2, T3], min_party_size: 5, max_party_size: 8}
service_periods:
  - {name: Lunch, days: [mon, tue], start: "12:00", last_seating: "14:00", end: "15:00"}
  - {name: Dinner, days: [mon, tue], start: "17:00", last_seating: "21:00", end: "23:00"}
capacity_rules: [{service_period: Lunch, max_covers: 20}, {pacing_covers: 8}]
closures: [{date: 2026-12-25}]
"""
)


def proposed(text: str) -> RestaurantFile:
    return read_proposal(text.encode(), CURRENT)


def problems(text: str) -> list[str]:
    with pytest.raises(RestaurantFileInvalid) as invalid:
        proposed(text)
    return [str(problem) for problem in invalid.value.problems]


def test_what_it_does_not_name_stays_as_it_is() -> None:
    file = proposed("capacity_rules: [{max_covers: 30}]")

    assert [(rule.max_covers, rule.pacing_covers) for rule in file.capacity_rules] == [(30, None)]
    assert replace(file, capacity_rules=CURRENT.capacity_rules) == CURRENT


@pytest.mark.parametrize(
    "member",
    ["turn_times", "sections", "tables", "combinations", "service_periods", "capacity_rules", "closures"],
)
def test_each_part_by_itself_or_the_whole_says_the_same(member: str) -> None:
    assert proposed(write_restaurant_file(CURRENT, only=[member])) == CURRENT
    assert proposed(write_restaurant_file(CURRENT)) == CURRENT


def test_an_empty_list_takes_all_of_them_away_and_an_empty_key_none() -> None:
    assert proposed("closures: []").closures == ()
    assert proposed("closures:").closures == CURRENT.closures


def test_the_buffer_may_be_named_alone() -> None:
    file = proposed("buffer_minutes: 20")

    assert (file.buffer_minutes, file.restaurant.buffer_minutes) == (20, 20)
    assert file.tables == CURRENT.tables


def test_of_the_restaurant_what_is_named_changes() -> None:
    file = proposed("restaurant: {slug: bistro, slot_minutes: 15}")

    assert file.restaurant == replace(CURRENT.restaurant, slot_minutes=15)


def test_a_combination_goes_with_its_table() -> None:
    file = proposed("tables: [{number: T2, capacity: 4}, {number: T3, capacity: 4}]")

    assert [combination.tables for combination in file.combinations] == [("T2", "T3")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "restaurant: {slug: other}",
            ['line 1: restaurant.slug: must be "bistro", the restaurant that is asked about'],
        ),
        (
            "restaurant: {timezone: Europe/Paris}",
            ['line 1: restaurant.timezone: must be "Europe/London", the restaurant that is asked about'],
        ),
        ("\ncapacity_rule: []", ["line 2: capacity_rule: unknown key; did you mean capacity_rules?"]),
        (
            "capacity_rules:\n  - {max_covers: many}\n  - {max_cover: 3}",
            [
                'line 2: capacity_rules[0].max_covers: must be a whole number, not "many"',
                "line 3: capacity_rules[1].max_cover: unknown key; did you mean max_covers?",
            ],
        ),
        (
            "capacity_rules: [{service_period: Brunch, max_covers: 3}]",
            ['line 1: capacity_rules[0].service_period: no service period, or more than one, is named "Brunch"'],
        ),
        ("buffer_minutes: 300", ["line 1: buffer_minutes: must be from 0 to 240, not 300"]),
        ("tables: []\ntables: []", ["line 2: tables: given twice, first on line 1"]),
        ("tables: {T1: 2}", ["line 1: tables: must be a list"]),
        ("- T1", ["line 1: must be a mapping of keys to values"]),
        ("", ["line 1: the file is empty"]),
        (
            "tables: [",
            ["line 1: no valid YAML: while parsing a flow node expected the node content, but found '<stream end>'"],
        ),
    ],
)
def test_every_mistake_is_named_with_line_and_field(text: str, said: list[str]) -> None:
    assert problems(text) == said


def test_what_no_longer_fits_the_proposal_is_named_as_the_restaurants_own() -> None:
    dinner = "{name: Dinner, days: [mon], start: '17:00', last_seating: '21:00', end: '23:00'}"
    text = f"# Dinner alone\nservice_periods:\n  - {dinner}"

    assert problems(text) == [
        'line 2: capacity_rules[0].service_period: no service period, or more than one, is named "Lunch"; '
        "this is of the restaurant as it is: name capacity_rules in the file as well",
        'line 2: turn_times[1].service_period: no service period, or more than one, is named "Lunch"; '
        "this is of the restaurant as it is: name turn_times in the file as well",
    ]


def test_bytes_that_are_no_text_are_named() -> None:
    with pytest.raises(RestaurantFileInvalid, match="line 2: no valid UTF-8"):
        read_proposal(b"tables: []\n\xff", CURRENT)
