"""`make smoke`, at a good server and at broken ones: what it says, and that it leaves no booking behind."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest

from bookings.models import Booking
from config.env import BASE_DIR
from tests.helpers.endpoint_house import bistro, service_counters
from tests.helpers.factories import RestaurantFactory, ServicePeriodFactory
from tests.helpers.polling import wait_until
from tests.helpers.web_servers import running_granian, test_database_url

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 120.0
GUESTS = 12
THREADS = ("--blocking-threads", "8")
# The advisory lock of tests/integration/broken_wsgi.py, which breaks whoever imports it.
HELD = 77
# Parties of two: four of twelve guests fit.
COVERS = 8


@contextmanager
def smoking(base: str, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run `python -m tests.smoke`; kill it if the test ends before."""
    command = [sys.executable, "-m", "tests.smoke", base, *options]
    process = subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with process:
        try:
            yield process
        finally:
            process.kill()


def smoke(base: str, *options: str) -> tuple[int, str]:
    """Return exit code and report of a run with twelve guests."""
    with smoking(base, "--guests", str(GUESTS), *options) as process:
        said, _ = process.communicate(timeout=SECONDS)
        return process.returncode, said


def failures(said: str) -> list[str]:
    """List what failed."""
    return [line.removeprefix("FAIL  ") for line in said.splitlines() if line.startswith("FAIL")]


def broken(what: str) -> AbstractContextManager[str]:
    """Run the server with one thing broken."""
    return running_granian(
        *THREADS, application="tests.integration.broken_wsgi:application", BROKEN=what, DATABASE_POOL_SIZE="8"
    )


def statuses() -> set[str]:
    return set(Booking.objects.values_list("status", flat=True))


def test_a_good_server_passes_and_keeps_no_booking() -> None:
    bistro(max_covers=COVERS)
    with running_granian(*THREADS, DATABASE_POOL_SIZE="8") as base:
        code, said = smoke(base)

    assert (code, failures(said)) == (0, []), said
    assert "         8 CAPACITY_EXCEEDED\n         4 booked\n" in said
    assert "All 5 bookings that were made are cancelled." in said
    assert said.endswith("\n\n24 checks passed, 0 failed.\n")
    assert statuses() == {"cancelled"}
    assert service_counters()[-1] == (0, 0)


def test_without_writes_nothing_is_booked(granian: str) -> None:
    bistro()

    code, said = smoke(granian, "--no-writes")

    assert (code, failures(said)) == (0, []), said
    assert "Nothing was booked." in said
    assert not Booking.objects.exists()


def test_a_server_that_waives_its_limits_fails() -> None:
    bistro(max_covers=COVERS)
    with running_granian(*THREADS, DATABASE_POOL_SIZE="8", ENABLE_CAPACITY_ENFORCEMENT="false") as base:
        code, said = smoke(base)

        assert (code, failures(said)) == (1, ["no limit is passed"]), said
        assert "SERVICE_COVERS 24 of 8. A restaurant in shadow mode waives them" in said
        assert "say by --shadow that this one only watches" in said

        code, said = smoke(base, "--shadow")

    assert (code, failures(said)) == (0, []), said
    assert "Nobody was refused" not in said
    assert "A limit is passed, as shadow mode lets it: SERVICE_COVERS 24 of 8." in said
    assert statuses() == {"cancelled"}


def test_a_restaurant_that_enforces_does_not_only_watch(granian: str) -> None:
    bistro(max_covers=COVERS)

    code, said = smoke(granian, "--shadow")

    assert (code, failures(said)) == (1, ["no limit refuses anybody"]), said
    assert "8 were refused by a limit: the restaurant enforces, leave --shadow out" in said


def test_a_bar_that_still_seats_yesterdays_guests_after_midnight_passes(granian: str) -> None:
    # Where it is just after midnight now: Etc/GMT-9 is nine hours ahead of UTC.
    hour = datetime.now(UTC).hour
    zone = f"Etc/GMT+{hour}" if hour <= 12 else f"Etc/GMT-{24 - hour}"
    bar = RestaurantFactory(slug="bar", timezone=zone)
    hours = {"start_time": time(18, 0), "last_seating": time(2, 30), "end_time": time(4, 0)}
    ServicePeriodFactory(restaurant=bar, name="Drinks", **hours)
    yesterday = datetime.now(ZoneInfo(zone)).date() - timedelta(days=1)
    query = {"restaurantId": "bar", "date": yesterday.isoformat(), "partySize": "2"}

    code, said = smoke(granian, "--no-writes")

    assert httpx.get(f"{granian}/api/availability", params=query).json()["available"] is True
    assert (code, failures(said)) == (0, []), said


