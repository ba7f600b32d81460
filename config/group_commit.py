"""Group commit: calls of one process that wait for the same rows are written in one transaction.

The first one leads: it waits at the gate and locks, for all that come behind it meanwhile. Under its lock each of them
decides on what those before it have written, so that one commit, and one wait of other processes, serves many.
Source: DeWitt et al., Implementation Techniques for Main Memory Database Systems, 1984, section 5.2.
"""

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import copy_context
from threading import Event, Lock
from typing import Any, Final, Generic, TypeVar

from django.db import DatabaseError

from config.errors import BookingConflict, DomainError
from config.transaction_cost import observe_lock_wait
from config.transactions import AttemptOutdated, undo_transaction

T = TypeVar("T")
Write = Callable[[], T]
Prepare = Callable[[], Write[T]]

# No other process waits longer for what one of them writes; a call that comes later leads the next transaction.
LONGEST_SECONDS = 0.1

# The calls that wait, by what they lock: the first of each leads.
_queues: Final[dict[Hashable, deque["Turn[Any]"]]] = {}
_queueing: Final = Lock()


class GroupBroken(AttemptOutdated):
    """The transaction of another call, which was to write this one too, came to nothing: the call runs by itself."""

    label = "group"


class Turn(Generic[T]):
    """The turn of a call: to lead, or to have been written by the call that leads.

    `prepare` decides, and returns what writes the rows: what it raises is the answer to this call alone.
    """

    def __init__(self, prepare: Prepare[T], key: Hashable = None) -> None:
        self.is_written_by_another = False
        self._prepare = prepare
        self._key = key
        self._context = copy_context()
        self._has_come = Event()
        self._answer: Future[T] = Future()
        self._others: list[Turn[Any]] = []

    def result(self) -> T:
        """Return what was written; raise what `prepare` has raised, or `GroupBroken`."""
        return self._answer.result(0)

    def write_all(self, prepare: Prepare[T]) -> None:
        """Write this call, prepared so, then those that wait behind it; nothing at all where all are refused.

        Inside the transaction that holds the lock. Raises: `GroupBroken`; what writing this call raises.
        """
        try:
            write = prepare()
        except DomainError as refusal:
            self._answer.set_exception(refusal)
        else:
            self._answer.set_result(write())
        until = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < until and (other := self._take_next()) is not None:
            other._context.run(other._write_for_another)
        if all(turn._answer.exception(0) for turn in [self, *self._others]):
            undo_transaction()

    def _write_for_another(self) -> None:
        try:
            write = self._prepare()
        except DatabaseError as error:
            raise GroupBroken from error
        except Exception as error:
            self._answer.set_exception(error)
            return
        try:
            self._answer.set_result(write())
        except Exception as error:
            raise GroupBroken from error

    def _take_next(self) -> "Turn[Any] | None":
        with _queueing:
            queue = _queues.get(self._key)
            if queue is None or len(queue) == 1:
                return None
            other = queue[1]
            del queue[1]
        other.is_written_by_another = True
        self._others.append(other)
        return other

    def _wait(self, seconds: float) -> None:
        """Wait until this call leads, or has been written.

        Raises: `BookingConflict` when the time is over before another call has begun to write it.
        """
        started = time.monotonic()
        if not self._has_come.wait(seconds):
            with _queueing:
                queue = _queues.get(self._key, deque())
                if self in queue and queue[0] is not self:
                    queue.remove(self)
                    raise BookingConflict
            self._has_come.wait()
        observe_lock_wait("gate", time.monotonic() - started)

    def _end(self, *, is_committed: bool) -> None:
        for other in self._others:
            if not is_committed:
                other._answer = Future()
                other._answer.set_exception(GroupBroken())
            other._has_come.set()
        with _queueing:
            queue = _queues[self._key]
            queue.popleft()
            if queue:
                queue[0]._has_come.set()
            else:
                del _queues[self._key]


@contextmanager
def turn_at(key: Hashable, prepare: Prepare[T], *, seconds: float) -> Iterator[Turn[T]]:
    """Wait at most so long for the turn of a call among those of this process with the same key; None is alone.

    The block returns at once if the call `is_written_by_another`; else it commits, and leaves.

    Raises: `BookingConflict`.
    """
    turn = Turn(prepare, key)
    if key is None:
        yield turn
        return
    with _queueing:
        queue = _queues.setdefault(key, deque())
        queue.append(turn)
        leads = queue[0] is turn
    if not leads:
        turn._wait(seconds)
    if turn.is_written_by_another:
        yield turn
        return
    is_committed = False
    try:
        yield turn
        is_committed = True
    finally:
        turn._end(is_committed=is_committed)
