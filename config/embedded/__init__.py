"""The embedded PostgreSQL: a real server from a wheel, used when DATABASE_URL is empty.

Every process that uses the server holds a shared flock on its `users.lock`. The keeper
(keeper.py) is the server's parent and stops it when the last user is gone, killed ones
included. `gate.lock` orders the processes that find out whether the server runs.
"""

import atexit
import fcntl
import os
import shutil

from config.embedded import server
from config.embedded.errors import EmbeddedServerError, InstanceInUse, LockTimeout
from config.embedded.instance import Instance
from config.embedded.locks import acquire, locked, open_lock, try_lock
from config.env import BASE_DIR, env

__all__ = ["DEMO", "EmbeddedServerError", "Instance", "is_configured", "join", "join_if_configured", "leave", "remove"]


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

    Raises: ServerNotStarted, DirectoryNotPrivate, WheelMissing, LockTimeout.
    """
    if instance in _held:
        return
    instance.directory.mkdir(parents=True, exist_ok=True)
    with locked(instance.gate_lock):
        users = open_lock(instance.users_lock)
        try:
            # A keeper that is stopping the server holds this lock until it has ended.
            acquire(users, fcntl.LOCK_SH)
            if not instance.is_running():
                server.start(instance)
        except BaseException:
            os.close(users)
            raise
    _held[instance] = users
    atexit.register(leave, instance)


def leave(instance: Instance) -> None:
    """Give up the server; if nobody else uses it, return when it has ended.

    Raises: ServerNotStopped, LockTimeout.
    """
    users = _held.pop(instance, None)
    if users is None:
        return
    try:
        if try_lock(users, fcntl.LOCK_EX):
            server.stop(instance)
        else:
            # Others use it and this is granted at once, or the keeper is stopping it.
            acquire(users, fcntl.LOCK_SH)
    finally:
        os.close(users)


def remove(instance: Instance) -> None:
    """Delete the instance with all its data.

    Raises: InstanceInUse.
    """
    if not instance.directory.exists():
        return
    with locked(instance.gate_lock):
        users = open_lock(instance.users_lock)
        try:
            # Long enough for a keeper that is about to end.
            acquire(users, fcntl.LOCK_EX, seconds=2.0)
            server.stop(instance)
            for directory in (instance.runtime, instance.directory):
                shutil.rmtree(directory, ignore_errors=True)
        except LockTimeout as error:
            raise InstanceInUse from error
        finally:
            os.close(users)


def _forget_after_fork() -> None:
    """Leave use and stop of the servers to the parent process."""
    while _held:
        os.close(_held.popitem()[1])


os.register_at_fork(after_in_child=_forget_after_fork)
