"""Databases and caches made from addresses, and what PostgreSQL says of the connections."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import psycopg
import pytest
from django.core.cache import CacheHandler
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from prometheus_client import REGISTRY

from config.backends import caches_of, database_of
from config.env import BASE_DIR


def run_with_a_pool_for_one(program: str) -> str:
    """Run `program` as a web server process whose pool has room for one, and return what it prints."""
    return run_with_a_pool(program, size=1, timeout=0.2)


def run_with_a_pool(program: str, *, size: int, timeout: float = 2.0) -> str:
    """Run `program` as a web server process with a pool, and return what it prints."""
    pool = {"DATABASE_POOL_SIZE": str(size), "DATABASE_POOL_TIMEOUT_SECONDS": str(timeout)}
    result = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\nfrom django.db import connection\n{program}"],
        cwd=BASE_DIR,
        env=os.environ | pool | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("2027-03-01 19:00:00+00", datetime(2027, 3, 1, 19, tzinfo=UTC)),
        ("2027-03-01 19:00:00.25-03:30", datetime(2027, 3, 1, 22, 30, 0, 250_000, tzinfo=UTC)),
        ("0001-01-01 00:00:00+00", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_utc_whatever_the_zone_of_the_session(stored: str, read: datetime) -> None:
    with connection.cursor() as cursor:
        for zone in ("UTC", "Asia/Kolkata"):
            cursor.execute(f"SET LOCAL TIME ZONE '{zone}'")
            found = cursor.execute("SELECT %s::timestamptz", [stored]).fetchone()[0]

            assert (found, found.tzinfo) == (read, UTC)


@pytest.mark.django_db
@pytest.mark.parametrize("stored", ["infinity", "0044-03-15 12:00:00+00 BC"])
def test_what_is_no_instant_of_python_is_refused_by_the_driver(stored: str) -> None:
    with connection.cursor() as cursor, pytest.raises(psycopg.DataError, match="timestamp"):
        cursor.execute("SELECT %s::timestamptz", [stored]).fetchone()


@pytest.mark.django_db
def test_no_wait_on_the_database_is_endless() -> None:
    names = (
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "client_connection_check_interval",
        "timezone",
    )
    with connection.cursor() as cursor:
        values = [cursor.execute(f"SHOW {name}").fetchone()[0] for name in names]

    assert values == ["30s", "10s", "30s", "2s", "UTC"]


def test_the_bounds_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_STATEMENT_TIMEOUT_SECONDS", "0")
    monkeypatch.setenv("DATABASE_LOCK_TIMEOUT_SECONDS", "0.25")

    options = database_of("postgresql://u@h/d?options=-c%20search_path%3Dmaitre")["OPTIONS"]["options"]

    assert options.startswith("-c search_path=maitre -c statement_timeout=0 -c lock_timeout=250 ")


def test_a_socket_directory_is_the_host_for_every_part_of_django() -> None:
    database = database_of("postgresql://maitre@/maitre?host=/run/postgresql")

    assert (database["HOST"], database["NAME"], database["USER"]) == ("/run/postgresql", "maitre", "maitre")
    assert "host" not in database["OPTIONS"]


def test_an_address_may_name_several_hosts_of_which_one_is_the_primary() -> None:
    database = database_of("postgresql://u@one:5001,other:5002/d?target_session_attrs=read-write")

    assert (database["HOST"], database["PORT"]) == ("one,other", "5001,5002")
    assert database["OPTIONS"]["target_session_attrs"] == "read-write"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "no address of a PostgreSQL database"),
        ("mysql:/u:hidden@h/d", "no address of a PostgreSQL database"),
        ("sqlite:///maitre.db", "no address of a PostgreSQL database"),
        ("postgresql://u:p@h:5432", "NAME, the database, is missing"),
        ("postgresql://u:p@h:5432/", "NAME, the database, is missing"),
        ("postgresql://u:p@h:port/d", "written as %2F"),
        ("postgresql://u:hidden/word@h:5432/d", "written as %2F"),
    ],
)
def test_an_address_of_no_database_is_refused_and_not_shown(url: str, message: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=message) as refusal:
        database_of(url)

    assert "hidden" not in str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_requests_are_no_transactions() -> None:
    assert database_of("postgresql://u@h/d")["ATOMIC_REQUESTS"] is False


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("true", "postgresql://u:p@pooler.example:6543/d?sslmode=require"),
        ("", "postgresql://u:p@pooler.example:6543/d?sslmode=require&pgbouncer=true"),
    ],
)
def test_behind_a_transaction_pooler_nothing_needs_a_session(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str
) -> None:
    if variable:
        monkeypatch.setenv("DATABASE_TRANSACTION_POOLER", variable)

    database = database_of(url)

    assert database["DISABLE_SERVER_SIDE_CURSORS"] is True
    bounds = {"connect_timeout": 2, "tcp_user_timeout": 5000, "keepalives_idle": 5}
    assert database["OPTIONS"] == {"sslmode": "require", "prepare_threshold": None, **bounds}


def test_commands_connect_directly_and_the_web_server_by_a_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_POOL_SIZE", "0")
    direct = database_of("postgresql://u@h/d")
    monkeypatch.setenv("DATABASE_POOL_SIZE", "16")
    pooled = database_of("postgresql://u@h/d")

    assert "pool" not in direct["OPTIONS"]
    pool = pooled["OPTIONS"]["pool"]
    assert (pool["min_size"], pool["max_size"], pool["timeout"], pool["reconnect_timeout"]) == (1, 16, 2.0, 0.5)
    assert pooled["CONN_MAX_AGE"] == 0


def test_a_host_that_is_gone_without_a_word_is_given_up_in_seconds_unless_the_address_says_otherwise() -> None:
    options = database_of("postgresql://u@h/d?connect_timeout=10")["OPTIONS"]

    assert (options["connect_timeout"], options["tcp_user_timeout"]) == (10, 5000)


def test_a_full_pool_says_so_at_once() -> None:
    answer = run_with_a_pool_for_one("""
