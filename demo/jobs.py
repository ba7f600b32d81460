"""The demo's worker: `manage.py worker` beside the web server."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bookings.jobs.supervisor import STOP_SECONDS
from config.env import BASE_DIR
from config.processes import end_with_parent, interrupts_deferred

# Its own processes come first.
LONGER_SECONDS = 5.0
SHORTEST_LIFE_SECONDS = 5.0


class Worker:
    """The running worker, started anew when a user kills it."""

    def __init__(self) -> None:
        self._process, self._started_at = _start(), time.monotonic()

    def keep_alive(self) -> None:
        """Start the worker again if it has ended; one that ends at once not more often than every few seconds."""
        is_young = time.monotonic() - self._started_at < SHORTEST_LIFE_SECONDS
        if self._process.poll() is None or is_young:
            return
        with interrupts_deferred():
            self._process, self._started_at = _start(), time.monotonic()

    def stop(self) -> None:
        """End the worker, with the jobs that it has begun done."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=STOP_SECONDS + LONGER_SECONDS)
            return
        self._process.kill()
        self._process.wait()


@contextmanager
def running_worker() -> Iterator[Worker]:
    """Start the worker, and stop it however the block ends."""
    worker: Worker | None = None
    try:
        with interrupts_deferred():
            worker = Worker()
        yield worker
    finally:
        if worker is not None:
            with interrupts_deferred():
                worker.stop()


def _start() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - fixed command of our own
        [sys.executable, str(BASE_DIR / "manage.py"), "worker"],
        # A line for every audit would bury what the demo says.
        env={"LOG_LEVEL": "WARNING"} | os.environ,
        # As for the web server: a Ctrl-C reaches the demo alone.
        start_new_session=True,
        preexec_fn=end_with_parent,
    )