def test_a_server_without_locks_and_constraints_fails(own_database: None) -> None:
    bistro(max_covers=2)
    with broken("protections") as base:
        code, said = smoke(base)

    assert (code, "no limit is passed" in failures(said)) == (1, True), said
    assert statuses() == {"cancelled"}


def test_answers_that_are_not_as_promised_fail() -> None:
    bistro(max_covers=COVERS)
    with broken("promises") as base:
        code, said = smoke(base)

    assert (code, failures(said)) == (1, ["its key makes it one booking", "each refusal holds"]), said
    assert statuses() == {"cancelled"}


def test_a_booking_whose_answer_was_lost_is_found_by_its_key_and_cancelled() -> None:
    bistro(max_covers=COVERS)
    with broken("answers") as base:
        code, said = smoke(base)

    assert (code, "each has an honest answer" in failures(said)) == (1, True), said
    assert "bookings that were made are cancelled" in said
    assert statuses() == {"cancelled"}


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_it_leaves_no_booking_behind(stop: signal.Signals) -> None:
    bistro(max_covers=COVERS)
    with (
        broken("hold") as base,
        psycopg.connect(test_database_url(), autocommit=True) as holder,
        smoking_while_held(holder, base) as process,
    ):
        process.send_signal(stop)
        holder.execute("SELECT pg_advisory_unlock_all()")
        said, _ = process.communicate(timeout=SECONDS)

    assert (process.returncode, failures(said)) == (1, ["interrupted"]), said
    assert "bookings that were made are cancelled" in said
    assert statuses() == {"cancelled"}


@contextmanager
def smoking_while_held(holder: psycopg.Connection, base: str) -> Iterator["subprocess.Popen[str]"]:
    """Run it up to the middle of its rush: bookings are committed, and their guests wait for the answers."""
    holder.execute("SELECT pg_advisory_lock(%s)", [HELD])
    waiting = (
        "SELECT FROM pg_locks INNER JOIN pg_database ON pg_locks.database = pg_database.oid"
        f" WHERE locktype = 'advisory' AND objid = {HELD} AND NOT granted AND datname = current_database()"
    )
    with smoking(base, "--guests", str(GUESTS)) as process:
        assert wait_until(lambda: holder.execute(waiting).fetchone() is not None, seconds=SECONDS)
        yield process


def test_a_throttle_is_waited_for_and_said(granian: str) -> None:
    bistro()
    with running_granian(THROTTLE_AVAILABILITY="3/sec", THROTTLE_BOOKINGS="5/sec") as base:
        code, said = smoke(base)

    assert (code, failures(said)) == (0, []), said
    assert "told to slow down: GET /api/availability waits 1 s" in said
    assert "met the throttle and never asked: set THROTTLE_BOOKINGS=off on a stage." in said
    assert statuses() == {"cancelled"}


def test_a_restaurant_that_is_not_there_is_said(granian: str) -> None:
    code, said = smoke(granian, "--restaurant", "nowhere")

    assert (code, failures(said)) == (1, ["a restaurant has a free start"]), said
    assert "no active restaurant has the slug nowhere" in said


def test_a_server_that_is_not_there_is_said() -> None:
    code, said = smoke("http://127.0.0.1:9")

    assert code == 1
    assert "GET /healthz was not answered: ConnectError" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["example.com"], "give an address such as https://stage.example"),
        (["http://127.0.0.1:9", "--guests", "301"], "a whole number from 1 to 300"),
        (["http://127.0.0.1:9", "--guests", "0"], "a whole number from 1 to 300"),
        ([], "the following arguments are required: base"),
    ],
)
def test_what_cannot_be_run_is_a_wrong_argument(arguments: list[str], said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.smoke", *arguments], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 2
    assert said in ended.stderr


def test_without_an_address_make_says_how_to_give_one() -> None:
    # Nothing is installed by a test.
    ended = subprocess.run(
        [str(shutil.which("make")), "--old-file=install", "smoke"],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert "make smoke BASE=https://stage.example" in ended.stderr
