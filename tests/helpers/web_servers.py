"""Web servers to test: granian as it runs in production, on the test database, ended by its process id."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import connection

from config.env import BASE_DIR
from tests.helpers.polling import wait_until

START_SECONDS = 60.0
STOP_SECONDS = 30.0


def test_database_url() -> str:
    """Return the address of the database in which this test runs."""
    return urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


test_database_url.__test__ = False  # type: ignore[attr-defined]


@contextmanager
def running_granian(*options: str, application: str = "config.wsgi:application", **environment: str) -> Iterator[str]:
    """Run the project's web server with these options and environment variables; yield its address."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", application]
    command += ["--host", "127.0.0.1", "--port", str(port), *options]
    defaults = {
        # The test settings would take the pool away again.
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": test_database_url(),
        "DATABASE_POOL_SIZE": "4",
        "LOG_LEVEL": "ERROR",
    }
    process = subprocess.Popen(command, cwd=BASE_DIR, env=os.environ | defaults | environment, start_new_session=True)
    try:
        base_url = f"http://127.0.0.1:{port}"
        _wait_until_alive(process, base_url)
        yield base_url
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # The workers are in its group: none may outlive the test.
            os.killpg(process.pid, signal.SIGKILL)
            raise


def collect_static_files(static_root: str) -> None:
    """Collect the static files as the image does, see Dockerfile."""
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    defaults = {"DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": "unused", "ENV_FILE": ""}
    environment = defaults | {"DATABASE_URL": "postgresql:///unused", "STATIC_ROOT": static_root}
    subprocess.run(command, cwd=BASE_DIR, env=os.environ | environment, check=True)


def free_port() -> int:
    """Return a port of the loopback address on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_alive(process: "subprocess.Popen[bytes]", base_url: str) -> None:
    # One client for all looks: each makes a context for TLS, which takes 30 ms of a core.
    with httpx.Client(base_url=base_url) as client:

        def is_settled() -> bool:
            return process.poll() is not None or _is_alive(client)

        assert wait_until(is_settled, seconds=START_SECONDS), "granian does not answer"
    assert process.poll() is None, f"granian ended with {process.returncode}"


def _is_alive(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").is_success
    except httpx.TransportError:
        return False
