"""The real demo, each in a directory of its own: what it serves, and that nothing of it is left running."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from config.embedded import Instance, remove
from config.env import BASE_DIR
from tests.helpers.polling import wait_until

SECONDS = 180.0
NOT_PART_OF_A_CLONE = shutil.ignore_patterns(
    ".git", ".venv", ".demo", ".test-servers", ".env", ".*cache", ".hypothesis", "__pycache__"
)
SET_BY_THE_TEST_RUN = {
    *("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "DATABASE_POOL_SIZE", "HTTPS_ONLY", "SECRET_KEY", "PORT"),
    *("THROTTLE_BOOKINGS", "THROTTLE_AVAILABILITY", "DEMO_ADMIN_PASSWORD"),
}


class Demo:
    """A running demo; `command` is what runs it, in a process group of its own as a terminal gives it."""

    def __init__(self, directory: Path, port: int, command: list[str]) -> None:
        settings = {name: value for name, value in os.environ.items() if name not in SET_BY_THE_TEST_RUN}
        self.origin = f"http://127.0.0.1:{port}"
        self.output: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            env=settings | {"PORT": str(port), "ENV_FILE": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._changed:
                self.output.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def line(self, start: str) -> str:
        """Return the first line that starts so, once it is there."""

        def found() -> list[str]:
            return [line for line in self.output if line.startswith(start)]

        with self._changed:
            self._changed.wait_for(lambda: found() or self._ended, timeout=SECONDS)
            assert found(), "\n".join(self.output)
            return found()[0]

    def members(self) -> list[psutil.Process]:
        """Return every process of the demo: web server, its workers, the jobs' worker, keeper, PostgreSQL."""
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def stop(self, number: signal.Signals) -> int:
        """Send a signal to the one process that was started, and return its exit code."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        code = self.process.wait(timeout=SECONDS)
        self._reader.join(timeout=SECONDS)
        assert self.process.stdout
        self.process.stdout.close()
        return code


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return a function that copies the project, as it is, to a new directory."""
    directories = []

    def copy(name: str) -> Path:
        directory = tmp_path / name
        shutil.copytree(BASE_DIR, directory, ignore=NOT_PART_OF_A_CLONE)
        directories.append(directory)
        return directory

    yield copy
    for directory in directories:
        remove(Instance(directory / ".demo"))


@pytest.fixture
def start() -> Iterator[Callable[..., Demo]]:
    """Return a function that starts a demo in a directory; all are ended after the test."""
    demos = []

    def run(directory: Path, command: list[str] | None = None, port: int | None = None) -> Demo:
        usual = [sys.executable, "manage.py", "demo", "--days", "9", "--booked-days", "0", "--history-days", "2"]
        demos.append(Demo(directory, port or free_port(), command or usual))
        return demos[-1]

    yield run
    for demo in demos:
        if demo.process.poll() is None:
            demo.process.terminate()
        demo.end()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that have not ended; who has ended and was not fetched by its new parent runs no more."""
    _, alive = psutil.wait_procs(processes, timeout=0)
    return [process for process in alive if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def book_as_told(demo: Demo) -> httpx.Response:
    """Send what the curl line of the demo's welcome sends."""
    curl, url, header, content_type, data, body = shlex.split(demo.line("  curl"))
    assert (curl, header, content_type, data) == ("curl", "-H", "Content-Type: application/json", "-d")
    return httpx.post(url, content=body, headers={"Content-Type": "application/json"}, timeout=30)


def read_booking(demo: Demo, answer: httpx.Response) -> httpx.Response:
    reference = answer.json()["booking"]["reference"]
    token = {"X-Manage-Token": answer.json()["manageToken"]}
    return httpx.get(f"{demo.origin}/api/bookings/{reference}", headers=token, timeout=30)


def log_in(demo: Demo) -> httpx.Response:
    """Log in to the admin with the password that the demo printed."""
    password = demo.line("Admin").rpartition("password ")[2]
    with httpx.Client(base_url=demo.origin, follow_redirects=True, timeout=30) as browser:
        page = browser.get("/admin/login/")
        form = {"username": "ops", "password": password, "csrfmiddlewaretoken": page.cookies["csrftoken"]}
        return browser.post("/admin/login/?next=/admin/", data=form)


