"""The web server while PostgreSQL ends its connections or is away: no 500, and guests book again at once.

On a server of its own, with two workers and a pool as production starts them.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest
from django.core.management import call_command

from config.embedded import Instance, join, leave, remove
from tests.helpers.endpoint_house import bistro, order
from tests.helpers.factories import days_ahead
from tests.helpers.polling import wait_until
from tests.helpers.scratch_database import connected_to
from tests.helpers.web_servers import running_granian
from tests.integration.test_metrics import Samples, scrape, values, worker_ids

# As the image starts it, see Dockerfile.
PRODUCTION = ("--workers", "2", "--blocking-threads", "16", "--respawn-failed-workers", "--no-ws")
GUESTS = 3
PAUSE_SECONDS = 0.02
KILLS = 20
AWAY_SECONDS = 20.0
FIRST_BOOKING_SECONDS = 2.0
PATIENCE_SECONDS = 30.0
# Readiness and the booking after it; a server that returns may do so between the two.
AGREEING = {(200, 201), (503, 503), (503, 201)}


@dataclass(frozen=True)
class Visit:
    """What a guest saw on one connection, one after the other: readiness, then a booking."""

    began: float
    ended: float
    ready: int
    booked: int

    def meets(self, first: float, last: float) -> bool:
        """Say whether the visit and a span of time overlap."""
        return self.began <= last and self.ended >= first


@dataclass
class Guest:
    """A guest who books again and again; `visits` grows."""

    base_url: str
    number: int
    visits: list[Visit] = field(default_factory=list)

    def visit_until(self, stopped: threading.Event) -> None:
        """Visit until the event is set."""
        while not stopped.wait(PAUSE_SECONDS):
            self.visits.append(self._visit())

    def _visit(self) -> Visit:
        body = order(date=days_ahead(30 + self.number).isoformat(), partySize=1)
        # Another connection each time, and so perhaps the other worker.
        with httpx.Client(base_url=self.base_url, timeout=PATIENCE_SECONDS) as client:
            began = time.monotonic()
            ready = client.get("/readyz").status_code
            booked = client.post("/api/bookings", json=body).status_code
        return Visit(began, time.monotonic(), ready, booked)

    def count_bookings(self, since: float) -> int:
        """Count the bookings of visits that began after a moment."""
        return sum(visit.booked == 201 for visit in self.visits.copy() if visit.began >= since)


@pytest.fixture
def database(transactional_db: None, tmp_path: Path) -> Iterator[Instance]:
    """Return a migrated server with a restaurant that takes everybody."""
    instance = Instance(tmp_path / "database")
    join(instance)
    try:
        with connected_to("maitre", host=str(instance.runtime)):
            call_command("migrate", verbosity=0)
            bistro()
        yield instance
    finally:
        leave(instance)
        remove(instance)


@contextmanager
def guests_of(base_url: str) -> Iterator[list[Guest]]:
    """Let guests book until the block ends; each of them must have come through."""
    stopped = threading.Event()
    guests = [Guest(base_url, number) for number in range(GUESTS)]
    with ThreadPoolExecutor(GUESTS) as pool:
        asked: list[Future[None]] = [pool.submit(guest.visit_until, stopped) for guest in guests]
        try:
            yield guests
        finally:
            stopped.set()
    for each in asked:
        each.result()


def wait_for_bookings(guests: list[Guest], count: int, *, since: float) -> None:
    """Wait for bookings of visits that began after a moment."""

    def have_booked() -> bool:
        return sum(guest.count_bookings(since) for guest in guests) >= count

    assert wait_until(have_booked, seconds=PATIENCE_SECONDS)


def kill_backends(database: Instance) -> tuple[float, float]:
    """End all connections of the application; return when that began, and when the last of them was gone."""
    began = time.monotonic()
    with psycopg.connect(database.url_of("postgres"), autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = 'maitre' AND backend_type = 'client backend'"
        )
    return began, time.monotonic()


def test_bookings_go_on_after_every_kill_and_within_two_seconds_of_a_return(database: Instance, tmp_path: Path) -> None:
    metrics = tmp_path / "metrics"
    environment = {"DATABASE_URL": database.url, "DATABASE_POOL_SIZE": "16", "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
    with running_granian(*PRODUCTION, **environment) as base_url, guests_of(base_url) as guests:
        assert wait_until(lambda: len(worker_ids(metrics, counted=b'"created"')) == 2, seconds=PATIENCE_SECONDS)

        gone = []
        for _ in range(KILLS):
            gone.append(kill_backends(database))
            wait_for_bookings(guests, 1, since=gone[-1][1])

        stopping = time.monotonic()
        leave(database)
        stopped = time.monotonic()
        threading.Event().wait(AWAY_SECONDS)
        starting = time.monotonic()
        join(database)
        back = time.monotonic() + FIRST_BOOKING_SECONDS
        wait_for_bookings(guests, 2 * GUESTS, since=back)
        samples = scrape_from(base_url)

    visits = [visit for guest in guests for visit in guest.visits]
    gone.append((stopping, back))
    assert {visit.booked for visit in visits} == {201, 503}
    assert [visit for visit in visits if visit.booked == 503 and not any(visit.meets(*span) for span in gone)] == []
    # Once the server had gone, who was told that it is ready could book.
    after = [visit for visit in visits if visit.began > stopped]
    assert [visit for visit in after if (visit.ready, visit.booked) not in AGREEING] == []
    assert {visit.booked for visit in after if visit.ended < starting} == {503}
    # No wait for a connection was longer than DATABASE_POOL_TIMEOUT_SECONDS, which is 2.
    waits = values(samples, "booking_pool_wait_seconds_count")
    assert values(samples, "booking_pool_wait_seconds_bucket", le="2.5") == waits


def scrape_from(base_url: str) -> Samples:
    with httpx.Client(base_url=base_url, timeout=PATIENCE_SECONDS) as client:
        return scrape(client)
