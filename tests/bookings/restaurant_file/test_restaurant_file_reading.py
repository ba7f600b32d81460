"""Reading a restaurant file: what each value may be, every problem with its line and its field."""

import re
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.restaurant_file import RestaurantFile, RestaurantFileInvalid, read_restaurant_file
from bookings.restaurant_file.entries import (
    ClosureEntry,
    CombinationEntry,
    PartySizeEntry,
    PeriodEntry,
    PeriodName,
    PositionEntry,
    RestaurantEntry,
    RuleEntry,
    SectionEntry,
    TableEntry,
    TurnTimeEntry,
)
from bookings.restaurant_file.schema import Entry, EntryOf, keys_of
from bookings.restaurant_file.writing import write_restaurant_file
from config.values import TextInvalid, read_name
from tables.models import Restaurant

ROOT = Path(__file__).parents[3]
HOUSE = "restaurant: {slug: cafe, name: Café, timezone: Europe/Paris}\n"
DINNER = 'service_periods: [{name: Dinner, days: [fri], start: "17:00", last_seating: "21:30", end: "23:30"}]\n'

THE_WHOLE_FORMAT = """
restaurant: {slug: demo-bistro, name: Demo Bistro, timezone: Europe/London, slot_minutes: 15, enforcement: enforce,
             party_size: {min: 1, max: 8}, min_notice_minutes: 0, max_days_ahead: 365}
turn_times: [{up_to: 2, minutes: 90}, {up_to: 12, minutes: 120, service_period: Dinner}]
buffer_minutes: 0
sections: [{name: Main Floor}, {name: Patio}]
tables:
  - {number: T1, capacity: 2, min_party_size: 1, section: Main Floor, seating_type: indoor, position: {x: 40, y: 40}}
  - {number: T2, capacity: 4, max_party_size: 5, priority: -2, audience: [walk_in, online], status: out_of_service}
combinations: [{tables: [T2, T1], min_party_size: 3, max_party_size: 4}]
service_periods: [{name: Dinner, days: [mon, sun], start: "17:00", last_seating: "21:30", end: "23:30"}]
capacity_rules: [{service_period: Dinner, max_covers: 80, pacing_covers: 20}, {date: 2026-12-24, max_covers: 40},
                 {time_from: "19:00", time_to: "19:30", pacing_covers: 12}]
closures: [{date: 2026-12-25, note: Christmas}, {from: 2026-12-30, to: 2027-01-02, channel: online}]
"""


def read(text: str) -> RestaurantFile:
    return read_restaurant_file(text.encode())


def first_problem(text: str) -> str:
    return problems_of(text)[0]


def problems_of(text: str) -> list[str]:
    with pytest.raises(RestaurantFileInvalid) as refusal:
        read(text)
    return [str(problem) for problem in refusal.value.problems]


def test_the_whole_format_is_read() -> None:
    file = read(THE_WHOLE_FORMAT)

    dinner = PeriodName(name="Dinner")
    assert file == RestaurantFile(
        restaurant=RestaurantEntry(slug="demo-bistro", name="Demo Bistro", timezone="Europe/London"),
        turn_times=(TurnTimeEntry(up_to=2, minutes=90), TurnTimeEntry(up_to=12, minutes=120, service_period=dinner)),
        sections=(SectionEntry(name="Main Floor", rank=0), SectionEntry(name="Patio", rank=1)),
        tables=(
            TableEntry(
                number="T1", capacity=2, max_party_size=2, section="Main Floor", position=PositionEntry(x=40, y=40)
            ),
            TableEntry(
                number="T2",
                capacity=4,
                max_party_size=5,
                priority=-2,
                audience=("online", "walk_in"),
                status="out_of_service",
            ),
        ),
        combinations=(CombinationEntry(tables=("T1", "T2"), min_party_size=3, max_party_size=4),),
        service_periods=(
            PeriodEntry(
                name="Dinner",
                weekdays=(1, 7),
                start_time=time(17),
                last_seating=time(21, 30),
                end_time=time(23, 30),
            ),
        ),
        capacity_rules=(
            RuleEntry(service_period=dinner, max_covers=80, pacing_covers=20),
            RuleEntry(from_date=date(2026, 12, 24), to_date=date(2026, 12, 24), max_covers=40),
            RuleEntry(from_time=time(19), to_time=time(19, 30), pacing_covers=12),
        ),
        closures=(
            ClosureEntry(from_date=date(2026, 12, 25), to_date=date(2026, 12, 25), note="Christmas"),
            ClosureEntry(from_date=date(2026, 12, 30), to_date=date(2027, 1, 2), channel="online"),
        ),
    )


