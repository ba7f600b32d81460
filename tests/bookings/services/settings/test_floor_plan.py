"""Tables are placed on the floor plan: where they stand is no setting by which anybody is seated."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bookings.errors import FloorPlanChanged
from bookings.services import TablePlace, place_tables, save_settings_row
from config.errors import InputInvalid
from tables.models import PLAN_COLUMNS, Restaurant, Table
from tests.helpers.dining_room import book, room, table

pytestmark = pytest.mark.django_db(transaction=True)

# The restaurant row, the tables, the places of all of them.
STATEMENTS = 3


def place_of(house: Restaurant, number: str) -> TablePlace:
    return TablePlace.of(table(house, number))


def move(house: Restaurant, **to: dict[str, Any]) -> list[str]:
    """Place tables as somebody does who sees them as they are; return the numbers of those that were moved."""
    as_read = {each.pk: TablePlace.of(each) for each in house.tables.all()}
    places = {table(house, number).pk: replace(place_of(house, number), **place) for number, place in to.items()}
    return [each.table.number for each in place_tables(restaurant_id=house.pk, places=places, as_read=as_read)]


def version_of(house: Restaurant) -> Any:
    return Restaurant.objects.get(pk=house.pk).settings_version


def days_of(house: Restaurant) -> list[int]:
    return list(house.service_days.order_by("pk").values_list("version", flat=True))


def test_tables_are_placed_together_and_those_that_stand_there_already_are_left_out() -> None:
    house = room(2, 4, 4)
    to = {"x": 80, "y": 180, "shape": "round", "width": 90, "depth": 90, "rotation": 45}

    moved = move(house, T1=to, T2={}, T3={"x": -40})

    assert moved == ["T1", "T3"]
    assert place_of(house, "T1") == TablePlace(80, 180, "round", 90, 90, 45)
    assert place_of(house, "T2") == TablePlace(None, None, "square", None, None, 0)
    assert place_of(house, "T3").x == -40
    assert move(house, T1=to) == []


def test_a_new_place_is_no_new_setting_and_waits_for_no_service_day() -> None:
    house = room(2, 4)
    book(house)
    before, days = version_of(house), days_of(house)
    as_read = {each.pk: TablePlace.of(each) for each in house.tables.all()}
    places = {pk: replace(place, x=10, y=20) for pk, place in as_read.items()}

    with CaptureQueriesContext(connection) as queries:
        place_tables(restaurant_id=house.pk, places=places, as_read=as_read)

    assert (version_of(house), days_of(house)) == (before, days)
    assert (
        len([query for query in queries.captured_queries if " table" in query["sql"].replace('"', " ")]) == STATEMENTS
    )


@pytest.mark.parametrize("name", PLAN_COLUMNS)
def test_no_column_of_the_plan_renews_the_settings(name: str) -> None:
    house = room(2)
    before = version_of(house)

    house.tables.update(**{name: "round" if name == "shape" else 40})

    assert version_of(house) == before


@pytest.mark.parametrize("columns", [{"capacity": 3}, {"number": "T9"}, {"x": 40, "priority": 1}, {"number": "T1"}])
def test_every_other_column_does_also_beside_a_place(columns: dict[str, Any]) -> None:
    house = room(2)
    before = version_of(house)

    house.tables.update(**columns)

    assert version_of(house) != before


def test_a_statement_on_several_restaurants_renews_those_whose_settings_it_changes() -> None:
    placed, changed = room(2), room(2)
    before = version_of(placed), version_of(changed)
    rows = [table(placed, "T1"), table(changed, "T1")]
    rows[0].x, rows[1].capacity = 40, 3

    Table.objects.bulk_update(rows, ["x", "capacity"])

    assert version_of(placed) == before[0]
    assert version_of(changed) != before[1]


def test_what_another_has_placed_meanwhile_is_named_and_nothing_is_saved() -> None:
    house = room(2, 2, 2)
    as_read = {each.pk: TablePlace.of(each) for each in house.tables.all()}
    move(house, T1={"x": 10, "y": 10}, T3={"rotation": 90})
    places = {pk: replace(place, x=500, y=500) for pk, place in as_read.items()}

    with pytest.raises(FloorPlanChanged) as refused:
        place_tables(restaurant_id=house.pk, places=places, as_read=as_read)

    assert refused.value.numbers == ("T1", "T3")
    assert refused.value.message == "Somebody has placed T1, T3 otherwise meanwhile, so nothing was saved"
    assert [place_of(house, number).x for number in ("T1", "T2", "T3")] == [10, None, None]


def test_the_second_click_on_save_finds_the_plan_of_the_first() -> None:
    house = room(2)
    as_read = {table(house, "T1").pk: place_of(house, "T1")}
    places = {pk: replace(place, x=10, y=10) for pk, place in as_read.items()}

    first, second = (place_tables(restaurant_id=house.pk, places=places, as_read=as_read) for _ in range(2))

    assert (len(first), second) == (1, [])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"x": 1_000_001}, "T2, x: Ensure this value is less than or equal to 1000000."),
        ({"y": -1_000_001}, "T2, y: Ensure this value is greater than or equal to -1000000."),
        ({"width": 19}, "T2, width: Ensure this value is greater than or equal to 20."),
        ({"depth": 2001}, "T2, depth: Ensure this value is less than or equal to 2000."),
        ({"rotation": 360}, "T2, rotation: Ensure this value is less than or equal to 359."),
        ({"shape": "oval"}, "T2, shape: Value 'oval' is not a valid choice."),
    ],
)
def test_a_place_out_of_range_is_refused_with_all_the_others(wrong: dict[str, Any], said: str) -> None:
    house = room(2, 2)

    with pytest.raises(InputInvalid) as refused:
        move(house, T1={"x": 10, "y": 10}, T2=wrong)

    assert refused.value.details == {"places": [{"code": "invalid", "message": said}]}
    assert place_of(house, "T1").x is None


@pytest.mark.parametrize(
    "wrong",
    [{"x": 1_000_001}, {"y": -1_000_001}, {"width": 19}, {"depth": 2001}, {"rotation": 360}, {"shape": "oval"}],
)
def test_the_database_refuses_it_too(wrong: dict[str, Any]) -> None:
    house = room(2)

    with pytest.raises(IntegrityError, match="table_"), transaction.atomic():
        house.tables.update(**wrong)


def test_a_table_of_another_restaurant_is_unknown() -> None:
    house, other = room(2), room(2)
    foreign = table(other, "T1")
    place = TablePlace(10, 10, "round", None, None, 0)

    with pytest.raises(InputInvalid) as refused:
        place_tables(restaurant_id=house.pk, places={foreign.pk: place}, as_read={})

    assert refused.value.details["places"][0]["code"] == "unknown"
    assert place_of(other, "T1").x is None


def test_a_table_that_is_saved_otherwise_keeps_its_place() -> None:
    house = room(2)
    move(house, T1={"x": 10, "y": 20})

    row = table(house, "T1")
    row.priority = 3
    save_settings_row(row=row)

    assert place_of(house, "T1") == TablePlace(10, 20, "square", None, None, 0)
