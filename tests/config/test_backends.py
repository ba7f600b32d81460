"""Databases and caches made from addresses, and what PostgreSQL says of the connections."""

import os
import subprocess
import sys

import pytest
from django.core.cache import CacheHandler
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from prometheus_client import REGISTRY

from config.backends import caches_of, database_of
from config.env import BASE_DIR


def run_with_a_pool_for_one(program: str) -> str:
    """Run `program` as a web server process whose pool has room for one, and return what it prints."""
    pool = {"DATABASE_POOL_SIZE": "1", "DATABASE_POOL_TIMEOUT_SECONDS": "0.2"}
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
    assert database["OPTIONS"] == {"sslmode": "require", "prepare_threshold": None}


def test_commands_connect_directly_and_the_web_server_by_a_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_POOL_SIZE", "0")
    direct = database_of("postgresql://u@h/d")
    monkeypatch.setenv("DATABASE_POOL_SIZE", "16")
    pooled = database_of("postgresql://u@h/d")

    assert "pool" not in direct["OPTIONS"]
    assert pooled["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 16, "timeout": 2.0}
    assert pooled["CONN_MAX_AGE"] == 0


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