def test_what_is_left_out_has_the_default_of_the_model() -> None:
    entry = read(HOUSE).restaurant
    row = Restaurant(slug="cafe", name="Café", timezone="Europe/Paris")

    assert entry.party_size == PartySizeEntry(min=row.party_size_min, max=row.party_size_max)
    same = set(vars(entry)) - {"place", "party_size"}
    assert {name: getattr(entry, name) for name in same} == {name: getattr(row, name) for name in same}


@pytest.mark.parametrize("written", ["17:00", "'17:00'", '"17:00"'])
def test_a_time_is_the_same_quoted_or_not(written: str) -> None:
    file = read(HOUSE + DINNER.replace('"17:00"', written))

    assert file.service_periods[0].start_time == time(17)


def test_words_that_yaml_1_1_takes_for_something_else_stay_text() -> None:
    file = read(
        """
restaurant: {slug: no, name: 0x1F, timezone: Europe/Paris, phone: 0123456, address: 1_000, active: no}
sections: [{name: off}, {name: 12:30}, {name: 1e3}, {name: "null"}]
tables: [{number: 010, capacity: 010}]
"""
    )

    house = file.restaurant
    assert (house.slug, house.name, house.phone, house.address) == ("no", "0x1F", "0123456", "1_000")
    assert house.active is False
    assert [section.name for section in file.sections] == ["off", "12:30", "1e3", "null"]
    assert (file.tables[0].number, file.tables[0].capacity) == ("010", 10)


def test_a_key_without_a_value_is_a_key_left_out() -> None:
    assert read(HOUSE + "tables: []\nsections:\nclosures: ~\n") == read(HOUSE)
    assert problems_of("restaurant: {slug: , name: ~, timezone: Europe/Paris}\n") == [
        "line 1: restaurant.name: is missing",
        "line 1: restaurant.slug: is missing",
    ]


def test_every_problem_is_named_with_its_line_and_field() -> None:
    text = """\
restaurant:
  slug: two words
  nme: Café
  timezone: Europe/Pari
  party_size: {min: 9, max: 3}
tables:
  - {number: T1, capacity: two, section: Cellar}
  - number: T1
    capacity: 0
  - T3
tables: []
"""
    assert problems_of(text) == [
        "line 1: restaurant.name: is missing",
        "line 2: restaurant.slug: must consist of letters, digits, hyphens and underscores",
        "line 3: restaurant.nme: unknown key; did you mean name?",
        'line 4: restaurant.timezone: must be an IANA time zone such as Europe/London, not "Europe/Pari"',
        "line 5: restaurant.party_size.max: must not be below min, 9",
        'line 7: tables[0].capacity: must be a whole number, not "two"',
        'line 7: tables[0].section: unknown section "Cellar"',
        "line 8: tables[1].number: T1 is given twice, first on line 7",
        "line 9: tables[1].capacity: must be from 1 to 1000, not 0",
        "line 10: tables[2]: must be a mapping of keys to values",
        "line 11: tables: given twice, first on line 6",
    ]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("slot_minutes: 4", "slot_minutes: must be from 5 to 240, not 4"),
        ("slot_minutes: 241", "slot_minutes: must be from 5 to 240, not 241"),
        ("reseat_freeze_minutes: 1441", "reseat_freeze_minutes: must be from 0 to 1440, not 1441"),
        ("slot_minutes: 15.0", 'slot_minutes: must be a whole number, not "15.0"'),
        ("slot_minutes: 1_5", 'slot_minutes: must be a whole number, not "1_5"'),
        ("slot_minutes: \u0661\u0665", 'slot_minutes: must be a whole number, not "\u0661\u0665"'),
        ("slot_minutes: .nan", 'slot_minutes: must be a whole number, not ".nan"'),
        ("slot_minutes: [15]", "slot_minutes: must be a single value, not a list or a mapping"),
        ("max_days_ahead: -1", "max_days_ahead: must be from 0 to 32767, not -1"),
        ("max_days_ahead: 9999999999", 'max_days_ahead: must be a whole number, not "9999999999"'),
        ("enforcement: enforced", 'enforcement: must be one of enforce, shadow, not "enforced"'),
        ("active: 1", 'active: must be true or false, not "1"'),
        ("email: cafe", 'email: must be an e-mail address, not "cafe"'),
        (f"phone: '{'1' * 33}'", "phone: must have at most 32 characters, not 33"),
        ('address: "a\\0b"', "address: must be one line without control characters"),
        ('address: "a\\nb"', "address: must be one line without control characters"),
        ("party_size: 8", "party_size: must be a mapping of keys to values"),
        ("beta_parter: true", "beta_parter: unknown key; did you mean beta_partner?"),
        ("colour: red", "colour: unknown key; known are slug, name, timezone,"),
        ("<<: {active: false}", "<<: unknown key;"),
    ],
)
def test_a_value_that_the_restaurant_cannot_have_is_named(value: str, problem: str) -> None:
    (found,) = problems_of(f"restaurant: {{slug: cafe, name: Café, timezone: Europe/Paris,\n  {value}}}")

    assert found.startswith(f"line 2: restaurant.{problem}")


