"""The keeper of an embedded server: starts it, and stops it when no process uses it any more.

It runs by path, with nothing but the standard library, in a session of its own. So a Ctrl-C meant for a command does
not reach it, and a killed command cannot take it along.
"""

import argparse
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def keep(command: Sequence[str], *, users_lock: Path, account: str | None, remove: Sequence[Path]) -> int:
    """Run the server until it ends, then remove the files that are not to outlive it; return its exit code.

    The server is asked to end (SIGINT: fast shutdown) when no process holds a shared flock on `users_lock`. The
    exclusive flock is kept until this process is gone, so that a new user waits for the old server's end.
    """
    server = _start(command, account=account)
    signal.signal(signal.SIGTERM, lambda *_: server.send_signal(signal.SIGINT))
    watcher = threading.Thread(target=_stop_when_unused, args=(server, users_lock), daemon=True)
    watcher.start()
    code = server.wait()
    if remove:
        # Also after a crash: the users still look for the log there.
        watcher.join()
    for directory in remove:
        shutil.rmtree(directory, ignore_errors=True)
    return code


def _start(command: Sequence[str], *, account: str | None) -> subprocess.Popen[bytes]:
    entry = pwd.getpwnam(account) if account else None
    return subprocess.Popen(  # noqa: S603 - the command line of config.embedded.server
        command,
        cwd="/",
        umask=0o077,
        user=entry and entry.pw_uid,
        group=entry and entry.pw_gid,
        extra_groups=entry and [],
    )


def _stop_when_unused(server: subprocess.Popen[bytes], users_lock: Path) -> None:
    fcntl.flock(os.open(users_lock, os.O_RDWR), fcntl.LOCK_EX)
    server.send_signal(signal.SIGINT)


def _close_inherited_files() -> None:
    """Close the files that a shell or a build tool left open: a pipe held here never ends for its reader."""
    for name in os.listdir("/dev/fd"):
        if int(name) > 2:
            with suppress(OSError):
                os.close(int(name))


def main(arguments: Sequence[str]) -> int:
    """Parse the command line and keep the server."""
    parser = argparse.ArgumentParser(prog="keeper")
    parser.add_argument("--users-lock", type=Path, required=True)
    parser.add_argument("--account", help="run the server as this account")
    parser.add_argument("--remove", type=Path, action="append", default=[], help="directory to remove at the end")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    os.setsid()
    _close_inherited_files()
    return keep(options.command, users_lock=options.users_lock, account=options.account, remove=options.remove)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