def kill_workers(demo: Demo) -> None:
    (server,) = (process for process in psutil.Process(demo.process.pid).children() if "granian" in process.cmdline())
    workers = server.children()
    assert len(workers) == 2
    for worker in workers:
        worker.kill()


def job_workers(demo: Demo) -> list[psutil.Process]:
    """Return the processes that run jobs: the supervisor first, then one for each group of queues."""
    found = []
    for process in demo.members():
        with suppress(psutil.NoSuchProcess):
            if "worker" in process.cmdline():
                found.append(process)
    return found


def get_until_answered(demo: Demo, path: str) -> httpx.Response:
    """Ask again while nobody is there to answer: a worker that replaces another one needs its time."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return httpx.get(f"{demo.origin}{path}", timeout=SECONDS)
        except httpx.TransportError:
            assert time.monotonic() < deadline


def test_two_demos_live_side_by_side_survive_killed_workers_keep_their_data_and_leave_nothing_running_even_killed(
    clone: Callable[[str], Path], start: Callable[..., Demo]
) -> None:
    here, there = clone("here"), clone("there")
    first, other = start(here), start(there)
    first.line("Ready after")

    booked = book_as_told(first)
    assert (booked.status_code, booked.json()["booking"]["status"]) == (201, "confirmed"), booked.text
    assert "Log in" not in log_in(first).text
    assert first.line("Throttles are off in the demo")
    assert first.line("  hasOverbooking: false")
    other.line("Ready after")
    assert read_booking(other, booked).status_code == 404
    kill_workers(other)
    job_workers(other)[0].kill()
    second = start(there)
    assert second.end() == 1
    assert second.output[-1].startswith("CommandError: A demo of this directory is already running")

    members = first.members()
    assert len(members) > 5
    assert len(job_workers(first)) == 3
    assert first.stop(signal.SIGTERM) == 0
    assert still_running(members) == []
    assert get_until_answered(other, "/readyz").status_code == 200
    assert wait_until(lambda: len(job_workers(other)) == 3, seconds=SECONDS)

    again = start(here)
    again.line("Ready after")
    assert again.line("  nothing is missing")
    assert again.line("Admin").rpartition("password ")[2] == first.line("Admin").rpartition("password ")[2]
    assert read_booking(again, booked).json()["booking"]["reference"] == booked.json()["booking"]["reference"]

    members = again.members()
    # A terminal sends Ctrl-C to every process of the group in its foreground.
    os.killpg(again.process.pid, signal.SIGINT)
    assert again.end() == 0
    assert still_running(members) == []

    members = other.members()
    other.process.kill()
    psutil.wait_procs(members, timeout=SECONDS)
    assert still_running(members) == []


def test_a_termination_of_make_ends_a_demo_that_is_still_being_set_up(
    clone: Callable[[str], Path], start: Callable[..., Demo]
) -> None:
    demo = start(clone("set-up"), ["make", "--old-file=install", f"VENV={sys.prefix}", "demo"])
    demo.line("History of 30 days ...")
    members = demo.members()
    assert [process for process in members if process.name().startswith("postgres")]

    demo.stop(signal.SIGTERM)

    assert still_running(members) == []


def test_a_busy_port_is_named_before_anything_starts(clone: Callable[[str], Path], start: Callable[..., Demo]) -> None:
    directory = clone("busy")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        demo = start(directory, port=port)

        assert demo.end() == 1

    assert demo.output[-1] == (
        f"CommandError: Port {port} cannot be used: Address already in use. Set PORT to another one."
    )
    assert not (directory / ".demo" / "postgres").exists()


def test_a_database_of_somebody_else_is_not_filled(clone: Callable[[str], Path]) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=clone("foreign"),
        env=os.environ | {"DATABASE_URL": "postgresql://nobody@localhost:1/none"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )

    assert ended.returncode == 1
    assert "CommandError: The demo fills a database of its own: unset DATABASE_URL" in ended.stderr
