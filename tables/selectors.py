"""Reads of restaurants and their floors."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Q, QuerySet, TextField, UUIDField, Value

from config.errors import RecordNotFound
from config.statements import AnyOf, Parameter, Statement, ids, run_together
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
    return load_floors([restaurant_id], also=also)[restaurant_id]


def load_floors(restaurant_ids: Collection[int], *, also: Collection[int] = ()) -> dict[int, Floor]:
    """Load the floors of restaurants in 1 query; see `load_floor`."""
    return floors_of(restaurant_ids, *run_together(FLOOR_ROWS, restaurant_ids=list(restaurant_ids), also=list(also)))


def floors_of(
    restaurant_ids: Iterable[int], tables: Iterable[Sequence[Any]], combinations: Iterable[Sequence[Any]]
) -> dict[int, Floor]:
    """Return the floors of restaurants by the rows of `FLOOR_ROWS`."""
    single: defaultdict[int, list[SeatingTable]] = defaultdict(list)
    for owner, audience, section_id, *columns in tables:
        single[owner].append(SeatingTable(*(*columns, frozenset(audience), section_id)))
    combined: defaultdict[int, list[CombinedTables]] = defaultdict(list)
    for owner, table_ids, *sizes in combinations:
        combined[owner].append(CombinedTables(tuple(table_ids), *sizes))
    return {pk: Floor(tuple(single[pk]), tuple(combined[pk])) for pk in restaurant_ids}


def _seating_tables() -> QuerySet[Table, tuple[Any, ...]]:
    given_out = Q(status=TableStatus.ACTIVE) | Q(AnyOf(F("pk"), ids("also")))
    tables = Table.objects.filter(given_out, AnyOf(F("restaurant_id"), ids("restaurant_ids"))).order_by("pk")
    return tables.values_list(
        "restaurant_id",
        "audience",
        "section_id",
        "pk",
        "number",
        "min_party_size",
        "max_party_size",
        "capacity",
        "priority",
        "seating_type",
    )


def _combined_tables() -> QuerySet[TableCombination, tuple[Any, ...]]:
    members = ArrayAgg("tables", order_by="tables", default=Value([]))
    combinations = TableCombination.objects.filter(AnyOf(F("restaurant_id"), ids("restaurant_ids")))
    return (
        combinations.annotate(members=members)
        .order_by("pk")
        .values_list("restaurant_id", "members", "min_party_size", "max_party_size")
    )


# The tables of some restaurants, and their combinations.
FLOOR_ROWS = (Statement.of("seating_tables", _seating_tables), Statement.of("combined_tables", _combined_tables))


def table_numbers(floor: Floor, table_ids: Iterable[int]) -> list[str]:
    """Return table numbers in the order of people; 1 query if a table is not given out any more."""
    known = {table_id: table.number for table_id, table in floor.by_id.items()}
    ids = list(table_ids)
    if unknown := [table_id for table_id in ids if table_id not in known]:
        known.update(Table.objects.filter(pk__in=unknown).values_list("pk", "number"))
    return sorted((known[table_id] for table_id in ids), key=natural_key)