@pytest.mark.parametrize(
    ("period", "problem"),
    [
        ('start: "24:00"', 'start: must be a time from 00:00 to 23:59, not "24:00": midnight is 00:00'),
        ("start: 5pm", 'start: must be a time from 00:00 to 23:59, not "5pm"'),
        ("start: 1020", 'start: must be a time from 00:00 to 23:59, not "1020"'),
        ('last_seating: "16:45"', "last_seating: must be from 17:00 to before 23:30"),
        ('last_seating: "23:30"', "last_seating: must be from 17:00 to before 23:30"),
        ("days: [fri, Fri]", "days: names fri twice"),
        ("days: fri", "days: must be a list"),
        ("date: 2026-12-24", "days: says nothing beside date, which makes these the special hours of one date"),
        ("valid_from: 2026-02-01, valid_to: 2026-01-31", "valid_to: must not be before valid_from, 2026-02-01"),
        ("valid_from: 2026-02-30", 'valid_from: must be a date such as 2026-12-24, not "2026-02-30"'),
        ("valid_from: 1999-12-31", "valid_from: must be in the years 2000 to 2100, not 1999-12-31"),
        ("seating_mode: table", 'seating_mode: must be one of tables, covers, not "table"'),
    ],
)
def test_a_period_that_cannot_be_served_is_named(period: str, problem: str) -> None:
    usual = {"days": "[fri]", "start": '"17:00"', "last_seating": '"21:30"', "end": '"23:30"'}
    usual.pop(period.split(":")[0], None)
    others = ", ".join(f"{key}: {value}" for key, value in usual.items())

    assert problems_of(f"{HOUSE}service_periods: [{{name: Dinner, {others}, {period}}}]") == [
        f"line 2: service_periods[0].{problem}"
    ]


def test_a_period_without_days_is_named() -> None:
    assert problems_of(HOUSE + DINNER.replace("days: [fri], ", "")) == [
        "line 2: service_periods[0]: needs days, or a date for special hours"
    ]


def test_a_last_seating_after_midnight_lies_in_a_period_that_ends_after_it() -> None:
    late = DINNER.replace("21:30", "00:30").replace("23:30", "02:00")

    assert read(HOUSE + late).service_periods[0].last_seating == time(0, 30)
    assert problems_of(HOUSE + late.replace("00:30", "02:00")) == [
        "line 2: service_periods[0].last_seating: must be from 17:00 to before 02:00"
    ]


