"""The tables of a section on the floor plan, in centimetres. Pure: a table without a place is given one.

Each section is measured by itself: places in two of them say nothing about each other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil, cos, pi, radians, sin

GRID = 10
# Between tables that the plan places itself, and around all of them.
GAP, MARGIN = 50, 40
SEAT = 60
NARROWEST, DEEP, LARGEST = 70, 80, 600
ROUND, RECTANGLE = "round", "rectangle"


@dataclass(frozen=True)
class Spot:
    """A table with its place, as far as somebody has said it."""

    table_id: int
    section: str
    seats: int
    shape: str
    x: int | None = None
    y: int | None = None
    width: int | None = None
    depth: int | None = None
    rotation: int = 0

    @property
    def is_placed(self) -> bool:
        """Say whether somebody has put the table somewhere."""
        return self.x is not None and self.y is not None


@dataclass(frozen=True)
class Placed:
    """A table at its place; x and y are its middle."""

    table_id: int
    x: int
    y: int
    width: int
    depth: int
    rotation: int

    @property
    def reach(self) -> tuple[int, int]:
        """Return how far the table reaches to each side, and up and down."""
        turn = radians(self.rotation)
        across, along = abs(cos(turn)), abs(sin(turn))
        return (
            ceil(round(self.width * across + self.depth * along, 6) / 2),
            ceil(round(self.width * along + self.depth * across, 6) / 2),
        )


@dataclass(frozen=True)
class Room:
    """A section on the floor plan: the frame around its tables, and these."""

    section: str
    left: int
    top: int
    width: int
    height: int
    tables: tuple[Placed, ...]


def usual_size(shape: str, seats: int) -> tuple[int, int]:
    """Return the width and depth of a table with so many seats, where nobody has said them."""
    if shape == RECTANGLE:
        return min(LARGEST, max(NARROWEST, SEAT * ceil(seats / 2))), DEEP
    around = seats * SEAT / pi if shape == ROUND else SEAT * ceil(seats / 4) + (seats > 2) * 30
    side = min(LARGEST, max(NARROWEST, _on_grid(around)))
    return side, side


def place_rooms(spots: Iterable[Spot]) -> list[Room]:
    """Place the tables of sections, in the order given: each where it was put, the others in rows below these."""
    return [_room(section, list(members)) for section, members in groupby(spots, key=lambda spot: spot.section)]


def _room(section: str, spots: Sequence[Spot]) -> Room:
    known = {spot.table_id: _placed(spot) for spot in spots if spot.is_placed}
    others = [_placed(spot) for spot in spots if not spot.is_placed]
    known |= {placed.table_id: placed for placed in _in_rows(others, list(known.values()))}
    tables = tuple(known[spot.table_id] for spot in spots)
    left, right = _bounds((placed.x, placed.reach[0]) for placed in tables)
    top, bottom = _bounds((placed.y, placed.reach[1]) for placed in tables)
    return Room(section, left, top, right - left, bottom - top, tables)


def _placed(spot: Spot) -> Placed:
    width, depth = usual_size(spot.shape, spot.seats)
    size = (spot.width or width, spot.depth or depth)
    return Placed(spot.table_id, spot.x or 0, spot.y or 0, *size, spot.rotation)


def _in_rows(tables: Sequence[Placed], above: Sequence[Placed]) -> Iterator[Placed]:
    """Yield tables in rows about half as wide again as they are deep, below others."""
    if not tables:
        return
    across, down = (2 * max(placed.reach[axis] for placed in tables) + GAP for axis in (0, 1))
    columns = max(1, ceil((1.5 * len(tables) * down / across) ** 0.5))
    left = min((placed.x - placed.reach[0] for placed in above), default=0)
    top = max((placed.y + placed.reach[1] + GAP for placed in above), default=0)
    for number, placed in enumerate(tables):
        row, column = divmod(number, columns)
        x, y = left + across * column + across // 2, top + down * row + down // 2
        yield replace(placed, x=_on_grid(x), y=_on_grid(y))


def _on_grid(length: float) -> int:
    return GRID * round(length / GRID)


def _bounds(reaches: Iterable[tuple[int, int]]) -> tuple[int, int]:
    known = list(reaches)
    return min(at - reach for at, reach in known) - MARGIN, max(at + reach for at, reach in known) + MARGIN
