"""Databases and caches as Django wants them, from the addresses in the environment."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from config.env import env

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

# A host that is gone without a word: libpq would wait for minutes. Seconds, but for tcp_user_timeout.
_LOST_HOST = {"connect_timeout": 2, "tcp_user_timeout": 5000, "keepalives_idle": 5}
RECONNECT_PAUSE_SECONDS = 0.5


def database_of(url: str) -> dict[str, Any]:
    """Return the DATABASES entry of a PostgreSQL address, by its URL.

    Raises: `ImproperlyConfigured` for any other address; the message has no part of it, which may be the password.
    """
    database = _read_address(url)
    options = database.setdefault("OPTIONS", {})
    # A socket directory has no other place in a URL; here every part of Django finds it.
    database["HOST"] = options.pop("host", database["HOST"])
    # Hosts of such poolers hand out addresses with this mark, which libpq does not know.
    is_marked = options.pop("pgbouncer", "false") == "true"
    database["ATOMIC_REQUESTS"] = False
    database["CONN_MAX_AGE"] = 0
    # A direct connection that died with a restart of the server is replaced.
    database["CONN_HEALTH_CHECKS"] = True
    if env.bool("DATABASE_TRANSACTION_POOLER", default=is_marked):
        _suit_transaction_pooler(database)
    else:
        options["options"] = f"{options.get('options', '')} {_server_options()}".strip()
    for name, value in _LOST_HOST.items():
        options.setdefault(name, value)
    if pool := _pool():
        options["pool"] = pool
        # The pool's own check of a connection pauses for a second at each dead one; config.postgresql does not.
        database["CONN_HEALTH_CHECKS"] = False
    return database


def _read_address(url: str) -> dict[str, Any]:
    wanted = "DATABASE_URL is no address of a PostgreSQL database: postgresql://USER:PASSWORD@HOST:5432/NAME"
    # Asked first: of another address the library warns with all of it, the password included.
    if env.DB_SCHEMES.get(url.partition("://")[0]) != "django.db.backends.postgresql":
        raise ImproperlyConfigured(wanted)
    try:
        database: dict[str, Any] = env.db_url_config(url)
    # About a port that is no number, which is a part of the password if that has a slash.
    except ValueError:
        raise ImproperlyConfigured(f"{wanted}; a slash in the password is written as %2F") from None
    if not database["NAME"] and "service" not in database.get("OPTIONS", {}):
        raise ImproperlyConfigured(f"{wanted}; NAME, the database, is missing")
    return database | {"ENGINE": "config.postgresql"}


def _suit_transaction_pooler(database: dict[str, Any]) -> None:
    """Give up the features that need a session: cursors, prepared statements and start options.

    The timeouts are then set on the role, see docs/operations.md.
    """
    database["DISABLE_SERVER_SIDE_CURSORS"] = True
    database["OPTIONS"]["prepare_threshold"] = None


def _server_options() -> str:
    """Return the libpq options that bound every wait; PostgreSQL's defaults are all "never"."""
    seconds = {
        "statement_timeout": env.float("DATABASE_STATEMENT_TIMEOUT_SECONDS", default=30.0),
        "lock_timeout": env.float("DATABASE_LOCK_TIMEOUT_SECONDS", default=10.0),
        "idle_in_transaction_session_timeout": env.float("DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_SECONDS", default=30.0),
        # A statement whose client is gone stops, and gives its locks back.
        "client_connection_check_interval": env.float("DATABASE_CLIENT_CHECK_SECONDS", default=2.0),
    }
    return " ".join(f"-c {name}={round(value * 1000)}" for name, value in seconds.items())


def _pool() -> dict[str, Any]:
    """Return the settings of psycopg's pool; empty for a process that connects directly."""
    size = env.int("DATABASE_POOL_SIZE", default=0)
    if not size:
        return {}
    return {
        "min_size": 1,
        "max_size": size,
        # A crowd after a quiet hour finds them open; left to itself the pool closes what ten minutes have not needed.
        "max_idle": 3600.0,
        # Short: a guest is better told to come back (503) than kept in a queue.
        "timeout": env.float("DATABASE_POOL_TIMEOUT_SECONDS", default=2.0),
        # One more attempt after this pause; then the pool gives the connection up, and is asked for a new one. Left
        # to itself it would double the pause between attempts: 1, 2, 4, 8 s.
        "reconnect_timeout": RECONNECT_PAUSE_SECONDS,
        "reconnect_failed": connect_again,
    }


def connect_again(pool: "ConnectionPool[Any]") -> None:
    """Let a pool that has given up its last connection try for another, whether somebody asks for one or not."""
    stats = pool.get_stats()
    if stats["pool_size"] < stats["pool_min"]:
        pool.check()


def caches_of(redis_url: str) -> dict[str, dict[str, Any]]:
    """Return CACHES: `default` is shared where there is a Redis, `local` is per process."""
    local: dict[str, Any] = {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "local",
        # Throttles count here: what is thrown out early starts again from zero.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
    if not redis_url:
        return {"default": local | {"LOCATION": "default"}, "local": local}
    shared = {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": redis_url,
        "KEY_PREFIX": "maitre",
        # A cache that does not answer at once is as good as none.
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
    }
    return {"default": shared, "local": local}
