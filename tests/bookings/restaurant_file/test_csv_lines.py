"""Reading the tables of a restaurant from CSV: what a spreadsheet may send, every problem with its line and column."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.restaurant_file import RestaurantFileInvalid
from bookings.restaurant_file.csv_lines import MOST_BYTES, as_meant, cells_of, inert
from bookings.restaurant_file.csv_tables import TABLE_COLUMNS, read_table_lines
from bookings.restaurant_file.entries import PositionEntry, RestaurantEntry, RestaurantFile, SectionEntry, TableEntry

HEAD = "number,capacity,section,audience,position.x"
CAFE = RestaurantFile(
    restaurant=RestaurantEntry(slug="cafe", name="Café", timezone="Europe/Paris"),
    sections=(SectionEntry(name="Patio, back"),),
    tables=(
        TableEntry(number="T1", capacity=2, max_party_size=2, priority=3, status="out_of_service"),
        TableEntry(number="T2", capacity=4, max_party_size=5, position=PositionEntry(x=40, y=50), audience=()),
    ),
)


def problems_of(content: bytes | str) -> list[str]:
    sent = content.encode() if isinstance(content, str) else content
    with pytest.raises(RestaurantFileInvalid) as invalid:
        read_table_lines(sent, slug="cafe").on(CAFE)
    return [str(problem) for problem in invalid.value.problems]


def problem_of(content: bytes | str) -> str:
    (problem,) = problems_of(content)
    return problem


def after(content: str) -> tuple[TableEntry, ...]:
    return read_table_lines(content.encode(), slug="cafe").on(CAFE).tables


def written(*rows: Any) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([TABLE_COLUMNS, *rows])
    return text.getvalue()


def test_what_is_written_is_read_again_the_same() -> None:
    content = written(*(["cafe", *map(inert, cells_of(table))] for table in CAFE.tables))

    assert after(content) == CAFE.tables
    assert after("\ufeff" + content) == CAFE.tables
    assert after(content.replace("\r\n", "\n") + ",,,\n\n") == CAFE.tables


def test_a_table_that_is_not_named_stays_and_so_does_a_column() -> None:
    first, second, new = after("number,capacity\nT2,6\nT9,3\n")

    assert first == CAFE.tables[0]
    assert second == TableEntry(
        number="T2", capacity=6, max_party_size=5, position=PositionEntry(x=40, y=50), audience=()
    )
    assert new == TableEntry(number="T9", capacity=3, max_party_size=3)


def test_an_empty_cell_is_a_value_left_out() -> None:
    changed, *_ = (table for table in after(f"{HEAD},max_party_size,priority\nT2,4,,,,,\n") if table.number == "T2")

    assert changed == TableEntry(number="T2", capacity=4, max_party_size=4, position=PositionEntry(y=50))


def test_commas_quotes_and_lists_stand_in_quotes() -> None:
    (_, _, table) = after(f'{HEAD}\n"T ""3""",2,"Patio, back","walk_in, online",-7\n')

    assert (table.number, table.section, table.audience) == ('T "3"', "Patio, back", ("online", "walk_in"))
    assert table.position == PositionEntry(x=-7)


def test_a_head_may_be_written_in_capitals_and_end_with_empty_cells() -> None:
    assert after("Number, CAPACITY,,\nT1,2,,\n")[1] == CAFE.tables[0]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("T3,none,,,", 'line 2: capacity: must be a whole number, not "none"'),
        ("T3,0,,,", "line 2: capacity: must be from 1 to 1000, not 0"),
        ("T3,,,,", "line 2: capacity: is missing"),
        (",2,,,", "line 2: number: is missing"),
        ("T3,2,Attic,,", 'line 2: section: unknown section "Attic"'),
        ("T3,2,,everybody,", 'line 2: audience[0]: must be one of online, in_house, walk_in, not "everybody"'),
        ("T3,2,,,1.5", 'line 2: position.x: must be a whole number, not "1.5"'),
        ("T3,2,,", "line 2: has 4 cells, and the head has 5"),
        ("T3,2,,,,x", "line 2: has 6 cells, and the head has 5"),
        ("T3,2,,,\nT4,2,,,\nT3,4,,,", "line 4: number: T3 is given twice, first on line 2"),
        ('T3,2,"At\ntic",,\n', "line 2: section: must be one line without control characters"),
        ('T3,"2"2,,,', "line 2: No valid CSV: ',' expected after '\"'"),
        ('T3,2,,,\n"T4,2,,,', "line 3: No valid CSV: unexpected end of data"),
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_column(line: str, problem: str) -> None:
    assert problem_of(f"{HEAD}\n{line}") == problem


