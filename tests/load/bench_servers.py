"""What the benchmark runs on: a durable PostgreSQL of its own, and the web server as production runs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from config import embedded
from config.env import BASE_DIR
from demo.server import WebServerFailed, running_server
from tests.helpers.web_servers import free_port

INSTANCE = embedded.Instance(BASE_DIR / ".test-servers" / "bench")
# A hundred of pgbench beside the pools of the web server: the default is a hundred.
CONNECTIONS = 200
ENVIRONMENT = {
    "DATABASE_URL": INSTANCE.url,
    "DJANGO_SETTINGS_MODULE": "tests.load.settings",
    "HTTPS_ONLY": "false",
    "SECRET_KEY": "used-by-the-benchmark-only",
    "THROTTLE_AVAILABILITY": "off",
    "THROTTLE_BOOKINGS": "off",
}


@contextmanager
def database_server() -> Iterator[None]:
    """Run an empty PostgreSQL that keeps what it has committed, as the demo's does; remove it in the end."""
    embedded.remove(INSTANCE)
    try:
        embedded.join(INSTANCE)
        with psycopg.connect(INSTANCE.url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET max_connections = {CONNECTIONS}")
        embedded.leave(INSTANCE)
        embedded.join(INSTANCE)
        yield
    finally:
        embedded.leave(INSTANCE)
        embedded.remove(INSTANCE)


@contextmanager
def web_server() -> Iterator[tuple[int, Path]]:
    """Run the web server, its log in a file; yield its port, and the directory of its metrics."""
    log_path = INSTANCE.directory / "web.log"
    metrics_directory = INSTANCE.directory / "metrics"
    with (
        log_path.open("wb") as log,
        running_server(port=free_port(), metrics_directory=metrics_directory, log=log) as server,
    ):
        try:
            server.wait_until_ready()
        except WebServerFailed as error:
            raise WebServerFailed(f"{error}\n{log_path.read_text()[-2000:]}") from error
        yield server.port, metrics_directory


def count_attempts(metrics_directory: Path) -> tuple[int, int]:
    """Return the transactions of bookings so far, of all workers, and their attempts."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(metrics_directory))  # type: ignore[no-untyped-call]
    samples = (
        registry.get_sample_value(f"booking_attempts_{part}", {"operation": "create_booking"})
        for part in ("count", "sum")
    )
    transactions, attempts = (int(value or 0) for value in samples)
    return transactions, attempts
