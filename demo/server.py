"""The demo's web server: granian by its own command line, in a session of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import BinaryIO

from config.env import BASE_DIR, env
from config.processes import end_with_parent, interrupts_deferred

HOST = "127.0.0.1"
WORKERS = 2
START_SECONDS = 60.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05
LOOK_SECONDS = 1.0


class PortNotAvailable(Exception):
    """The port cannot be used."""


class WebServerFailed(Exception):
    """The web server has ended, or does not answer."""


def require_free_port(port: int) -> None:
    """Raise `PortNotAvailable` if no server could listen on the port now."""
    with socket.socket() as probe:
        # As the server does: connections of a server that has just ended are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise PortNotAvailable(f"Port {port} cannot be used: {reason}. Set PORT to another one.") from error


class WebServer:
    """A running granian. Every process that belongs to it is in its process group.

    It writes its log to `log`, or where this process writes its own.
    """

    def __init__(self, *, port: int, metrics_directory: Path, log: BinaryIO | None = None) -> None:
        self.port = port
        self._process = subprocess.Popen(  # noqa: S603 - fixed command, port and directory of our own
            _command(port),
            cwd=BASE_DIR,
            env=os.environ | _environment(metrics_directory),
            stderr=log,
            # A Ctrl-C reaches the demo alone, which then stops this in good order.
            start_new_session=True,
            preexec_fn=end_with_parent,
        )

    def wait_until_ready(self) -> None:
        """Return when /readyz says yes.

        Raises: `WebServerFailed`.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None:
                raise WebServerFailed(f"The web server ended with code {self._process.returncode}; see above.")
            if time.monotonic() > deadline:
                raise WebServerFailed(f"The web server does not answer on port {self.port}.")
            time.sleep(POLL_SECONDS)

    def _is_ready(self) -> bool:
        connection = HTTPConnection(HOST, self.port, timeout=START_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def wait(self, *, meanwhile: Callable[[], object]) -> None:
        """Return never: the server runs until it is stopped; `meanwhile` is called every second.

        Raises: `WebServerFailed` if it ends by itself.
        """
        while True:
            with suppress(subprocess.TimeoutExpired):
                code = self._process.wait(timeout=LOOK_SECONDS)
                raise WebServerFailed(f"The web server ended with code {code}; see above.")
            meanwhile()

    def stop(self) -> None:
        """End the server and all of its workers; a process that is not gone after 15 s is killed."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def running_server(*, port: int, metrics_directory: Path, log: BinaryIO | None = None) -> Iterator[WebServer]:
    """Start the server, and stop it however the block ends."""
    server: WebServer | None = None
    try:
        with interrupts_deferred():
            server = WebServer(port=port, metrics_directory=metrics_directory, log=log)
        yield server
    finally:
        if server is not None:
            with interrupts_deferred():
                server.stop()


def _command(port: int) -> list[str]:
    threads = env.int("DATABASE_POOL_SIZE", default=16)
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)),
        *("--workers", str(WORKERS), "--blocking-threads", str(threads)),
        # Without it one killed worker stops the server.
        "--respawn-failed-workers",
        # A worker that is told to end while it starts may miss it.
        *("--workers-kill-timeout", "10"),
        # It would warn of more threads than cores: most of them wait for the database.
        *("--no-ws", "--log-level", "error"),
        "config.wsgi:application",
    ]


def _environment(metrics_directory: Path) -> dict[str, str]:
    # Counters of processes that are gone would be added to those of this run.
    shutil.rmtree(metrics_directory, ignore_errors=True)
    metrics_directory.mkdir(parents=True)
    return {"PROMETHEUS_MULTIPROC_DIR": str(metrics_directory), "PYTHONUNBUFFERED": "1"}