def test_periods_that_overlap_are_named_and_back_to_back_is_no_overlap() -> None:
    periods = """\
service_periods:
  - {name: Drinks, days: [fri], start: 16:00, last_seating: 18:45, end: 19:00}
  - {name: Dinner, days: [fri, sat], start: 19:00, last_seating: 00:30, end: 02:00}
  - {name: Breakfast, days: [sat], start: 01:45, last_seating: 09:00, end: 11:00}
"""
    assert problems_of(HOUSE + periods) == ["line 5: service_periods[2].start: overlaps with Dinner of line 4"]
    assert len(read(HOUSE + periods.replace("01:45", "02:00")).service_periods) == 3


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("service_period: Diner", 'service_period: no service period, or more than one, is named "Diner"'),
        ("time_from: 19:00", "time_from: time_from and time_to come together"),
        ("time_to: 19:00", "time_to: time_from and time_to come together"),
        (
            "time_from: 19:00, time_to: 20:00, max_covers: 3",
            "max_covers: limits a whole service, so it cannot stand beside a time of day",
        ),
        ("date: 2026-12-24, from: 2026-12-24", "date: date is one day: it cannot stand beside from and to"),
        ("to: 2026-12-24", "to: needs from beside it"),
        ("from: 2026-12-24, to: 2026-12-23", "to: must not be before from, 2026-12-24"),
        ("day: friday", 'day: must be one of mon, tue, wed, thu, fri, sat, sun, not "friday"'),
        ("pacing_covers: -1", "pacing_covers: must be from 0 to 999999999, not -1"),
    ],
)
def test_a_rule_that_contradicts_itself_is_named(rule: str, problem: str) -> None:
    assert problems_of(f"{HOUSE}{DINNER}capacity_rules:\n  - {{{rule}}}") == [f"line 4: capacity_rules[0].{problem}"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("closures: [{note: gone}]", "line 2: closures[0]: needs a date, or from and to"),
        (
            "turn_times: [{up_to: 4, minutes: 90}, {up_to: 4, minutes: 95}]",
            "line 2: turn_times[1].up_to: must be above 4, the band before it",
        ),
        ("turn_times: [{up_to: 4, minutes: 4}]", "line 2: turn_times[0].minutes: must be from 5 to 1440, not 4"),
        (
            "tables: [{number: T1, capacity: 2, min_party_size: 3}]",
            "line 2: tables[0].min_party_size: must not be above the capacity, 2, where max_party_size is not given",
        ),
        (
            "tables: [{number: T1, capacity: 4, min_party_size: 3, max_party_size: 2}]",
            "line 2: tables[0].max_party_size: must not be below min_party_size, 3",
        ),
        ("sections: [{name: Bar}, {name: Bar}]", "line 2: sections[1].name: Bar is given twice, first on line 2"),
        (
            "combinations: [{tables: [T1, T2], min_party_size: 3, max_party_size: 4}]\n"
            "tables: [{number: T1, capacity: 2}]",
            'line 2: combinations[0].tables: unknown table "T2"',
        ),
        (
            "combinations: [{tables: [T1], min_party_size: 3, max_party_size: 4}]\ntables: [{number: T1, capacity: 2}]",
            "line 2: combinations[0].tables: must name at least two tables",
        ),
    ],
)
def test_what_cannot_stand_together_is_named(text: str, problem: str) -> None:
    assert problems_of(HOUSE + text) == [problem]


def test_one_mistake_is_not_named_again_by_what_refers_to_it() -> None:
    text = (
        "tables: [{number: [], capacity: 2}]\ncombinations: [{tables: [T1, T2], min_party_size: 3, max_party_size: 4}]"
    )

    assert problems_of(HOUSE + text) == [
        "line 2: tables[0].number: must be a single value, not a list or a mapping",
    ]


def test_special_hours_are_named_by_name_and_date_where_the_name_alone_says_too_little() -> None:
    periods = """\
service_periods:
  - {name: Dinner, days: [fri], start: 17:00, last_seating: 21:30, end: 23:30}
  - {name: Dinner, date: 2026-12-25, start: 12:00, last_seating: 15:30, end: 18:30}
  - {name: Feast, date: 2026-12-26, start: 12:00, last_seating: 15:30, end: 18:30}
"""
    rules = "capacity_rules: [{service_period: Dinner}, {service_period: Feast}, {service_period: {name: Dinner, date: "

    file = read(HOUSE + periods + rules + "2026-12-25}}]")

    assert [str(rule.service_period) for rule in file.capacity_rules] == [
        "Dinner",
        "Feast on 2026-12-26",
        "Dinner on 2026-12-25",
    ]
    assert "{service_period: Feast}" in write_restaurant_file(file)
    assert problems_of(HOUSE + periods + rules + "2026-12-26}}]") == [
        'line 6: capacity_rules[2].service_period: no service period, or more than one, is named "Dinner on 2026-12-26"'
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "line 1: the file is empty"),
        (b"# nothing\n", "line 1: the file is empty"),
        (b"- a\n", "line 1: must be a mapping of keys to values"),
        (b"a: 1\nb: [1,\n", "line 3: no valid YAML: while parsing a flow node expected the node content"),
        (b"a: 1\n\tb: 2\n", "line 2: no valid YAML: while scanning for the next token"),
        (b"a: 1\n---\nb: 2\n", "line 2: no valid YAML: expected a single document in the stream"),
        (b"a: 1\nb: \xff\n", "line 2: no valid UTF-8"),
        (b"a: 1\nb: \x07\n", "line 2: character U+0007 is not allowed"),
        (b"a: &x [*y]\n", "line 1: no valid YAML: found undefined alias 'y'"),
        (b"[" * 50_000, "line 1: nested too deeply"),
    ],
)
def test_what_is_no_yaml_is_named(content: bytes, problem: str) -> None:
    with pytest.raises(RestaurantFileInvalid) as refusal:
        read_restaurant_file(content)

    assert str(refusal.value.problems[0]).startswith(problem)


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert read_restaurant_file(b"\xef\xbb\xbf" + HOUSE.encode()) == read(HOUSE)


