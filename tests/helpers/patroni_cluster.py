"""Two PostgreSQL servers under Patroni, with etcd, as deploy/patroni/patroni.yml runs them."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from config.embedded import Instance
from config.embedded.account import get_server_account, make_private
from config.env import BASE_DIR
from tests.helpers.polling import wait_until
from tests.helpers.web_servers import free_port

START_SECONDS = 120.0
STOP_SECONDS = 30.0
HOST = "127.0.0.1"
PASSWORD = "used-by-tests-only"


@dataclass(frozen=True)
class Node:
    """A server and the Patroni that runs it; `pid` is Patroni's."""

    data: Path
    port: int
    api: str
    pid: int

    def kill(self) -> None:
        """End Patroni and its server as a machine ends that loses its power."""
        os.kill(self.pid, signal.SIGKILL)
        os.kill(self._postmaster(), signal.SIGKILL)

    def is_primary(self) -> bool:
        """Ask Patroni whether this is the primary."""
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.api}/primary").is_success
        return False

    def is_synchronous(self) -> bool:
        """Ask Patroni whether this is a standby for which every COMMIT waits."""
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.api}/synchronous").is_success
        return False

    def stop_server(self) -> None:
        """End what may be left of the server when its Patroni has ended."""
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(self._postmaster(), signal.SIGQUIT)

    def _postmaster(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])


@dataclass(frozen=True)
class Cluster:
    """The nodes, and the password of `postgres` and of `maitre`."""

    nodes: tuple[Node, Node]

    def url(self, *, user: str = "maitre", database: str = "maitre") -> str:
        """Return the address that finds the primary, whichever node it is."""
        hosts = ",".join(f"{HOST}:{node.port}" for node in self.nodes)
        return f"postgresql://{user}:{PASSWORD}@{hosts}/{database}?target_session_attrs=read-write"

    @property
    def primary(self) -> Node:
        """Return the node that is the primary now."""
        (primary,) = (node for node in self.nodes if node.is_primary())
        return primary

    def is_safe(self) -> bool:
        """Say whether there are a primary and a synchronous standby."""
        roles = {(node.is_primary(), node.is_synchronous()) for node in self.nodes}
        return roles == {(True, False), (False, True)}


@contextmanager
def patroni_cluster(programs: Instance) -> Iterator[Cluster]:
    """Run a cluster of the embedded server's programs; yield it when no COMMIT can be lost any more."""
    directory = Path(tempfile.gettempdir(), f"maitre-cluster-{secrets.token_hex(4)}")
    make_private(directory)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        etcd = stack.enter_context(_running_etcd(directory / "etcd"))
        one, other = (stack.enter_context(_running_node(directory / name, etcd, programs)) for name in ("one", "other"))
        cluster = Cluster((one, other))
        pause = threading.Event()
        assert wait_until(lambda: cluster.is_safe() or pause.wait(0.5), seconds=START_SECONDS), "it does not start"
        yield cluster


@contextmanager
def _running_etcd(directory: Path) -> Iterator[str]:
    make_private(directory)
    client, peer = (f"http://{HOST}:{free_port()}" for _ in range(2))
    command = ["etcd", f"--data-dir={directory}", "--log-level=error"]
    command += [f"--listen-client-urls={client}", f"--advertise-client-urls={client}"]
    command += [
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    ]
    with _running(command, directory, {}):
        yield client.removeprefix("http://")


@contextmanager
def _running_node(directory: Path, etcd: str, programs: Instance) -> Iterator[Node]:
    make_private(directory)
    port, api = free_port(), f"{HOST}:{free_port()}"
    environment = {
        "NAME": directory.name,
        "ETCD3_HOSTS": f"'{etcd}'",
        "RESTAPI_LISTEN": api,
        "RESTAPI_CONNECT_ADDRESS": api,
        "POSTGRESQL_LISTEN": f"{HOST}:{port}",
        "POSTGRESQL_CONNECT_ADDRESS": f"{HOST}:{port}",
        "POSTGRESQL_DATA_DIR": str(directory / "data"),
        "POSTGRESQL_PGPASS": str(directory / "pgpass"),
        "POSTGRESQL_BIN_DIR": str(Path(programs.program("postgres")).parent),
        "SUPERUSER_USERNAME": "postgres",
        "SUPERUSER_PASSWORD": PASSWORD,
        "REPLICATION_USERNAME": "replicator",
        "REPLICATION_PASSWORD": PASSWORD,
        "LOG_LEVEL": "WARNING",
    }
    configuration = directory / "patroni.yml"
    configuration.write_text((BASE_DIR / "deploy" / "patroni" / "patroni.yml").read_text())
    named = {f"PATRONI_{name}": value for name, value in environment.items()}
    with _running(["patroni", str(configuration)], directory, named) as process:
        node = Node(directory / "data", port, f"http://{api}", process.pid)
        try:
            yield node
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
            node.stop_server()


@contextmanager
def _running(command: list[str], directory: Path, environment: dict[str, str]) -> "Iterator[subprocess.Popen[Any]]":
    account = get_server_account()
    # Nothing of the test's own: Debian's Patroni has a Python of its own.
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    with subprocess.Popen(
        command,
        cwd=directory,
        env=kept | environment,
        umask=0o077,
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=account and [],
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
