"""The places of tables as the floor plan sends them: those that changed, each with the place that was seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bookings.services import TablePlace
from config.errors import InputInvalid
from config.parsers import parse_json
from tables.models import PLAN_COLUMNS

MAY_BE_EMPTY = frozenset({"x", "y", "width", "depth"})


@dataclass(frozen=True)
class SentPlaces:
    """The wanted and the seen places of tables, by id."""

    wanted: Mapping[int, TablePlace]
    seen: Mapping[int, TablePlace]


def read_places(text: str) -> SentPlaces:
    """Read `[{"table": 1, "seen": {...}, "wanted": {...}}, ...]`; the service knows the bounds.

    Raises: `InputInvalid`.
    """
    sent = parse_json(text.encode())
    if not isinstance(sent, list) or not sent:
        raise _not_understood()
    rows = [_read_row(row) for row in sent]
    if len({table_id for table_id, _, _ in rows}) != len(rows):
        raise _not_understood()
    wanted = {table_id: place for table_id, _, place in rows}
    return SentPlaces(wanted, {table_id: place for table_id, place, _ in rows})


def _read_row(row: Any) -> tuple[int, TablePlace, TablePlace]:
    if not isinstance(row, dict) or row.keys() != {"table", "seen", "wanted"}:
        raise _not_understood()
    return _read_number(row["table"]), _read_place(row["seen"]), _read_place(row["wanted"])


def _read_place(place: Any) -> TablePlace:
    if not isinstance(place, dict) or place.keys() != set(PLAN_COLUMNS):
        raise _not_understood()
    return TablePlace(**dict(_read_columns(place)))


def _read_columns(place: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in place.items():
        if name == "shape":
            if not isinstance(value, str):
                raise _not_understood()
            yield name, value
        else:
            yield name, None if value is None and name in MAY_BE_EMPTY else _read_number(value)


def _read_number(value: Any) -> int:
    # No database column takes more; True is no number of a table.
    if type(value) is not int or abs(value) >= 2**31:
        raise _not_understood()
    return value


def _not_understood() -> InputInvalid:
    return InputInvalid.of_field("places", "invalid", "That is no floor plan. Open the page again.")
