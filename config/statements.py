"""Statements of the hot path: written by the ORM once, prepared once a connection, run with other values each time.

Building a queryset and compiling it costs ten times what PostgreSQL needs to answer it. A `Statement` compiles the very
queryset once a process, with a `Parameter` where a value comes. The server parses it once a connection: `PREPARE` and
`EXECUTE` are sent as they stand, since the driver's own prepared statements are forgotten at every ROLLBACK.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import count
from types import GenericAlias
from typing import Any, final
from weakref import WeakKeyDictionary

import msgspec
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BigIntegerField, BooleanField, F, Field, Func, Model, QuerySet, Subquery, TextField
from django.db.models.expressions import Expression
from psycopg.sql import Literal
from psycopg.types.range import Range

Sql = tuple[str, Sequence[Any]]
# The name of a statement, and whether it runs inside a transaction.
Place = tuple[str, bool]

# The names of the prepared statements that a connection of the driver knows, in and out of transactions.
_known: WeakKeyDictionary[Any, dict[Place, str]] = WeakKeyDictionary()
_number = count()


@final
class Parameter(Expression):
    """A value that is given at each run, by name, as a field of that kind would store it."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Write a mark, with the type that the server would else guess."""
        return f"%s::{_type_of(self.output_field)}", [self]


def ids(name: str) -> Parameter:
    """Return a parameter of any number of ids."""
    return Parameter(name, ArrayField(BigIntegerField()))


class AnyOf(Func):
    """A condition: the first expression equals any element of the second, an array."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class Statement:
    """A statement by its name; `write` makes its SQL, with Parameters among the values, once a process.

    Outside transactions the server plans it once a connection. Where the best plan `depends_on_values` that is left to
    it, and in a transaction too, where a plan for any values reads more, and so conflicts with more.
    """

    def __init__(self, name: str, write: Callable[[], Sql], *, depends_on_values: bool = False) -> None:
        self.name = name
        self.depends_on_values = depends_on_values
        self._write = write
        self._compiled: tuple[str, list[Parameter]] | None = None

    @classmethod
    def of(cls, name: str, query: Callable[[], QuerySet[Any, Any]], *, depends_on_values: bool = False) -> "Statement":
        """Return the statement of a queryset."""
        return cls(name, lambda: sql_of(query()), depends_on_values=depends_on_values)

    def run(self, *, before: str = "", **values: Any) -> list[tuple[Any, ...]]:
        """Run it with a value for each parameter, in 1 query; return the rows as the driver reads them.

        `before` goes first in the same query: settings of the transaction, each ended by a semicolon.
        """
        connection.ensure_connection()
        if self._compiled is None:
            self._compiled = _with_constants(*self._write())
        sql, parameters = self._compiled
        given = {parameter.name: values[parameter.name] for parameter in parameters}
        if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            # Behind a pooler that gives each transaction another session nothing stays prepared.
            return _fetch(f"{before}{sql}", [given[parameter.name] for parameter in parameters])
        # Planned apart from the same statement outside: only inside a transaction sequential scans may be off.
        place = self.name, connection.in_atomic_block
        known = _known.setdefault(connection.connection, {})
        name, prepare = known.get(place), ""
        if name is None:
            # A number of its own: one that failed may be there, or not.
            name = f"{self.name}_{next(_number)}"
            marks = {given_name: f"${number}" for number, given_name in enumerate(given, start=1)}
            numbered = sql % tuple(marks[parameter.name] for parameter in parameters)
            prepare = f"PREPARE {name} AS {numbered.replace('%', '%%')};"
        is_planned = connection.in_atomic_block or self.depends_on_values
        # Left to itself the server plans a statement with an array anew each time, for longer than it runs.
        planning = "" if is_planned else "SET LOCAL plan_cache_mode = force_generic_plan;"
        places = f"({', '.join(['%s'] * len(given))})" if given else ""
        rows = _fetch(f"{before}{planning}{prepare}EXECUTE {name}{places}", list(given.values()))
        known[place] = name
        return rows


class JsonRows(Subquery):
    """The rows of a queryset as a JSON array, in one column: `read_each` makes values of them.

    Each field of their `kind`, a dataclass, is the column of its name, or the one that is given for it. Several kinds
    of rows in one statement cost PostgreSQL and the driver less than a statement for each.
    """

    template = "(SELECT coalesce(json_agg(found), '[]')::text FROM (%(subquery)s) AS found)"
    output_field = TextField()

    def __init__(self, kind: type[Any], rows: QuerySet[Any, Any], **columns: str) -> None:
        same = [field.name for field in fields(kind) if field.name not in columns]
        super().__init__(rows.values(*same, **{name: F(column) for name, column in columns.items()}))
        self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(GenericAlias(tuple, (kind, ...)))


def read_each(rows: Sequence[JsonRows], arrays: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return the values of several kinds of rows, as a statement has returned them."""
    return [kind.decoder.decode(array) for kind, array in zip(rows, arrays, strict=True)]


