"""Empty the test database after a test that commits.

Django's flush truncates every table and then makes content types and permissions anew, which takes longer than most
tests. Those are the same for all tests and stay; of the rest, few tables have rows, and few of these many.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, transaction
from psycopg import sql

from config.statements import Sql, Statement

MADE_BY_MIGRATIONS = frozenset({"auth.permission", "contenttypes.contenttype"})
# A larger table is truncated, so that rows which were deleted test after test do not slow the next one down.
DELETED_UP_TO_BYTES = 256 * 1024
LOOK = sql.SQL("SELECT {text}, EXISTS (SELECT FROM {table}), pg_relation_size({text})")


@dataclass(frozen=True)
class Table:
    """One table."""

    name: str
    has_rows: bool
    bytes_on_disk: int

    @property
    def is_large(self) -> bool:
        return self.bytes_on_disk > DELETED_UP_TO_BYTES


def empty_database() -> None:
    """Delete all rows but those that migrations made."""
    tables = _look_at_tables()
    large = [sql.Identifier(table.name) for table in tables if table.is_large]
    small = [sql.Identifier(table.name) for table in tables if table.has_rows and not table.is_large]
    # Foreign keys are looked at when this commits, so that the order does not matter; a truncation has to come first.
    with transaction.atomic(), connection.cursor() as cursor:
        if large:
            cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(large)))
        if small:
            cursor.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(name) for name in small))


def has_been_broken() -> bool:
    """Say whether a test has left a connection that the next one cannot use."""
    return connection.errors_occurred and not connection.is_usable()


def _look_at_tables() -> list[Table]:
    return [Table(*row) for row in _LOOKS.run()]


def _looks() -> Sql:
    looks = (LOOK.format(text=sql.Literal(name), table=sql.Identifier(name)) for name in sorted(set(_table_names())))
    return sql.SQL(" UNION ALL ").join(looks).as_string(connection.connection), []


# Planned once a connection: to plan it takes ten times what it takes to run.
_LOOKS = Statement("look_at_tables", _looks)


def _table_names() -> Iterator[str]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in MADE_BY_MIGRATIONS:
            yield model._meta.db_table