def test_keys_that_are_no_words_are_named() -> None:
    assert problems_of(HOUSE + "? [a]\n: b\n") == ["line 2: a key must be a plain word"]


@pytest.mark.parametrize("name", ["bistro", "bar"])
def test_a_file_of_the_demo_reads_the_same_after_it_is_written(name: str) -> None:
    file = read_restaurant_file((ROOT / "demo" / f"{name}.yaml").read_bytes())

    written = write_restaurant_file(file)

    assert read(written) == file
    assert write_restaurant_file(read(written)) == written


def stored_name(text: str) -> str | None:
    try:
        return read_name(text)
    except TextInvalid:
        return None


@given(
    name=st.text(min_size=1, max_size=60).filter(lambda text: text == stored_name(text)),
    wall=st.times().map(lambda wall: wall.replace(second=0, microsecond=0)),
    limit=st.none() | st.integers(0, 999_999_999),
    dates=st.none() | st.tuples(*[st.dates(date(2000, 1, 1), date(2100, 12, 31))] * 2).map(sorted),
)
def test_whatever_an_entry_says_is_read_as_it_was_written(
    name: str, wall: time, limit: int | None, dates: list[date] | None
) -> None:
    first, last = dates or (None, None)
    house = RestaurantEntry(slug="cafe", name=name, timezone="Europe/Paris", address=name)
    period = PeriodEntry(
        name=name, weekdays=(1,), start_time=wall, last_seating=wall, end_time=wall, valid_from=first, valid_to=last
    )
    rule = RuleEntry(
        service_period=PeriodName(name=name),
        from_date=first,
        to_date=last,
        from_time=wall,
        to_time=wall,
        occupancy_covers=limit,
        note=name,
    )
    file = RestaurantFile(restaurant=house, service_periods=(period,), capacity_rules=(rule, replace(rule, note="")))

    assert read(write_restaurant_file(file)) == file


def all_words(entry_class: type[Entry]) -> set[str]:
    """Collect the keys of an entry and of the entries in it."""
    words = set()
    for key in keys_of(entry_class).values():
        inner = getattr(key.kind, "kind", key.kind)
        words |= {key.word, *(all_words(inner.entry_class) if isinstance(inner, EntryOf) else ())}
    return words


def test_every_key_is_documented() -> None:
    page = (ROOT / "docs" / "restaurant-files.md").read_text()

    assert {word for word in all_words(RestaurantFile) if not re.search(rf"`{word}`|\b{word}:", page)} == set()


def test_from_alone_is_one_day() -> None:
    (closure,) = read(HOUSE + "closures: [{from: 2026-12-24}]").closures

    assert (closure.from_date, closure.to_date) == (date(2026, 12, 24), date(2026, 12, 24))


# How much a file may say


def rules(count: int) -> str:
    return HOUSE + "capacity_rules:\n  - &rule {max_covers: 90}\n" + "  - *rule\n" * (count - 1)


def test_a_list_has_at_most_two_thousand_entries_however_short_they_are() -> None:
    assert len(read(rules(2000)).capacity_rules) == 2000
    # The house, the key, and two thousand entries before it.
    assert problems_of(rules(2001)) == ["line 2003: capacity_rules: at most 2,000 entries"]


def test_a_mapping_has_as_few() -> None:
    keys = "".join(f"  key{number}: 1\n" for number in range(2001))

    assert problems_of(f"restaurant:\n{keys}") == ["line 2002: restaurant: at most 2,000 entries"]


def test_there_are_at_most_two_hundred_service_periods() -> None:
    hours = 'days: [mon], start: "17:00", last_seating: "18:00", end: "19:00"'
    periods = "".join(f"  - {{name: P{number}, {hours}}}\n" for number in range(201))

    assert problems_of(f"{HOUSE}service_periods:\n{periods}") == [
        "line 203: service_periods[200]: at most 200 service periods"
    ]


def test_what_is_repeated_counts_as_often_as_it_is_said() -> None:
    tables = ", ".join("T1" for _ in range(1000))
    text = f"{HOUSE}combinations:\n  - &many {{tables: [{tables}], max_party_size: 4}}\n" + "  - *many\n" * 60

    (problem,) = problems_of(text)

    assert problem.startswith("line 5")
    assert problem.endswith(": at most 50,000 values in all, with those that are repeated")


def test_a_list_of_lists_of_lists_is_stopped_where_it_grows() -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 30))

    assert first_problem(f"l0: &l0 [x]\n{levels}").startswith("line 6: l5[")
