"""The keeper of an embedded server: starts it, and stops it when nobody uses it any more.

Run by path, with nothing but the standard library, in a session of its own: a Ctrl-C meant
for a command does not reach it, and a killed command cannot take it along.
"""

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path


def keep(command: Sequence[str], *, users_lock: Path, account: str | None) -> int:
    """Run the server until it ends, and return its exit code.

    The server is asked to end (SIGINT: fast shutdown) when no process holds a shared flock
    on `users_lock`. The exclusive flock is kept until this process is gone, so that a new
    user waits for the old server's end.
    """
    server = subprocess.Popen(  # noqa: S603 - the command line is built by config.embedded
        command,
        cwd="/",
        umask=0o077,
        user=account,
        group=None if account is None else _group_of(account),
        extra_groups=None if account is None else [],
    )
    signal.signal(signal.SIGTERM, lambda *_: server.send_signal(signal.SIGINT))
    watcher = threading.Thread(target=_stop_when_unused, args=(server, users_lock))
    watcher.start()
    code = server.wait()
    watcher.join()
    return code


def _stop_when_unused(server: subprocess.Popen[bytes], users_lock: Path) -> None:
    fcntl.flock(os.open(users_lock, os.O_RDWR), fcntl.LOCK_EX)
    server.send_signal(signal.SIGINT)


def _group_of(account: str) -> int:
    import pwd

    return pwd.getpwnam(account).pw_gid


def main(arguments: Sequence[str]) -> int:
    """Parse the command line, keep the server, remove what is not to outlive it."""
    parser = argparse.ArgumentParser(prog="keeper")
    parser.add_argument("--users-lock", type=Path, required=True)
    parser.add_argument("--account")
    parser.add_argument("--remove", type=Path, action="append", default=[])
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    os.setsid()
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    code = keep(options.command, users_lock=options.users_lock, account=options.account)
    for directory in options.remove:
        shutil.rmtree(directory, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
