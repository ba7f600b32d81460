"""The database's clock: the time of every decision, independent of the clock of a worker's machine."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, Func
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

from capacity.past import shown_instant as shown_instant
from config.statements import Parameter

# The clock in a prepared statement, which is run with `shown=shown_instant()`.
PREPARED_CLOCK = Coalesce(
    Parameter("shown", DateTimeField()), Func(function="clock_timestamp", output_field=DateTimeField())
)


class ClockTimestamp(Func):
    """The database's clock as it runs on, not the start of the transaction."""

    function = "clock_timestamp"
    output_field = DateTimeField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        """Write the call, or the instant that the clock shows in this context."""
        instant = shown_instant()
        if instant is not None:
            return "%s::timestamptz", (instant,)
        return self.as_sql(compiler, connection, **extra)


def read_clock() -> datetime:
    """Read the database's clock in 1 query."""
    instant = shown_instant()
    return instant if instant is not None else _ask()


def _ask() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0]