import threading
from django.db import OperationalError
def ask():
    try:
        connection.ensure_connection()
    except OperationalError as error:
        print(type(error.__cause__).__name__)
connection.ensure_connection()
asking = threading.Thread(target=ask)
asking.start()
asking.join()
""")

    assert answer == "PoolTimeout"


WAITS_OF_TWO = """
import threading
from django.db import OperationalError
from prometheus_client import REGISTRY
def ask():
    try:
        connection.ensure_connection()
    except OperationalError:
        pass
connection.ensure_connection()
asking = threading.Thread(target=ask)
asking.start()
asking.join()
count, total = (REGISTRY.get_sample_value(f"booking_pool_wait_seconds_{name}") for name in ("count", "sum"))
print(count, 0.2 <= total < 30)
"""


def test_a_wait_for_the_pool_is_observed_also_where_it_was_in_vain() -> None:
    # The first opens the pool and has its connection, the second waits for 0.2 s.
    assert run_with_a_pool_for_one(WAITS_OF_TWO) == "2.0 True"


def test_without_a_pool_no_wait_is_observed(transactional_db: None) -> None:
    before = REGISTRY.get_sample_value("booking_pool_wait_seconds_count")
    connection.close()
    connection.ensure_connection()

    assert REGISTRY.get_sample_value("booking_pool_wait_seconds_count") == before


def test_every_postgresql_address_gets_the_observed_backend() -> None:
    engines = {database_of(f"{scheme}://u@h/d")["ENGINE"] for scheme in ("postgres", "postgresql", "pgsql")}

    assert engines == {"config.postgresql"}


def test_a_connection_that_died_in_the_pool_is_replaced() -> None:
    answer = run_with_a_pool_for_one("""
import psycopg
from django.conf import settings
def read_pid():
    with connection.cursor() as cursor:
        return cursor.execute("SELECT pg_backend_pid()").fetchone()[0]
killed = read_pid()
connection.close()
with psycopg.connect(settings.DATABASE_URL) as other:
    other.execute("SELECT pg_terminate_backend(%s, 10000)", [killed])
print(read_pid() != killed)
""")

    assert answer == "True"


ALL_OF_THREE_DIE = """
import threading, psycopg
from django.conf import settings
from django.db import connections
pids, everybody = [], threading.Barrier(3)
def read_pid():
    with connection.cursor() as cursor:
        return cursor.execute("SELECT pg_backend_pid()").fetchone()[0]
def note_pid():
    pids.append(read_pid())
    everybody.wait(30)
    connections.close_all()
threads = [threading.Thread(target=note_pid) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with psycopg.connect(settings.DATABASE_URL) as other:
    for pid in pids: other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
print(len(set(pids)), read_pid() in pids)
"""


def test_who_finds_nothing_but_dead_connections_in_the_pool_has_a_new_one_in_time() -> None:
    assert run_with_a_pool(ALL_OF_THREE_DIE, size=3) == "3 False"


def test_without_redis_each_process_keeps_to_itself() -> None:
    caches = CacheHandler(caches_of(""))

    caches["default"].set("key", "of default")

    assert caches["local"].get("key") is None


def test_with_redis_the_default_cache_is_shared_and_local_is_not(valkey: str) -> None:
    one, other = CacheHandler(caches_of(valkey)), CacheHandler(caches_of(valkey))

    one["default"].set("key", "seen by all", timeout=30)
    try:
        assert other["default"].get("key") == "seen by all"
    finally:
        one["default"].delete("key")
        one["default"].close()
