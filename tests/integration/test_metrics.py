"""/metrics: summed over worker processes, also those that were killed, with what the latest audit found."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY, Gauge
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.parser import text_string_to_metric_families

from bookings.insight.audit.keeping import audit_capacity
from bookings.insight.metrics import WorkerCollector
from bookings.models import AuditRun
from config.env import BASE_DIR
from tests.helpers.endpoint_house import order
from tests.helpers.factories import BookingFactory, CapacityRuleFactory, days_ahead, open_restaurant
from tests.helpers.polling import wait_until
from tests.helpers.web_servers import running_granian, test_database_url

DEADLINE_SECONDS = 30.0
NOT_FOUND = {"status": "404"}
# A worker that is asked to stop while it starts does not hear it: hence the last option.
WORKERS = (
    *("--workers", "2", "--blocking-threads", "4", "--no-ws"),
    *("--respawn-failed-workers", "--workers-kill-timeout", "5"),
)

Samples = list[tuple[str, dict[str, str], float]]


def samples_of(text: str) -> Samples:
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def values(samples: Samples, name: str, **labels: str) -> list[float]:
    return [
        value for its_name, its_labels, value in samples if its_name == name and labels.items() <= its_labels.items()
    ]


def scrape(client: Client | httpx.Client) -> Samples:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    return samples_of(response.content.decode())


def wait_for(condition: Callable[[], Any]) -> Any:
    found = wait_until(condition, seconds=DEADLINE_SECONDS)
    assert found, "it did not happen in time"
    return found


# Several processes


@contextmanager
def two_workers(
    directory: Path, *, application: str = "config.wsgi:application", **environment: str
) -> Iterator[httpx.Client]:
    environment |= {"PROMETHEUS_MULTIPROC_DIR": str(directory)}
    with (
        running_granian(*WORKERS, application=application, **environment) as base_url,
        httpx.Client(base_url=base_url, timeout=30) as client,
    ):
        yield client


def worker_ids(directory: Path, *, counted: bytes = b'"404"') -> set[int]:
    """Return the processes that have counted something, by the files that they keep."""
    return {
        int(file.stem.rpartition("_")[2]) for file in directory.glob("counter_*.db") if counted in file.read_bytes()
    }


def ask_for_nothing(client: httpx.Client, times: int) -> None:
    """Ask for addresses that are not there, on a connection each, so that both workers answer some."""

    def ask(number: int) -> int:
        return httpx.get(client.base_url.join(f"/nothing/{number}"), timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(times))) == {404}


def not_found(samples: Samples) -> float:
    return sum(values(samples, "django_http_responses_total_by_status_total", **NOT_FOUND))


@pytest.mark.django_db(transaction=True)
def test_no_count_is_lost_when_a_worker_is_killed(tmp_path: Path) -> None:
    asked = 0
    with two_workers(tmp_path) as client:
        while len(worker_ids(tmp_path)) < 2:
            ask_for_nothing(client, 40)
            asked += 40
            assert asked < 4000, "one worker answers everything"
        before = scrape(client)
        victim = min(worker_ids(tmp_path))

        os.kill(victim, signal.SIGKILL)

        # The listener is shared: a request may have gone to the worker that died, and is asked again.
        after = wait_for(lambda: _scrape_or_none(client))
        assert not_found(before) == asked
        assert not_found(after) == asked

        wait_for(lambda: _is_gone(victim))
        ask_for_nothing(client, 40)
        assert not_found(scrape(client)) == asked + 40


def _scrape_or_none(client: httpx.Client) -> Samples | None:
    try:
        return scrape(client)
    except httpx.TransportError:
        return None


def _is_gone(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.django_db(transaction=True)
def test_gauges_of_a_killed_worker_do_not_linger(tmp_path: Path) -> None:
    with two_workers(tmp_path, application="tests.integration.gauged_wsgi:application") as client:
        both = wait_for(lambda: (found := _gauged(client)) and len(found) == 2 and found)
        victim = min(both)

        os.kill(victim, signal.SIGKILL)

        after = wait_for(lambda: (found := _gauged(client)) and len(found) == 2 and victim not in found and found)
        assert len(after & both) == 1


def _gauged(client: httpx.Client) -> set[int]:
    samples = _scrape_or_none(client) or []
    return {int(labels["pid"]) for name, labels, _ in samples if name == "test_worker_is_up"}


def test_every_gauge_of_the_project_ends_with_its_process() -> None:
    gauges = [each for each in REGISTRY._collector_to_names if isinstance(each, Gauge)]
    own = [gauge for gauge in gauges if not gauge._name.startswith(("django_", "python_", "process_"))]

    assert [gauge._name for gauge in own if not gauge._multiprocess_mode.startswith("live")] == []


def test_a_directory_that_is_not_there_is_made(tmp_path: Path, transactional_db: None) -> None:
    with two_workers(tmp_path / "run" / "metrics") as client:
        scrape(client)

    assert list((tmp_path / "run" / "metrics").glob("counter_*.db"))


def test_an_empty_setting_means_one_process(client: Client, db: None) -> None:
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
    assert values(scrape(client), "process_resident_memory_bytes")


def write_metric(directory: Path, kind: str, process_id: int, value: float) -> None:
    """Write a metric as a process of that id would have."""
    file = MmapedDict(str(directory / f"{kind}_{process_id}.db"))
    file.write_value(mmap_key("test_metric", "test_metric", (), (), "A metric."), value, 0.0)
    file.close()


def collected(directory: Path) -> dict[str, float]:
    metrics = WorkerCollector(directory).collect()
    return {sample.labels.get("pid", "all"): sample.value for metric in metrics for sample in metric.samples}


@pytest.fixture
def dead() -> int:
    """Return the id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(timeout=30)
    return process.pid


