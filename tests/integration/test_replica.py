"""Reads of a streaming replica: a real one, made by the server's own programs, behind a running web server."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.core.management import call_command

from bookings.models import Booking
from config.embedded import Instance, join, leave, remove
from tests.helpers.endpoint_house import A_DATE, bistro, order
from tests.helpers.polling import wait_until
from tests.helpers.scratch_database import connected_to
from tests.helpers.web_servers import running_granian
from tests.integration.test_metrics import scrape, values
from tests.integration.test_restore import run_as_server

BOUND_SECONDS = 1.0
PATIENCE_SECONDS = 30.0
ROOM = 8


class Site:
    """The running site, with the replica behind it; `replica` may be paused and stopped."""

    def __init__(self, client: httpx.Client, replica: Instance) -> None:
        self.client, self.replica = client, replica

    def booked_covers(self) -> int:
        """Ask for the evening; return the covers that availability shows."""
        query = {"restaurantId": "bistro", "date": A_DATE.isoformat(), "partySize": "1"}
        answer = self.client.get("/api/availability", params=query)
        assert answer.status_code == 200, answer.text
        covers: int = answer.json()["periods"][0]["bookedCovers"]
        return covers

    def book(self) -> httpx.Response:
        """Ask for a table for four."""
        return self.client.post("/api/bookings", json=order())

    def answered_by(self, server: str) -> float:
        """Return how many reads a server has answered."""
        return sum(values(scrape(self.client), "booking_replica_reads_total", server=server))

    def is_read_from(self, server: str) -> bool:
        """Ask once more, and say whether this server has answered."""
        before = self.answered_by(server)
        self.booked_covers()
        return self.answered_by(server) == before + 1

    @contextmanager
    def replay_paused(self) -> Iterator[None]:
        """Let the replica fall behind."""
        self._tell_replica("SELECT pg_wal_replay_pause()")
        assert wait_until(lambda: self._tell_replica("SELECT pg_get_wal_replay_pause_state()") == "paused", seconds=10)
        try:
            yield
        finally:
            self._tell_replica("SELECT pg_wal_replay_resume()")

    def _tell_replica(self, statement: str) -> Any:
        with psycopg.connect(self.replica.url, autocommit=True) as server:
            row = server.execute(statement).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None


@contextmanager
def running(instance: Instance) -> Iterator[Instance]:
    join(instance)
    try:
        yield instance
    finally:
        leave(instance)
        remove(instance)


@contextmanager
def replica_of(primary: Instance, directory: Path) -> Iterator[Instance]:
    """Run a hot standby that streams from a server."""
    replica = Instance(directory)
    replica.directory.mkdir()
    replica.make_runtime()
    run_as_server(
        primary.program("pg_basebackup"),
        f"--dbname={primary.url_of('postgres')}",
        f"--pgdata={replica.data}",
        "--checkpoint=fast",
        "--write-recovery-conf",
    )
    with running(replica):
        yield replica


@pytest.fixture
def site(transactional_db: None, tmp_path: Path) -> Iterator[Site]:
    with running(Instance(tmp_path / "primary")) as primary, connected_to("maitre", host=str(primary.runtime)):
        call_command("migrate", verbosity=0)
        bistro(max_covers=ROOM)
        urls = {"DATABASE_URL": primary.url, "DATABASE_REPLICA_MAX_LAG_SECONDS": str(BOUND_SECONDS)}
        with (
            replica_of(primary, tmp_path / "replica") as replica,
            running_granian(**urls, DATABASE_REPLICA_URL=replica.url) as base_url,
            httpx.Client(base_url=base_url, timeout=PATIENCE_SECONDS) as client,
        ):
            yield Site(client, replica)


def test_availability_reads_the_replica_while_that_is_fresh_and_a_booking_never_does(site: Site) -> None:
    assert wait_until(lambda: site.is_read_from("replica"), seconds=PATIENCE_SECONDS)

    # An idle primary is no lag: nothing is written while two bounds pass.
    threading.Event().wait(2 * BOUND_SECONDS)
    assert wait_until(lambda: site.is_read_from("replica"), seconds=PATIENCE_SECONDS)

    with site.replay_paused():
        assert site.book().status_code == 201
        booked_at = time.monotonic()
        # The replica knows of none of them, and still the third party is refused.
        assert [site.book().status_code for _ in range(2)] == [201, 409]
        assert Booking.objects.count() == 2
        threading.Event().wait(booked_at + 2 * BOUND_SECONDS - time.monotonic())
        assert site.booked_covers() == ROOM
        assert site.is_read_from("primary")

    assert wait_until(lambda: site.is_read_from("replica"), seconds=PATIENCE_SECONDS)
    assert site.booked_covers() == ROOM

    leave(site.replica)
    assert [site.booked_covers() for _ in range(10)] == [ROOM] * 10
    assert site.is_read_from("primary")
    join(site.replica)
    assert wait_until(lambda: site.is_read_from("replica"), seconds=PATIENCE_SECONDS)