def test_the_line_of_a_record_is_its_first_one() -> None:
    problems = problems_of('number,capacity\n"T\n3",2\nT4,none\n')

    assert problems[1] == 'line 4: capacity: must be a whole number, not "none"'


def test_all_problems_are_named_at_once() -> None:
    assert problems_of(f"{HEAD}\nT3,none,,,x\nT4,2000,,,") == [
        'line 2: capacity: must be a whole number, not "none"',
        'line 2: position.x: must be a whole number, not "x"',
        "line 3: capacity: must be from 1 to 1000, not 2000",
    ]


def test_a_smallest_party_is_held_against_what_is_stored() -> None:
    assert problem_of("number,capacity,min_party_size\nT2,4,6") == (
        "line 2: max_party_size: must not be below min_party_size, 6"
    )


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        ("number", "line 1: capacity: is missing in the head"),
        ("number,capacity,seating", "line 1: seating: unknown column; did you mean seating_type?"),
        ("number,capacity,number", "line 1: number: is named twice in the head"),
        (
            "number;capacity",
            "line 1: The cells are separated by semicolons, and have to be by commas. In a spreadsheet, "
            'save it as "CSV UTF-8 (comma delimited)"',
        ),
        (
            "number\tcapacity",
            "line 1: The cells are separated by tabs, and have to be by commas. In a spreadsheet, "
            'save it as "CSV UTF-8 (comma delimited)"',
        ),
    ],
)
def test_a_wrong_head_is_named(head: str, problem: str) -> None:
    assert problem_of(f"{head}\n1,2\n") == problem


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "line 1: The file is empty"),
        (b"\xef\xbb\xbf\r\n \r\n", "line 1: The file is empty"),
        (b"number,capacity\r\n", "line 1: There is no line under the head"),
        ("number,capacity,section\nT1,2,Café".encode("cp1252"), "line 2: No valid UTF-8"),
        ("number,capacity\nT1,2".encode("utf-16"), "line 1: No valid UTF-8"),
        (b"PK\x03\x04\x14\x00", "line 1: This is a workbook, not CSV."),
        (b"number,capacity\nT1,\x00", "line 2: This is no text."),
        (b"number,capacity\n" + b"T1,2\n" * (MOST_BYTES // 5), "line 1: A file has at most 512 KiB"),
        (b"number,capacity\n" + b"T1,2\n" * 2_001, "line 2002: A file has at most 2,000 lines under its head"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_told_in_a_sentence(content: bytes, problem: str) -> None:
    assert problem_of(content).startswith(problem)


def test_a_file_of_another_restaurant_is_not_taken_for_this_one() -> None:
    assert problem_of("restaurant,number,capacity\ncafe,T1,2\nbar,T2,2\n,T3,2") == (
        'line 3: restaurant: is of "bar", and this is cafe'
    )


@pytest.mark.parametrize(
    "text", ["=1+1", "+442071838750", "-1", "@x", "\tx", "\rx", "'=1", "''+1", "\uff1d1", "|x", "%x"]
)
def test_a_formula_is_made_inert_and_taken_back(text: str) -> None:
    assert inert(text) == f"'{text}"
    assert as_meant(inert(text)) == text


@pytest.mark.parametrize("text", ["'t Hart", "''", "O'Neil", "", "1-2", "T1", "'"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert (inert(text), as_meant(text)) == (text, text)


@given(st.text(st.sampled_from("'=+-@\t\r\n|% aé,\"")))
def test_any_text_comes_back_as_it_was_and_none_begins_a_formula(text: str) -> None:
    assert as_meant(inert(text)) == text
    assert not str(inert(text)).startswith(("=", "+", "-", "@", "\t", "\r"))
