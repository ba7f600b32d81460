"""Reads of the floor."""

from tables.choices import TableStatus
from tables.models import Table
from tables.seating import SeatingTable


def list_seating_tables(restaurant_id: int) -> tuple[SeatingTable, ...]:
    """List the tables that take parties as the planner sees them, in 1 query."""
    tables = Table.objects.filter(restaurant_id=restaurant_id, status=TableStatus.ACTIVE)
    return tuple(
        SeatingTable(
            table_id=table.pk,
            number=table.number,
            min_party_size=table.min_party_size,
            max_party_size=table.max_party_size,
            capacity=table.capacity,
            priority=table.priority,
            seating_type=table.seating_type,
            audience=frozenset(table.audience),
        )
        for table in tables
    )
