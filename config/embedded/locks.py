"""File locks with a deadline. The kernel drops them however their process ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded.errors import LockTimeout

WAIT_SECONDS = 60.0
POLL_SECONDS = 0.01


def open_lock(path: Path) -> int:
    """Return a descriptor for locking `path`; programs that this process starts do not inherit it."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(file: int, kind: int) -> bool:
    """Take the lock (LOCK_SH or LOCK_EX) if nobody is in the way."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def acquire(file: int, kind: int, *, seconds: float = WAIT_SECONDS) -> None:
    """Wait for the lock.

    Raises: LockTimeout.
    """
    deadline = time.monotonic() + seconds
    while not try_lock(file, kind):
        if time.monotonic() > deadline:
            raise LockTimeout
        time.sleep(POLL_SECONDS)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the exclusive lock on `path`."""
    file = open_lock(path)
    try:
        acquire(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
