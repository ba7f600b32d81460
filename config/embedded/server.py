"""Starting and stopping the server of an instance. The caller holds the locks."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from config.embedded.account import get_server_account, make_private
from config.embedded.errors import ServerNotStarted, ServerNotStopped
from config.embedded.instance import DATABASE, ROLE, Instance
from config.embedded.locks import POLL_SECONDS, WAIT_SECONDS

SETTLE_SECONDS = 10.0

_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A throw-away server may lose everything when the machine crashes. The race tests hold more
# than a hundred connections at once.
_THROW_AWAY_OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "300",
}


def start(instance: Instance) -> None:
    """Start the server under a keeper, and return when it takes connections.

    Raises: ServerNotStarted, DirectoryNotPrivate, WheelMissing.
    """
    instance.make_runtime()
    if not instance.data.exists():
        _initialise(instance)
    # What a killed server leaves behind stands in the way until the kernel has cleared it.
    patience = SETTLE_SECONDS if instance.postmaster_lines() else 0.0
    _drop_reused_process_id(instance)
    _launch(instance, deadline=time.monotonic() + patience)
    _create_database(instance)


def stop(instance: Instance) -> None:
    """Stop the server if it runs, and return when it has ended (fast shutdown).

    Raises: ServerNotStopped.
    """
    if not instance.is_running():
        return
    os.kill(int(instance.postmaster_lines()[0]), signal.SIGINT)
    deadline = time.monotonic() + WAIT_SECONDS
    while instance.postmaster_lines():
        if time.monotonic() > deadline:
            raise ServerNotStopped(f"PostgreSQL does not stop; see its log {instance.log}")
        time.sleep(POLL_SECONDS)


def _launch(instance: Instance, *, deadline: float) -> None:
    while True:
        try:
            return _wait_until_ready(instance, keeper=_spawn_keeper(instance))
        except ServerNotStarted:
            if time.monotonic() > deadline:
                raise
        time.sleep(POLL_SECONDS)


def _drop_reused_process_id(instance: Instance) -> None:
    """Remove the pid file of a dead server whose process id another program has by now.

    PostgreSQL would take that program for itself and never start. A process id without a
    command line is left for it to judge: a process that just died, or a system without /proc.
    """
    for process_id in instance.postmaster_lines()[:1]:
        with suppress(OSError):
            command_line = Path("/proc", process_id, "cmdline").read_bytes()
            if command_line and os.fsencode(instance.data) not in command_line:
                (instance.data / "postmaster.pid").unlink()


def _initialise(instance: Instance) -> None:
    draft = instance.data.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    make_private(draft)
    account = get_server_account()
    result = subprocess.run(  # noqa: S603 - a program of the wheel, no input from outside
        _initdb_command(instance, draft),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=account and [],
    )
    if result.returncode:
        raise ServerNotStarted(f"initdb failed:\n{result.stdout}{result.stderr}")
    # Under its final name a data directory is always a whole one.
    draft.rename(instance.data)


def _initdb_command(instance: Instance, directory: Path) -> list[str]:
    command = [
        instance.program("initdb"),
        f"--pgdata={directory}",
        f"--username={ROLE}",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
    ]
    return [*command, "--no-sync"] if instance.throw_away else command


def _spawn_keeper(instance: Instance) -> int:
    """Start the keeper with its output in the log, and return its process id.

    Not by subprocess, which warns of a child that outlives its parent: this one is meant to.
    """
    command = _keeper_command(instance)
    log_flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(instance.log), log_flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )


def _keeper_command(instance: Instance) -> list[str]:
    keeper = [sys.executable, "-I", str(Path(__file__).with_name("keeper.py"))]
    keeper.append(f"--users-lock={instance.users_lock}")
    if account := get_server_account():
        keeper.append(f"--account={account.pw_name}")
    options = _OPTIONS | {"unix_socket_directories": str(instance.runtime)}
    if instance.throw_away:
        keeper += [f"--remove={instance.directory}", f"--remove={instance.runtime}"]
        options |= _THROW_AWAY_OPTIONS
    server = [instance.program("postgres"), "-D", str(instance.data)]
    return [*keeper, "--", *server, *(f"--{name}={value}" for name, value in options.items())]


def _wait_until_ready(instance: Instance, *, keeper: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not instance.is_running():
        has_ended = os.waitpid(keeper, os.WNOHANG)[0] == keeper
        if has_ended or time.monotonic() > deadline:
            log = instance.log.read_text()[-2000:]
            raise ServerNotStarted(f"PostgreSQL did not start; its log {instance.log} ends:\n{log}")
        time.sleep(POLL_SECONDS)


def _create_database(instance: Instance) -> None:
    # Imported here: settings read this package, and need no driver for that.
    import psycopg
    from psycopg import errors

    with (
        psycopg.connect(instance.url_of("postgres"), autocommit=True) as connection,
        # A standby has what its primary has.
        suppress(errors.DuplicateDatabase, errors.ReadOnlySqlTransaction),
    ):
        connection.execute(f"CREATE DATABASE {DATABASE}")
