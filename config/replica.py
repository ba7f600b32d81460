"""Reads of a streaming replica: for views that only show, and decide nothing."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections

from config import metrics

logger = structlog.stdlib.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

REPLICA = "replica"
# No connection, one that broke, or a statement that the replay of the primary's log has cancelled.
AWAY = (OperationalError, InterfaceError)


class Freshness:
    """The age of the replica, known to a process.

    A replica that has replayed the place in the log where the primary was at a moment is of that moment or later. So a
    look is good until that moment is older than the bound, however idle the primary, and whatever the clocks say.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_good_until = self._next_look_at = 0.0

    def holds(self) -> bool:
        """Say whether the replica is no older than the bound; two queries at most twice within it, else none."""
        now = time.monotonic()
        # One looks, everybody else goes by what is known.
        if now >= self._next_look_at and self._lock.acquire(blocking=False):
            try:
                self._look(now)
            finally:
                self._lock.release()
        return now < self._is_good_until

    def end(self) -> None:
        """Let the primary answer until the next look."""
        self._is_good_until = 0.0

    def _look(self, now: float) -> None:
        bound = settings.DATABASE_REPLICA_MAX_LAG_SECONDS
        self._next_look_at = now + bound / 2
        try:
            # Whatever has been answered to a guest is on the primary's disk by then.
            place = _ask(DEFAULT_DB_ALIAS, "SELECT pg_current_wal_flush_lsn()")
            # NULL on a server that replays nothing, as after its promotion.
            if _ask(REPLICA, "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", place):
                self._is_good_until = now + bound
        except AWAY as error:
            logger.warning("replica not compared with its primary", error=error)


def _ask(alias: str, question: str, *values: str) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchone()[0]


_freshness = Freshness()


def reads_replica(view: Callable[P, T]) -> Callable[P, T]:
    """Let what only shows read the replica, if there is one, and no older than the bound; else the primary.

    Where the replica fails, the call runs again on the primary. A write inside is refused by the replica.
    """

    @wraps(view)
    def read(*args: P.args, **kwargs: P.kwargs) -> T:
        if REPLICA not in settings.DATABASES:
            return view(*args, **kwargs)
        if not connection.in_atomic_block and _freshness.holds():
            try:
                with _default_is_replica():
                    answer = view(*args, **kwargs)
                metrics.booking_replica_reads.labels(server="replica").inc()
                return answer
            except AWAY as error:
                logger.warning("replica not available", error=error)
                _freshness.end()
        metrics.booking_replica_reads.labels(server="primary").inc()
        return view(*args, **kwargs)

    return read


@contextmanager
def _default_is_replica() -> Iterator[None]:
    """Let everything that this thread asks the default connection, SQL of our own included, go to the replica."""
    primary = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections[REPLICA]
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = primary