def test_counters_of_the_dead_count_and_their_gauges_do_not(tmp_path: Path, dead: int) -> None:
    counters, gauges = tmp_path / "counters", tmp_path / "gauges"
    for directory, kind in ((counters, "counter"), (gauges, "gauge_liveall")):
        directory.mkdir()
        write_metric(directory, kind, os.getpid(), 1.0)
        write_metric(directory, kind, dead, 2.0)

    assert collected(counters) == {"all": 3.0}
    assert collected(gauges) == {str(os.getpid()): 1.0}


def test_a_file_with_nothing_in_it_spoils_no_scrape(tmp_path: Path, dead: int) -> None:
    write_metric(tmp_path, "counter", os.getpid(), 1.0)
    (tmp_path / f"counter_{dead}.db").touch()

    assert collected(tmp_path) == {"all": 1.0}


# The latest audit

AUDIT_METRICS = ("booking_overbooking_detected", "booking_audit_problems", "booking_audit_age_seconds")


def audited(client: Client) -> list[list[float]]:
    samples = scrape(client)
    return [values(samples, name) for name in AUDIT_METRICS]


@pytest.mark.django_db(transaction=True)
def test_before_the_first_audit_there_is_no_sample(client: Client) -> None:
    assert audited(client) == [[], [], []]


@pytest.mark.django_db(transaction=True)
def test_the_latest_full_audit_is_shown_with_its_age(client: Client) -> None:
    restaurant = open_restaurant()
    CapacityRuleFactory(restaurant=restaurant, max_covers=4)
    BookingFactory(restaurant=restaurant, business_date=days_ahead(), party_size=6, is_counted=False)
    started = time.monotonic()

    report = audit_capacity()

    (overbookings,), (problems,), (age,) = audited(client)
    assert overbookings == len(report.overbookings) == 1
    assert problems == len(report.problems) > 0
    assert 0 < age <= time.monotonic() - started


