"""Jobs to test with: what waits, and workers that run it, in this process or as production runs them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import psutil
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from bookings.jobs.running import WorkerTerms, run_worker
from bookings.models.queues import QUEUES
from config.env import BASE_DIR
from tests.helpers.polling import wait_until
from tests.helpers.web_servers import test_database_url

SECONDS = 120.0


def jobs(**conditions):
    return ProcrastinateJob.objects.filter(**conditions).order_by("pk")


def statuses(**conditions):
    return list(jobs(**conditions).values_list("status", flat=True))


def forget_jobs():
    jobs().delete()
    ProcrastinateWorker.objects.get_queryset().delete()


def run_waiting_jobs():
    """Run what waits, in this process and without the periodic ones; return when nothing is left that could run now."""
    terms = WorkerTerms(QUEUES, concurrency=2, poll_seconds=5, is_listening=False, heartbeat_seconds=10)
    with patch.dict(app.periodic_registry.periodic_tasks, clear=True):
        run_worker(terms, until_idle=True)


@contextmanager
def running_worker(*options: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `manage.py worker` on the test database, with heartbeats each half second."""
    defaults = {
        "DJANGO_SETTINGS_MODULE": "tests.helpers.worker_settings",
        "DATABASE_URL": test_database_url(),
        "WORKER_HEARTBEAT_SECONDS": "0.5",
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "manage.py", "worker", "--poll-seconds", "1", *options]
    process = subprocess.Popen(command, cwd=BASE_DIR, env=os.environ | defaults | environment, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def child_of(worker: "subprocess.Popen[bytes]", queue: str) -> psutil.Process:
    """Return the process that runs the jobs of a queue, once it is there."""

    def found() -> psutil.Process | None:
        children = psutil.Process(worker.pid).children()
        return next((child for child in children if _takes(child, queue)), None)

    child = wait_until(found, seconds=SECONDS)
    assert child, f"no process for {queue}"
    return child


def _takes(process: psutil.Process, queue: str) -> bool:
    try:
        command = process.cmdline()
    except psutil.NoSuchProcess:
        return False
    return "--queues" in command and queue in command[command.index("--queues") + 1].split(",")


def closing_connection(act):
    """Do something in a thread of a test, and leave no connection behind."""
    try:
        return act()
    finally:
        connection.close()
