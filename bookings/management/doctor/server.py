"""The checks of the database server and of this connection to it: age, bounds, number, sessions."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import connection

from bookings.checks import check_gate_behind_pooler, keeps_sessions
from bookings.management.doctor.findings import Deployment, Finding, ok, problem, warning
from config.env import env
from config.values import counted

OLDEST_VERSION = 15
TIMEOUTS = {
    "statement_timeout": "DATABASE_STATEMENT_TIMEOUT_SECONDS",
    "lock_timeout": "DATABASE_LOCK_TIMEOUT_SECONDS",
    "idle_in_transaction_session_timeout": "DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_SECONDS",
    "client_connection_check_interval": "DATABASE_CLIENT_CHECK_SECONDS",
}
DEFAULT_POOL_SIZE = 16
# At most, of both processes: docs/operations.md, Jobs.
WORKER_CONNECTIONS = 13
# For commands, monitoring and people who look at the database by hand.
CONNECTIONS_BESIDE = 5


def check_version(deployment: Deployment) -> Iterator[Finding]:
    """Check that the server is new enough."""
    version, _ = connection.get_database_version()
    if version < OLDEST_VERSION:
        advice = f"Move to PostgreSQL {OLDEST_VERSION} or newer: NULLS NOT DISTINCT and the client check need it."
        yield problem("database-version", f"PostgreSQL {version}", advice)
    else:
        yield ok("database-version", f"PostgreSQL {version}")


def check_writable(deployment: Deployment) -> Iterator[Finding]:
    """Check that this server takes writes."""
    is_standby, is_read_only = _one("SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'")
    if is_standby:
        yield problem("database-writable", "a standby: nothing can be booked", "Point DATABASE_URL at the primary.")
    elif is_read_only:
        advice = "Take default_transaction_read_only back: ALTER ROLE ... RESET, or the option in DATABASE_URL."
        yield problem("database-writable", "transactions are read-only: nothing can be booked", advice)
    else:
        yield ok("database-writable", "it takes writes")


def check_timeouts(deployment: Deployment) -> Iterator[Finding]:
    """Check that every wait on this connection has an end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting::bigint FROM pg_settings WHERE name = ANY(%s)", [list(TIMEOUTS)])
        found = dict(cursor.fetchall())
    endless = [name for name in TIMEOUTS if not found.get(name)]
    for name in endless:
        yield problem("timeouts", f"{name} is 0 on this connection: it never ends a wait", _bound(name))
    if not endless:
        yield ok("timeouts", ", ".join(f"{name} {found[name] / 1000:g} s" for name in TIMEOUTS))


def _bound(name: str) -> str:
    if not keeps_sessions():
        return f"Behind a transaction pooler it is set on the role: ALTER ROLE {_role()} SET {name} = '10s';"
    return f"Set {TIMEOUTS[name]} to more than 0, and take care that DATABASE_URL does not set {name}."


def _role() -> str:
    return str(_one("SELECT quote_ident(current_user)")[0])


def check_gate(deployment: Deployment) -> Iterator[Finding]:
    """Check that the gate has the sessions that it needs."""
    for message in check_gate_behind_pooler():
        yield problem("gate", str(message.msg), str(message.hint))
        return
    queue = "waiters queue before their snapshot" if settings.BOOKING_GATE else "off"
    pooler = "connections keep their session" if keeps_sessions() else "behind a transaction pooler"
    yield ok("gate", f"{settings.BOOKING_ISOLATION}, gate: {queue}; {pooler}")


def check_pool(deployment: Deployment) -> Iterator[Finding]:
    """Check that every thread has a connection."""
    size = env.int("DATABASE_POOL_SIZE", default=DEFAULT_POOL_SIZE)
    threads = deployment.threads or size
    if not size:
        yield ok("pool", "no pool: each thread connects by itself")
    elif size < threads:
        saw = f"{threads} threads share {size} connections: requests wait, and are answered 503"
        yield problem("pool", saw, f"Set DATABASE_POOL_SIZE={threads}, or --blocking-threads {size}.")
    else:
        yield ok("pool", f"{size} connections for {threads} threads of each worker")


def check_connections(deployment: Deployment) -> Iterator[Finding]:
    """Check that the server allows the connections of all processes together."""
    if not keeps_sessions():
        yield ok("connections", "the pooler shares them out")
        return
    size = env.int("DATABASE_POOL_SIZE", default=DEFAULT_POOL_SIZE) or deployment.threads or DEFAULT_POOL_SIZE
    wanted, allowed = deployment.workers * size + WORKER_CONNECTIONS, _allowed_connections()
    saw = (
        f"{counted(deployment.workers, 'worker')} and that of jobs want {wanted} connections, "
        f"the server gives {allowed} to this role"
    )
    if wanted > allowed:
        yield problem("connections", saw, "Raise max_connections, or lower DATABASE_POOL_SIZE and --blocking-threads.")
    elif wanted + CONNECTIONS_BESIDE > allowed:
        advice = f"Leave {CONNECTIONS_BESIDE} for commands: raise max_connections, or lower DATABASE_POOL_SIZE."
        yield warning("connections", saw, advice)
    else:
        yield ok("connections", saw)


def _allowed_connections() -> int:
    """Return the connections this role may have: the narrowest bound of server, database and role, in 1 query."""
    found = _one(
        """
        SELECT LEAST(
            current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                - coalesce(current_setting('reserved_connections', true), '0')::int,
            (SELECT NULLIF(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
            (SELECT NULLIF(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)
        )
        """
    )
    return int(found[0])


def _one(statement: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row: tuple[Any, ...] = cursor.fetchone()
    return row
