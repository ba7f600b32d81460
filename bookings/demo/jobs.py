"""The demo's worker: `manage.py worker` beside the web server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bookings.jobs.supervisor import STOP_SECONDS
from config.env import BASE_DIR
from config.processes import end_with_parent, interrupts_deferred

# Its own processes come first.
LONGER_SECONDS = 5.0


@contextmanager
def running_worker() -> Iterator[None]:
    """Start the worker, and stop it, with what it has begun done, however the block ends."""
    process: subprocess.Popen[bytes] | None = None
    try:
        with interrupts_deferred():
            process = _start()
        yield
    finally:
        if process is not None:
            with interrupts_deferred():
                _stop(process)


def _start() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - fixed command of our own
        [sys.executable, str(BASE_DIR / "manage.py"), "worker"],
        # A line for every audit would bury what the demo says.
        env={"LOG_LEVEL": "WARNING"} | os.environ,
        # As for the web server: a Ctrl-C reaches the demo alone.
        start_new_session=True,
        preexec_fn=end_with_parent,
    )


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=STOP_SECONDS + LONGER_SECONDS)
        return
    process.kill()
    process.wait()
