"""A database for one test, on the server of the test run, that the default connection speaks to meanwhile."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from psycopg import sql

from config.backends import database_of

# Of this test run: all its processes have the name from the environment.
MIGRATED = f"test_migrated_{os.environ['TEST_RUN']}"
MIGRATED_LOCK = 0x6D617472


def migrated_database() -> str:
    """Return the name of a migrated database without rows, to copy; the first process that asks makes it."""
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [MIGRATED_LOCK])
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [MIGRATED]).fetchone():
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(MIGRATED)))
            with connected_to(MIGRATED):
                call_command("migrate", verbosity=0)
    return MIGRATED


def drop_migrated_database() -> None:
    """Drop it with the test run; a server that was given stays."""
    _execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), MIGRATED)


@contextmanager
def scratch_database(*, template: str = "template1") -> Iterator[str]:
    """Create a database, empty or as a copy, and yield its name; drop it in the end."""
    name = f"test_scratch_{secrets.token_hex(4)}"
    _execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, template)
    try:
        yield name
    finally:
        _execute(sql.SQL("DROP DATABASE {} WITH (FORCE)"), name)


@contextmanager
def connected_to(name: str, *, host: str | None = None) -> Iterator[None]:
    """Let everything that asks the default connection speak to another database, of this server or one at `host`."""
    original = dict(connection.settings_dict)
    connections.close_all()
    connection.settings_dict.update(NAME=name, HOST=host or original["HOST"])
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict.update(original)


@contextmanager
def connected_by(url: str) -> Iterator[None]:
    """Let every thread that connects anew reach the default database by this address."""
    original = dict(connection.settings_dict)
    connections.close_all()
    connection.settings_dict.update({**database_of(url), "TEST": original["TEST"]})
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict.clear()
        connection.settings_dict.update(original)


def _execute(statement: sql.SQL, *names: str) -> None:
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute(statement.format(*map(sql.Identifier, names)))
