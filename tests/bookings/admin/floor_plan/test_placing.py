"""The tables of a section on the floor plan: where they were put, and where the plan puts the others."""

from itertools import combinations

import pytest

from bookings.admin.floor_plan.placing import Placed, Spot, place_rooms, usual_size


def spot(table_id: int, section: str = "Room", seats: int = 2, shape: str = "square", **place: int) -> Spot:
    return Spot(table_id, section, seats, shape, **place)


def overlap(one: Placed, other: Placed) -> bool:
    (across, down), (others_across, others_down) = one.reach, other.reach
    return abs(one.x - other.x) < across + others_across and abs(one.y - other.y) < down + others_down


@pytest.mark.parametrize(
    ("shape", "seats", "size"),
    [
        ("round", 1, (70, 70)),
        ("round", 4, (80, 80)),
        ("round", 8, (150, 150)),
        ("square", 2, (70, 70)),
        ("square", 4, (90, 90)),
        ("square", 5, (150, 150)),
        ("rectangle", 2, (70, 80)),
        ("rectangle", 6, (180, 80)),
        ("rectangle", 7, (240, 80)),
        ("rectangle", 1000, (600, 80)),
        ("round", 1000, (600, 600)),
    ],
)
def test_a_table_is_as_large_as_its_seats_need(shape: str, seats: int, size: tuple[int, int]) -> None:
    assert usual_size(shape, seats) == size


def test_a_table_stands_where_it_was_put_and_the_frame_is_around_all_of_them() -> None:
    (room,) = place_rooms([spot(1, x=100, y=200), spot(2, x=-50, y=300, width=120, depth=60)])

    assert room.tables == (Placed(1, 100, 200, 70, 70, 0), Placed(2, -50, 300, 120, 60, 0))
    # From 110 to the left to 135 to the right, from 165 to 330 down, and 40 around.
    assert (room.left, room.top, room.width, room.height) == (-150, 125, 325, 245)


@pytest.mark.parametrize(("rotation", "reach"), [(0, (90, 40)), (90, (40, 90)), (180, (90, 40)), (45, (92, 92))])
def test_a_turned_table_reaches_elsewhere(rotation: int, reach: tuple[int, int]) -> None:
    assert Placed(1, 0, 0, 180, 80, rotation).reach == reach


def test_tables_without_a_place_stand_in_rows_below_the_others_and_meet_none() -> None:
    spots = [
        spot(1, x=300, y=300, seats=6, shape="rectangle"),
        *(spot(number, seats=number) for number in range(2, 12)),
    ]

    (room,) = place_rooms(spots)

    assert not [pair for pair in combinations(room.tables, 2) if overlap(*pair)]
    assert {placed.y > 340 for placed in room.tables[1:]} == {True}
    assert [placed.table_id for placed in room.tables] == list(range(1, 12))
    assert {value % 10 for placed in room.tables for value in (placed.x, placed.y)} == {0}


def test_half_a_place_is_none() -> None:
    (room,) = place_rooms([spot(1, x=900)])

    assert room.tables[0].x != 900


def test_each_section_is_measured_by_itself() -> None:
    inside, outside = place_rooms([spot(1, "Room", x=10, y=10), spot(2, "Terrace", x=5000, y=10)])

    assert (inside.section, outside.section) == ("Room", "Terrace")
    assert inside.width == outside.width == 150


def test_a_house_without_tables_has_no_plan() -> None:
    assert place_rooms([]) == []
