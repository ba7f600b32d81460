"""Exceptions as the log may have them: their place and kind, without the people that they were about.

PostgreSQL repeats the refused row in the DETAIL of its errors, and both Django's error and psycopg's carry it. Of
database errors only SQLSTATE, constraint and primary message are written. Errors about a value are written without the
value, frames without their local variables.
"""

import traceback
from collections.abc import Iterator

import psycopg
from django.core.exceptions import ValidationError
from django.db.utils import Error as DjangoDatabaseError
from django.db.utils import InterfaceError, OperationalError

from config.redaction import redact, without_values

_DATABASE_ERRORS = (DjangoDatabaseError, psycopg.Error)
# Their messages repeat the value, or the key that was looked for.
_ABOUT_A_VALUE = (ValueError, TypeError, LookupError, ValidationError)
# Their messages quote what was sent: 22 is the class of data exceptions, 42601 a syntax error near some text.
_QUOTING_STATES = ("22", "42601", "P0")
# They speak of connections, not of rows.
_CONNECTION_ERRORS = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"


def describe_error(error: BaseException) -> str:
    """Return the message of an error, without the values that it is about."""
    if isinstance(error, _DATABASE_ERRORS):
        return _describe_database_error(error)
    text = redact(str(error))
    return without_values(text) if isinstance(error, _ABOUT_A_VALUE) else text


def describe_traceback(error: BaseException) -> str:
    """Return the traceback of an error and of those that led to it, the first one first."""
    return "\n".join(_traceback_lines(error, seen=set()))


def database_facts(error: BaseException) -> dict[str, str]:
    """Return SQLSTATE and constraint of the database error behind an error; empty if there is none."""
    found: BaseException | None = error
    seen: set[int] = set()
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        if isinstance(found, psycopg.Error) and found.sqlstate:
            facts = {"sqlstate": found.sqlstate, "constraint": found.diag.constraint_name}
            return {name: value for name, value in facts.items() if value}
        found = _predecessor(found)
    return {}


def _describe_database_error(error: BaseException) -> str:
    source = error if isinstance(error, psycopg.Error) else error.__cause__
    if not isinstance(source, psycopg.Error) or not source.sqlstate:
        # Nothing of the server: of the connection, or of what was to be sent.
        text = redact(" ".join(str(error).split()))
        return text if isinstance(error, _CONNECTION_ERRORS) else without_values(text)
    primary = redact(source.diag.message_primary or "")
    quotes = source.sqlstate.startswith(_QUOTING_STATES)
    constraint = source.diag.constraint_name
    said = f"[{source.sqlstate}] {without_values(primary) if quotes else primary}"
    return f"{said} (constraint {constraint})" if constraint else said


def _predecessor(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _traceback_lines(error: BaseException, *, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    earlier = _predecessor(error)
    # A chain may be a ring.
    if earlier is not None and id(earlier) not in seen:
        yield from _traceback_lines(earlier, seen=seen)
        yield from ("", _CAUSE if earlier is error.__cause__ else _CONTEXT, "")
    yield "Traceback (most recent call last):"
    yield from "".join(traceback.format_tb(error.__traceback__)).splitlines()
    kind = type(error)
    yield f"{kind.__module__}.{kind.__qualname__}: {describe_error(error)}"
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from (f"  | {line}" for line in _traceback_lines(member, seen=seen))
