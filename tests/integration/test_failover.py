"""The primary is killed under load: no confirmed booking is lost, and guests book on at the standby."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest
from django.core.management import call_command

from bookings.models import Booking
from config.embedded import Instance, remove
from tests.helpers.endpoint_house import bistro, order
from tests.helpers.factories import days_ahead
from tests.helpers.patroni_cluster import PASSWORD, Cluster, patroni_cluster
from tests.helpers.polling import wait_until
from tests.helpers.scratch_database import connected_by
from tests.helpers.web_servers import running_granian

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]

GUESTS = 4
BOOKINGS_BEFORE = 40
BOOKINGS_AFTER = 20
BACK_SECONDS = 30.0
PATIENCE_SECONDS = 120.0


@dataclass
class Guests:
    """Guests who book one party after the other, each until it is confirmed; both lists grow."""

    base_url: str
    confirmed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def book(self, number: int) -> None:
        """Book until told to stop."""
        party = 0
        with httpx.Client(base_url=self.base_url, timeout=PATIENCE_SECONDS) as client:
            while not self.stopped.is_set():
                body = order(date=days_ahead(30 + party % 30).isoformat(), partySize=1)
                answer = client.post("/api/bookings", json=body, headers={"Idempotency-Key": f"{number}-{party}"})
                if answer.status_code == 201:
                    self.confirmed.append(answer.json()["booking"]["reference"])
                    party += 1
                else:
                    self.refused.append(answer.json()["error"])
                    # As the answer asks for with Retry-After, though sooner.
                    self.stopped.wait(0.2)

    def wait_for(self, count: int, *, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until so many bookings are confirmed."""
        assert wait_until(lambda: len(self.confirmed) >= count, seconds=seconds), f"{len(self.confirmed)} of {count}"


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Instance]:
    """Return a server that is never started, for its programs."""
    instance = Instance(tmp_path / "programs")
    instance.directory.mkdir()
    instance.make_runtime()
    yield instance
    remove(instance)


@pytest.fixture
def cluster(programs: Instance) -> Iterator[Cluster]:
    """Return a cluster with a migrated database and a restaurant that takes everybody."""
    with patroni_cluster(programs) as cluster:
        with psycopg.connect(cluster.url(user="postgres", database="postgres"), autocommit=True) as server:
            server.execute(f"CREATE ROLE maitre LOGIN PASSWORD '{PASSWORD}'")
            server.execute("CREATE DATABASE maitre OWNER maitre")
        with connected_by(cluster.url()):
            call_command("migrate", verbosity=0)
            bistro()
            yield cluster


@contextmanager
def guests_of(base_url: str) -> Iterator[Guests]:
    guests = Guests(base_url)
    with ThreadPoolExecutor(GUESTS) as pool:
        booking = [pool.submit(guests.book, number) for number in range(GUESTS)]
        try:
            yield guests
        finally:
            guests.stopped.set()
    for each in booking:
        each.result()


def test_a_killed_primary_loses_no_confirmed_booking_and_guests_book_on_within_half_a_minute(cluster: Cluster) -> None:
    with (
        running_granian("--workers", "2", "--blocking-threads", "4", "--no-ws", DATABASE_URL=cluster.url()) as base_url,
        guests_of(base_url) as guests,
    ):
        guests.wait_for(BOOKINGS_BEFORE)

        killed = cluster.primary
        killed.kill()
        before = len(guests.confirmed)
        guests.wait_for(before + GUESTS + 1, seconds=BACK_SECONDS)
        guests.wait_for(before + BOOKINGS_AFTER)

    assert not killed.is_primary()
    with connected_by(cluster.url()):
        assert set(guests.confirmed) <= set(Booking.objects.values_list("reference", flat=True))
    assert len(set(guests.confirmed)) == len(guests.confirmed)
    # The server was away, or a COMMIT still waited for the dead standby and kept others from their service day.
    assert set(guests.refused) <= {"SERVICE_UNAVAILABLE", "BOOKING_CONFLICT"}