@pytest.mark.django_db(transaction=True)
def test_an_audit_of_a_part_says_nothing_about_the_whole(client: Client) -> None:
    restaurant = open_restaurant()
    audit_capacity()
    AuditRun.objects.update(overbookings=3, started_at=_database_clock() - timedelta(seconds=600))

    audit_capacity(restaurant_id=restaurant.pk)
    audit_capacity(from_date=days_ahead())
    audit_capacity(to_date=days_ahead())

    (overbookings,), _, (age,) = audited(client)
    assert AuditRun.objects.count() == 4
    assert overbookings == 3
    assert 600 <= age < 660


def _database_clock() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


# A database that does not answer

# Nobody listens there.
NOWHERE = "postgresql://maitre@127.0.0.1:9/maitre"
QUESTIONS = {"audit", "configuration", "enforcement", "alternatives", "queues"}
OF_THE_DATABASE = ("booking_audit_age_seconds", "booking_enforcement_off", "booking_queue_lag_seconds")


def scrape_timeout() -> float:
    """Return for how long the sample configuration of Prometheus waits for the page."""
    configured = yaml.safe_load((BASE_DIR / "deploy" / "prometheus" / "prometheus.yml").read_text())
    seconds: str = configured["scrape_configs"][0]["scrape_timeout"]
    return float(seconds.removesuffix("s"))


@contextmanager
def one_worker(**environment: str) -> Iterator[httpx.Client]:
    """Run the web server; its client waits as long as Prometheus does."""
    with (
        running_granian("--blocking-threads", "4", **environment) as base_url,
        httpx.Client(base_url=base_url, timeout=scrape_timeout()) as client,
    ):
        yield client


def answered(samples: Samples) -> dict[str, float]:
    return {labels["about"]: value for name, labels, value in samples if name == "booking_database_answered"}


def test_while_the_database_is_away_the_page_comes_in_time_with_the_failures() -> None:
    with one_worker(DATABASE_URL=NOWHERE) as client:
        statuses = [client.post("/api/bookings", json=order(), timeout=60).status_code for _ in range(2)]
        samples = scrape(client)

    assert statuses == [503, 503]
    assert values(samples, "booking_outcome_total", outcome="service_unavailable") == [2]
    assert values(samples, "process_resident_memory_bytes")
    assert [values(samples, name) for name in OF_THE_DATABASE] == [[], [], []]
    assert answered(samples) == dict.fromkeys(QUESTIONS, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("table", "unanswered"),
    [
        ("bookings_decision", {"alternatives"}),
        ("tables_restaurant", {"configuration", "enforcement"}),
        ("bookings_auditrun", {"audit"}),
    ],
)
def test_a_table_that_somebody_locks_costs_the_page_only_what_is_in_it(table: str, unanswered: set[str]) -> None:
    open_restaurant()
    audit_capacity()
    with one_worker() as client, psycopg.connect(test_database_url()) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")

        samples = scrape(client)

    assert answered(samples) == {name: float(name not in unanswered) for name in QUESTIONS}
    assert bool(values(samples, "booking_audit_age_seconds")) == ("audit" not in unanswered)
    assert bool(values(samples, "booking_enforcement_off")) == ("enforcement" not in unanswered)


@pytest.mark.django_db(transaction=True)
def test_with_every_table_locked_the_page_comes_in_time() -> None:
    with one_worker() as client, psycopg.connect(test_database_url()) as other:
        tables = ", ".join(connection.introspection.table_names())
        other.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")

        samples = scrape(client)

    assert answered(samples) == dict.fromkeys(QUESTIONS, 0)
    assert values(samples, "process_resident_memory_bytes")


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_seldom_is_kept_and_the_rest_is_asked_at_each_scrape(client: Client) -> None:
    scrape(client)

    with CaptureQueriesContext(connection) as asked:
        samples = scrape(client)

    assert answered(samples) == dict.fromkeys(QUESTIONS, 1)
    assert [each["sql"] for each in asked if "bookings_decision" in each["sql"]] == []
    assert [each["sql"] for each in asked if "bookings_auditrun" in each["sql"]] != []


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_metrics_are_only_read(client: Client, method: str) -> None:
    assert getattr(client, method)("/metrics").status_code == 405
