"""Tables that no reverse migration drops while they hold rows, unless `ALLOW_DROP_TABLES` names them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from psycopg import sql


# As errors of commands they are printed by `manage.py migrate` without a traceback.
class TablesHoldRows(CommandError):
    """Tables that are about to be dropped hold rows."""

    def __init__(self, rows: Mapping[str, int]) -> None:
        self.rows = dict(rows)
        # The line replaces the one that is there, so it repeats what that one allows.
        names = ",".join([*settings.ALLOW_DROP_TABLES, *rows])
        counts = "".join(f"  {table}: {count}\n" for table, count in rows.items())
        super().__init__(
            f"Not unapplied: tables would be dropped that hold rows.\n{counts}"
            "Turning enforcement off needs no migration; see docs/operations.md, Dropping the tables.\n"
            f"To drop them with all their rows, set\nALLOW_DROP_TABLES={names}"
        )


class TableNotGuarded(CommandError):
    """`ALLOW_DROP_TABLES` names tables that no migration guards."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(names)
        super().__init__(
            f"ALLOW_DROP_TABLES names {', '.join(self.names)}, which no migration guards; "
            f"guarded are {', '.join(list_guarded_tables())}."
        )


class RefuseToDrop(Operation):
    """Guard of the tables that a migration creates; its last operation, and so the first to be reversed.

    Reversed, it locks the tables until the transaction of the migration ends: no row comes in between the count and the
    drop. They are locked in the order given: that in which a booking writes.
    """

    reversible = True
    reduces_to_sql = False

    def __init__(self, *tables: str) -> None:
        self.tables = tables

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Change nothing."""

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Let the migration be reversed if the tables are empty or named.

        Raises: `TablesHoldRows`, `TableNotGuarded`.
        """
        refuse_rows(schema_editor.connection, self.tables, is_locking=True)

    def describe(self) -> str:
        """Describe the guard by its tables."""
        return f"Refuse to drop {', '.join(self.tables)} with rows"


def refuse_plan_with_rows(*, using: str, plan: Sequence[tuple[Migration, bool]], **_: Any) -> None:
    """Ask all guards of a plan before any of it is unapplied (receiver of `pre_migrate`).

    The guards alone would speak too late: the operations after them are reversed first. This look takes no lock, so
    they ask again. The signal does not say whether the plan is faked. Such a plan is asked as well, since the next
    `migrate` would stumble over the tables that it leaves.

    Raises: `TablesHoldRows`, `TableNotGuarded`.
    """
    reversed_ones = [migration for migration, is_backwards in plan if is_backwards]
    refuse_rows(connections[using], list(_guarded_by(reversed_ones)), is_locking=False)


def refuse_rows(connection: BaseDatabaseWrapper, tables: Sequence[str], *, is_locking: bool) -> None:
    """Raise if any of these tables holds rows and is not named; lock them first if told so.

    Raises: `TablesHoldRows`, `TableNotGuarded`.
    """
    if not tables:
        return
    if unknown := list_unknown_names():
        raise TableNotGuarded(unknown)
    # A table that somebody dropped by hand holds nothing that could be lost.
    present = [table for table in tables if _exists(connection, table)]
    if is_locking and present:
        _lock(connection, present)
    unnamed = [table for table in present if table not in settings.ALLOW_DROP_TABLES]
    counts = {table: _count(connection, table) for table in unnamed}
    if held := {table: count for table, count in counts.items() if count}:
        raise TablesHoldRows(held)


def list_guarded_tables() -> list[str]:
    """List the tables that the project's migrations guard. No query."""
    return sorted(_guarded_by(MigrationLoader(None).disk_migrations.values()))


def list_unknown_names() -> list[str]:
    """List the names in `ALLOW_DROP_TABLES` that no migration guards. No query."""
    # The migrations are read for whoever sets it, and not at every start.
    return sorted(set(settings.ALLOW_DROP_TABLES) - set(list_guarded_tables())) if settings.ALLOW_DROP_TABLES else []


def _guarded_by(migrations: Iterable[Migration]) -> Iterator[str]:
    for migration in migrations:
        for operation in migration.operations:
            if isinstance(operation, RefuseToDrop):
                yield from operation.tables


def _exists(connection: BaseDatabaseWrapper, table: str) -> bool:
    with connection.cursor() as cursor:
        return table in connection.introspection.table_names(cursor)


def _lock(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, tables))
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))


def _count(connection: BaseDatabaseWrapper, table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        count: int = cursor.fetchone()[0]
        return count