def _fetch(sql: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run statements in 1 query; return the rows of the last, none where it returns none."""
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        while cursor.nextset():
            pass
        return cursor.fetchall() if cursor.pgresult.nfields else []


def sql_of(query: QuerySet[Any, Any]) -> Sql:
    """Return the SQL of a queryset."""
    sql, parameters = query.query.get_compiler(connection=connection).as_sql()
    return sql, parameters


def insert_into(model: type[Model], rows: Sql | None = None, **given: str) -> Sql:
    """Return an INSERT of rows as JSON: all of their columns, where they are not given as SQL; without a given key all.

    One value instead of thirty a row: the driver takes longer to write each than PostgreSQL to read it out of JSON. An
    array of rows is the parameter named as the table, unless `rows` is what to select them from, as `given`.
    """
    table = model._meta.db_table
    columns = [str(field.column) for field in model._meta.concrete_fields if not field.primary_key or "id" in given]
    selected = ", ".join(given.get(column, f'given."{column}"') for column in columns)
    named = ", ".join(f'"{column}"' for column in columns)
    array = f'jsonb_populate_recordset(NULL::"{table}", %s::jsonb) AS given', [Parameter(table, TextField())]
    source, parameters = rows or array
    sql = f'INSERT INTO "{table}" ({named}) SELECT {selected} FROM {source}'  # noqa: S608 - names of our own
    return sql, parameters


def rows_in(model: type[Model], source: str, column: str) -> Sql:
    """Return the rows of such an INSERT that stand in a column of another part of the statement."""
    return f'{source}, jsonb_populate_record(NULL::"{model._meta.db_table}", {source}.{column}) AS given', []


def columns_of(model: Model) -> dict[str, Any]:
    """Return the columns of a model, saved or not, as JSON has them."""
    given = {str(field.column): getattr(model, field.attname) for field in model._meta.concrete_fields}
    return {column: f"\\x{value.hex()}" if isinstance(value, bytes) else value for column, value in given.items()}


def rows_of(*models: Model) -> dict[str, str]:
    """Return the value of an INSERT of models of one kind, saved or not, by name."""
    return {models[0]._meta.db_table: json_of([columns_of(model) for model in models])}


def json_of(value: Any) -> str:
    """Return a value as JSON that PostgreSQL reads."""
    return msgspec.json.encode(value, enc_hook=_plain).decode()


def _plain(value: Any) -> str:
    """Return what JSON has no kind for as PostgreSQL reads it."""
    match value:
        case Range(lower=datetime() as lower, upper=datetime() as upper):
            return f"[{lower.isoformat()},{upper.isoformat()})"
        case _:
            return str(value)


def together(final: Sql, **parts: Sql) -> Sql:
    """Return one statement of several: all see the state before it, and `final` what the others return, by name."""
    named = ", ".join(f"{name} AS ({sql})" for name, (sql, _) in parts.items())
    parameters = [parameter for _, parameters in [*parts.values(), final] for parameter in parameters]
    return f"WITH {named} {final[0]}", parameters


def _type_of(field: Any) -> str:
    kind: str = field.rel_db_type(connection) if field.is_relation else field.db_type(connection)
    return kind.replace("varchar", "text").partition("(")[0]


def _with_constants(sql: str, values: Sequence[Any]) -> tuple[str, list[Parameter]]:
    """Return the SQL with its constants in full, and a Parameter for each mark that is left."""
    text, *pieces = sql.split("%s")
    for value, piece in zip(values, pieces, strict=True):
        constant = "%s" if isinstance(value, Parameter) else _literal(value).replace("%", "%%")
        text += f"{constant}{piece}"
    return text, [value for value in values if isinstance(value, Parameter)]


def _literal(value: Any) -> str:
    return Literal(value).as_string(connection.connection)
