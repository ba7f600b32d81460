"""Databases of many restaurants, made by demo/many_restaurants.sql, and processes that work on one of them each."""

import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psycopg

SCRIPT = Path(__file__).parents[2] / "demo" / "many_restaurants.sql"
T = TypeVar("T")

TIMES = ("12:00", "18:00", "19:30", "21:15")
# The kind of question before which the process forgets what it keeps.
UNKNOWN = "one time, restaurant unknown"


@dataclass(frozen=True)
class Size:
    """The size of a database: restaurants, dates with service days, and bookings of each restaurant."""

    restaurants: int
    days: int = 60
    bookings: int = 100


def fill(url: str, size: Size) -> None:
    """Run the script on a migrated database, and VACUUM as autovacuum would in time."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(
            f"SET many.restaurants = {size.restaurants:d}; SET many.days = {size.days:d};"
            f"SET many.bookings = {size.bookings:d}"
        )
        server.execute(SCRIPT.read_bytes())
        server.execute("VACUUM (ANALYZE)")


@contextmanager
def copied_database(template_url: str, name: str) -> Iterator[str]:
    """Copy a database that nobody is connected to; yield the address of the copy, and drop it in the end."""
    other = urlsplit(template_url)._replace(path="/postgres").geturl()
    template = urlsplit(template_url).path[1:]
    with psycopg.connect(other, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    try:
        yield urlsplit(template_url)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(other, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@contextmanager
def process_on(url: str) -> Iterator[Callable[..., Any]]:
    """Yield what calls a function in a process whose database this is, and returns its result."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_set_up, initargs=(url,)) as pool:
        yield lambda call, *given: pool.submit(call, *given).result()


def _set_up(url: str) -> None:
    os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings", "LOG_LEVEL": "CRITICAL"}
    import django
    from django.test.utils import setup_test_environment

    django.setup()
    setup_test_environment()


def measure(kind: str, count: int, days: int, seed: int) -> list[float]:
    """Ask `count` times for something over HTTP in this process, each at a restaurant, date and time by chance.

    The restaurants are the same for every kind, and there is room for every booking. Returns the milliseconds of each
    answer.
    """
    from django.test import Client

    from tables.models import Restaurant
    from tests.helpers.kept_values import forget_everything

    restaurants, chance = random.Random(seed), random.Random(f"{kind} {seed}")
    slugs = list(Restaurant.objects.order_by("pk").values_list("slug", flat=True))
    client, taken = Client(), []
    for number in range(count):
        on = datetime.now(UTC).date() + timedelta(days=chance.randrange(2, days - 2))
        ask = _request(client, kind, restaurants.choice(slugs), on, chance.choice(TIMES), f"{seed}-{number}")
        if kind == UNKNOWN:
            forget_everything()
        started = perf_counter()
        answer = ask()
        taken.append((perf_counter() - started) * 1000)
        assert answer.status_code in (200, 201), answer.content
    return taken


def ask_everywhere(on_day: int) -> tuple[int, float]:
    """Ask every restaurant for a start and for a date; return their number, and the most MiB of this process."""
    from django.test import Client

    from tables.models import Restaurant

    slugs = list(Restaurant.objects.order_by("pk").values_list("slug", flat=True))
    on, client = datetime.now(UTC).date() + timedelta(days=on_day), Client()
    for slug in slugs:
        for kind in ("availability of one time", "availability of a date"):
            answer = _request(client, kind, slug, on, TIMES[0], "")()
            assert answer.status_code == 200, answer.content
    return len(slugs), getrusage(RUSAGE_SELF).ru_maxrss / 1024


def _request(client: Any, kind: str, slug: str, on: date, at: str, key: str) -> Callable[[], Any]:
    where: dict[str, Any] = {"restaurantId": slug, "partySize": 2}
    match kind:
        case "availability of one time" | "one time, restaurant unknown":
            return lambda: client.get("/api/availability", where | {"date": on, "time": at})
        case "availability of a date":
            return lambda: client.get("/api/availability", where | {"date": on})
        case "availability of 62 dates":
            return lambda: client.get("/api/availability/days", where | {"from": on, "to": on + timedelta(days=61)})
    guest = {"name": "Ada Lovelace", "email": "ada@example.com", "phone": "+442079460018"}
    body = where | guest | {"date": str(on), "time": at}
    return lambda: client.post("/api/bookings", body, content_type="application/json", headers={"Idempotency-Key": key})


def create_next_date(count: int, days: int, connections: int) -> tuple[float, float, int, int]:
    """Create the date after the last for some restaurants.

    Returns seconds, seconds of the processor in this process, restaurants and slots.
    """
    from bookings.services import Materialization
    from bookings.services.settings.coming_days import materialize_restaurants
    from tables.models import Restaurant

    restaurants = list(Restaurant.objects.order_by("-pk")[:count])
    started, used, created = perf_counter(), process_time(), Materialization()
    for done in materialize_restaurants(
        restaurants, connections=connections, from_date=datetime.now(UTC).date(), days=days + 1
    ):
        assert done.error is None, done.error
        created += done.created
    return perf_counter() - started, process_time() - used, len(restaurants), created.slots_created


def note_all_audited() -> None:
    """Note every service day as audited, which a first run finds out for itself."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bookings_auditedday SELECT id, version FROM capacity_serviceday")
        cursor.execute("ANALYZE bookings_auditedday")


def audit_cycle() -> tuple[float, dict[str, int], int]:
    """Run the auditor of a minute; return seconds, what it looked at, and how many findings it has."""
    from bookings.insight.audit.keeping import audit_changes

    report = audit_changes()
    return report.seconds, report.checked, len(report.findings)


def audit_whole(restaurants: int) -> tuple[float, dict[str, int], int]:
    """Look at some restaurants whole; return the same."""
    from bookings.insight.audit import audit_changed_days
    from tables.models import Restaurant

    ids = list(Restaurant.objects.order_by("pk").values_list("pk", flat=True)[:restaurants])
    report = audit_changed_days(ids, is_whole=True).report
    return report.seconds, report.checked, len(report.findings)


def bytes_on_disk(url: str) -> int:
    """Return the bytes of a database on disk."""
    with psycopg.connect(url) as server:
        row = server.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])
