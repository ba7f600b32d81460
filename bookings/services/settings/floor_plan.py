"""Place tables on the floor plan: where they stand, not who may sit there, so that no service day is fitted to it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.core.exceptions import ValidationError

from bookings.errors import FloorPlanChanged
from config.errors import InputInvalid
from config.transactions import settings_transaction
from tables.locks import lock_restaurant_settings
from tables.models import PLAN_COLUMNS, Table


@dataclass(frozen=True)
class TablePlace:
    """The place of a table on the floor plan, in centimetres and degrees; None is left to the plan."""

    x: int | None
    y: int | None
    shape: str
    width: int | None
    depth: int | None
    rotation: int

    @classmethod
    def of(cls, table: Table) -> "TablePlace":
        """Return the place that a table has."""
        return cls(**{name: getattr(table, name) for name in PLAN_COLUMNS})

    def changes_from(self, before: "TablePlace") -> dict[str, tuple[object, object]]:
        """Return what differs from another place: the values there and here."""
        old, new = asdict(before), asdict(self)
        return {name: (old[name], new[name]) for name in PLAN_COLUMNS if old[name] != new[name]}


@dataclass(frozen=True)
class PlacedTable:
    """A table that has another place now."""

    table: Table
    before: TablePlace
    after: TablePlace


@settings_transaction
def place_tables(
    *, restaurant_id: int, places: Mapping[int, TablePlace], as_read: Mapping[int, TablePlace]
) -> list[PlacedTable]:
    """Place tables of a restaurant, all of them or none; a table that stands there already is left out.

    `as_read` is what the caller has seen. Locks the restaurant row, so that two plans are saved one after the other,
    and no service day: neither do bookings wait, nor does the version of the settings change.

    Raises: `FloorPlanChanged` where a table stands elsewhere than it was seen, `InputInvalid`, `RecordNotFound`,
    `BookingConflict`.
    """
    lock_restaurant_settings(restaurant_id)
    tables = list(Table.objects.filter(restaurant=restaurant_id, pk__in=list(places)).in_number_order())
    if len(tables) != len(places):
        raise InputInvalid.of_field("places", "unknown", "A table is not there any more. Open the plan again.")
    placed = [PlacedTable(table, TablePlace.of(table), places[table.pk]) for table in tables]
    moved = [each for each in placed if each.before != each.after]
    _require_unchanged(moved, as_read)
    for each in moved:
        _put(each.table, each.after)
    Table.objects.bulk_update([each.table for each in moved], PLAN_COLUMNS)
    return moved


def _require_unchanged(moved: Sequence[PlacedTable], as_read: Mapping[int, TablePlace]) -> None:
    changed = [each.table.number for each in moved if each.before != as_read.get(each.table.pk)]
    if changed:
        raise FloorPlanChanged(numbers=changed)


def _put(table: Table, place: TablePlace) -> None:
    for name, value in asdict(place).items():
        setattr(table, name, value)
    others = {field.name for field in Table._meta.concrete_fields} - set(PLAN_COLUMNS)
    try:
        table.clean_fields(exclude=others)
    except ValidationError as error:
        said = "; ".join(f"{table.number}, {name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
        raise InputInvalid.of_field("places", "invalid", said) from error
