"""`manage.py worker`: its arguments, its connections, and how the supervisor treats a child that dies."""

import asyncio
import signal
import subprocess
import sys
from functools import partialmethod

import psutil
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from procrastinate.contrib.django import app, connector_params
from psycopg_pool import AsyncConnectionPool

from bookings.jobs import running, supervisor
from bookings.jobs.running import WorkerTerms
from bookings.jobs.supervisor import Child
from bookings.management.commands import worker as command
from tests.helpers.job_workers import SECONDS
from tests.helpers.polling import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def terms(monkeypatch):
    """Return a function that runs the command and says on which terms it would run jobs."""
    asked = []
    monkeypatch.setattr(command, "run_worker", asked.append)

    def run(*arguments):
        call_command("worker", *arguments)
        return asked.pop()

    return run


def test_queues_are_run_in_this_process_with_their_usual_number_of_threads(terms):
    assert terms("--queues", "audits") == WorkerTerms(("audits",), 1, 5, is_listening=True, heartbeat_seconds=10)
    assert terms("--queues", "slots,upkeep").concurrency == 2
    assert terms("--queues", "slots", "--concurrency", "4", "--poll-seconds", "30", "--no-listen") == WorkerTerms(
        ("slots",), 4, 30, is_listening=False, heartbeat_seconds=10
    )


def test_behind_a_transaction_pooler_nobody_listens(terms, monkeypatch, settings):
    monkeypatch.setitem(settings.DATABASES["default"], "DISABLE_SERVER_SIDE_CURSORS", True)

    assert terms("--queues", "audits").is_listening is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--queues", "mails"], "no queue 'mails'; there are: audits, slots, upkeep"),
        (["--queues", ""], "no queue ''; there are: audits, slots, upkeep"),
        (["--concurrency", "0"], "'0' is no whole number from 1 to 16"),
        (["--poll-seconds", "x"], "'x' is no whole number from 1 to 3600"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("worker", *arguments)


def test_without_queues_a_process_is_run_for_each_group(monkeypatch):
    groups = {}
    monkeypatch.setattr(command, "supervise", groups.update)

    call_command("worker", "--no-listen", "--poll-seconds", "9")

    assert {name: line[2:] for name, line in groups.items()} == {
        "audits": ["worker", "--queues", "audits", "--concurrency", "1", "--poll-seconds", "9", "--no-listen"],
        "slots+upkeep": [
            *("worker", "--queues", "slots,upkeep", "--concurrency", "2", "--poll-seconds", "9", "--no-listen"),
        ],
    }


def test_the_queue_is_read_by_connections_with_the_bounds_of_every_other():
    async def ask():
        worker_app = running._worker_app()
        async with worker_app.open_async():
            pool = worker_app.connector.pool
            row = await worker_app.connector.execute_query_one_async("SHOW lock_timeout")
            return row["lock_timeout"], pool.min_size, pool.max_size

    assert asyncio.run(ask()) == ("10s", 1, 2)


def test_the_pool_of_the_web_server_is_not_the_worker_s(monkeypatch):
    monkeypatch.setitem(connections["default"].settings_dict["OPTIONS"], "pool", {"max_size": 16})
    monkeypatch.setitem(connections["default"].settings_dict, "HOST", "/a/socket/directory")

    params = connector_params()

    assert "pool" not in params
    assert params["host"] == "/a/socket/directory"
    assert "statement_timeout" in params["options"]


def test_the_worker_catches_up_with_a_night_that_it_missed():
    app.perform_import_paths()

    assert running._worker_app().periodic_defaults == {"max_delay": 24 * 3600}
    crons = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert crons == {"materialize_all": "15 2 * * *", "audit": "* * * * *", "prune": "45 3 * * *"}


def test_a_database_that_is_away_is_said_without_a_traceback(monkeypatch):
    monkeypatch.setitem(connections["default"].settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connections["default"].settings_dict, "PORT", "1")
    # Of 30 seconds.
    monkeypatch.setattr(AsyncConnectionPool, "open", partialmethod(AsyncConnectionPool.open, timeout=0.3))
    hangup = signal.getsignal(signal.SIGHUP)

    try:
        with pytest.raises(CommandError, match=r"The database does not answer\. manage\.py doctor looks why\."):
            call_command("worker", "--queues", "slots")
    finally:
        signal.signal(signal.SIGHUP, hangup)


def test_an_error_that_nobody_expects_of_the_rescue_ends_the_worker(monkeypatch, empty_queue):
    def fail():
        raise ZeroDivisionError

    monkeypatch.setattr(running, "_rescue", fail)
    terms = WorkerTerms(("slots",), 1, 5, is_listening=False, heartbeat_seconds=10)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(asyncio.wait_for(running._run(terms, until_idle=False), timeout=SECONDS))


# The supervisor


# Runs until a signal ends it; the alarm is for a run of tests that was killed itself.
WAIT = "import signal; signal.alarm(600); signal.pause()"
WAITS = [sys.executable, "-c", WAIT]
IGNORES_SIGTERM = [
    *(sys.executable, "-c"),
    f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); {WAIT}",
]


def test_a_child_that_dies_is_started_anew(monkeypatch):
    monkeypatch.setattr(supervisor, "SHORTEST_PAUSE_SECONDS", 0.0)
    child = Child("waiter", WAITS)
    child.start()
    first = child.process
    try:
        first.kill()
        first.wait()
        assert wait_until(lambda: child.keep_alive() or child.process is not first, seconds=SECONDS)
        assert child.process.poll() is None
    finally:
        child.process.kill()
        child.process.wait()


def test_a_child_that_keeps_dying_is_started_less_and_less_often(monkeypatch):
    pauses = []
    child = Child("dier", [sys.executable, "-c", ""])
    for _ in range(7):
        child.start()
        child.process.wait()
        child.keep_alive()
        pauses.append(round(child.again_at - supervisor.time.monotonic()))

    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_a_child_that_does_not_end_is_killed(monkeypatch):
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.2)
    child = Child("deaf", IGNORES_SIGTERM)
    child.process = subprocess.Popen(child.command, stdout=subprocess.PIPE)
    assert child.process.stdout.readline() == b"ready\n"

    supervisor._stop([child])

    assert child.process.returncode == -signal.SIGKILL
    child.process.stdout.close()


def test_a_signal_ends_the_supervisor_and_its_children():
    script = (
        "import sys; from bookings.jobs.supervisor import supervise;"
        f"print('ready', flush=True); supervise({{'waiter': {WAITS!r}}})"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    (child,) = wait_until(lambda: psutil.Process(process.pid).children(), seconds=SECONDS)

    process.send_signal(signal.SIGHUP)

    assert process.wait(timeout=SECONDS) == 0
    assert not child.is_running()
    process.stdout.close()
