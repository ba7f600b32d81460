"""Reads of restaurants and their floors."""

import re
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import SlugField, UUIDField, Value

from config.errors import RecordNotFound
from config.statements import Parameter, Statement
from tables.choices import TableStatus
from tables.models import Restaurant, Table, TableCombination
from tables.seating import CombinedTables, Floor, SeatingTable

# What is neither a slug nor a UUID never reaches the database, which takes less text than JSON does.
_IDENTIFIER = re.compile(r"[-A-Za-z0-9_]{1,63}")


def get_active_restaurant(identifier: str) -> Restaurant:
    """Get an active restaurant by UUID or slug in 1 query.

    Raises: `RecordNotFound`.
    """
    if not _IDENTIFIER.fullmatch(identifier):
        raise RecordNotFound
    public_id = _as_uuid(identifier)
    found = ACTIVE_BY_SLUG.run(slug=identifier) if public_id is None else ACTIVE_BY_ID.run(public_id=public_id)
    if not found:
        raise RecordNotFound
    return Restaurant.from_db(None, COLUMNS, found[0])


COLUMNS = [field.attname for field in Restaurant._meta.concrete_fields]
ACTIVE = Restaurant.objects.filter(active=True).values_list(*COLUMNS)
ACTIVE_BY_SLUG = Statement.of("active_by_slug", lambda: ACTIVE.filter(slug=Parameter("slug", SlugField())))
ACTIVE_BY_ID = Statement.of("active_by_id", lambda: ACTIVE.filter(public_id=Parameter("public_id", UUIDField())))


def _as_uuid(identifier: str) -> UUID | None:
    try:
        return UUID(identifier)
    except ValueError:
        return None


def list_active_restaurants(*, after: str = "", limit: int) -> list[Restaurant]:
    """List at most `limit` active restaurants by slug, from the one after `after` on, in 1 query."""
    return list(Restaurant.objects.filter(active=True, slug__gt=after).order_by("slug")[:limit])


def load_floor(restaurant_id: int) -> Floor:
    """Load the tables that take parties, and their combinations, as the planner sees them, in 2 queries."""
    return Floor(_list_seating_tables(restaurant_id), _list_combined_tables(restaurant_id))


def _list_seating_tables(restaurant_id: int) -> tuple[SeatingTable, ...]:
    rows = (
        Table.objects.filter(restaurant_id=restaurant_id, status=TableStatus.ACTIVE)
        .order_by("pk")
        .values_list(
            "pk",
            "number",
            "min_party_size",
            "max_party_size",
            "capacity",
            "priority",
            "seating_type",
            "audience",
            "section_id",
        )
    )
    return tuple(
        SeatingTable(pk, number, smallest, largest, seats, priority, seating_type, frozenset(audience), section_id)
        for pk, number, smallest, largest, seats, priority, seating_type, audience, section_id in rows
    )


def _list_combined_tables(restaurant_id: int) -> tuple[CombinedTables, ...]:
    members = ArrayAgg("tables", order_by="tables", default=Value([]))
    rows = TableCombination.objects.filter(restaurant_id=restaurant_id).annotate(members=members).order_by("pk")
    return tuple(
        CombinedTables(tuple(members), smallest, largest)
        for members, smallest, largest in rows.values_list("members", "min_party_size", "max_party_size")
    )
