"""Reads of restaurants and their floors."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, TextField, UUIDField, Value

from config.errors import RecordNotFound
from config.statements import AnyOf, JsonRows, Parameter, Statement, ids, read_each
from tables.choices import TableStatus
from tables.models import Restaurant, Table, TableCombination
from tables.seating import CombinedTables, Floor, SeatingTable, natural_key

# What is neither a slug nor a UUID never reaches the database, which takes less text than JSON does.
_IDENTIFIER = re.compile(r"[-A-Za-z0-9_]{1,63}")


def get_active_restaurant(identifier: str) -> Restaurant:
    """Get an active restaurant by UUID or slug in 1 query.

    Raises: `RecordNotFound`.
    """
    (found,) = find_active_restaurants([identifier])
    if found is None:
        raise RecordNotFound
    return found


def find_active_restaurants(identifiers: Sequence[str]) -> list[Restaurant | None]:
    """Find the active restaurant of each UUID or slug, None where there is none, in 1 query."""
    asked: dict[str, object] = {each: _as_uuid(each) or each for each in identifiers if _IDENTIFIER.fullmatch(each)}
    names = [name for name in asked.values() if isinstance(name, str)]
    public_ids = [name for name in asked.values() if isinstance(name, UUID)]
    rows = ACTIVE_BY_NAME.run(slugs=names, public_ids=public_ids) if asked else ()
    named: dict[object, Restaurant] = {}
    for row in rows:
        restaurant = Restaurant.from_db(None, RESTAURANT_COLUMNS, row)
        named |= {restaurant.slug: restaurant, restaurant.public_id: restaurant}
    return [named.get(asked.get(identifier)) for identifier in identifiers]


RESTAURANT_COLUMNS = [field.attname for field in Restaurant._meta.concrete_fields]


def _active_by_name() -> QuerySet[Restaurant, tuple[Any, ...]]:
    slugs, public_ids = Parameter("slugs", ArrayField(TextField())), Parameter("public_ids", ArrayField(UUIDField()))
    named = Q(AnyOf(F("slug"), slugs)) | Q(AnyOf(F("public_id"), public_ids))
    return Restaurant.objects.filter(named, active=True).order_by().values_list(*RESTAURANT_COLUMNS)


ACTIVE_BY_NAME = Statement.of("active_by_name", _active_by_name)


def _as_uuid(identifier: str) -> UUID | None:
    try:
        return UUID(identifier)
    except ValueError:
        return None


def list_active_restaurants(*, after: str = "", limit: int) -> list[Restaurant]:
    """List at most `limit` active restaurants by slug, from the one after `after` on, in 1 query."""
    return list(Restaurant.objects.filter(active=True, slug__gt=after).order_by("slug")[:limit])


def load_floor(restaurant_id: int, *, also: Collection[int] = ()) -> Floor:
    """Load the tables that take parties, and their combinations, as the planner sees them, in 1 query.

    `also` are ids of tables that are taken for ones that do.
    """
    (arrays,) = FLOOR.run(restaurant_id=restaurant_id, also=list(also))
    return Floor(*read_each(FLOOR_ROWS, arrays))


def _given_out() -> QuerySet[Table]:
    is_given_out = Q(status=TableStatus.ACTIVE) | Q(AnyOf(F("pk"), ids("also")))
    return Table.objects.filter(is_given_out, restaurant_id=OuterRef("pk")).order_by("pk")


def _combined() -> QuerySet[TableCombination]:
    members = ArrayAgg("tables", filter=Q(tables__isnull=False), order_by="tables", default=Value([]))
    combinations = TableCombination.objects.filter(restaurant_id=OuterRef("pk")).order_by("pk")
    return combinations.annotate(members=members)


# The tables of a restaurant and their combinations, in a statement about it that has a parameter `also`.
FLOOR_ROWS = (
    JsonRows(SeatingTable, _given_out(), table_id="pk"),
    JsonRows(CombinedTables, _combined(), table_ids="members"),
)


def _floor() -> QuerySet[Restaurant, tuple[str, ...]]:
    found = Restaurant.objects.filter(pk=Parameter("restaurant_id", BigIntegerField()))
    return found.values_list(*FLOOR_ROWS)


FLOOR = Statement.of("floor", _floor)


def table_numbers(floor: Floor, table_ids: Iterable[int]) -> list[str]:
    """Return table numbers in the order of people; 1 query if a table is not given out any more."""
    known = {table_id: table.number for table_id, table in floor.by_id.items()}
    ids = list(table_ids)
    if unknown := [table_id for table_id in ids if table_id not in known]:
        known.update(Table.objects.filter(pk__in=unknown).values_list("pk", "number"))
    return sorted((known[table_id] for table_id in ids), key=natural_key)
