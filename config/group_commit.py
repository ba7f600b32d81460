"""Group commit: calls of one process that wait for the same rows are written in one transaction.

The first one leads: it waits at the gate and locks, for all that come behind it meanwhile. Under its lock each of them
decides on what those before it take, so that one statement, one commit, and one wait of other processes serve many.
Whoever waits for another call has a connection: a leader without one would wait for those of the calls behind it.
Source: DeWitt et al., Implementation Techniques for Main Memory Database Systems, 1984, section 5.2.
"""

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import copy_context
from threading import Event, Lock
from typing import Any, Final, Generic, Protocol, TypeVar

from django.db import DatabaseError, OperationalError, connection

from config.errors import BookingConflict, DomainError
from config.transaction_cost import observe_lock_wait
from config.transactions import AttemptOutdated, undo_transaction


class Decision(Protocol):
    """The decision of a call; a `refusal` is the answer to it alone, and nothing is written for it."""

    @property
    def refusal(self) -> DomainError | None: ...


R = TypeVar("R")
T = TypeVar("T")
D = TypeVar("D", bound=Decision)
# Decides behind the decision of another call, which may not be written yet: None where that takes a read. Behind none
# it reads.
Decide = Callable[[D | None], D | None]
Write = Callable[[Sequence[D]], Sequence[T]]

# No other process waits longer for what one of them writes; a call that comes later leads the next transaction.
LONGEST_SECONDS = 0.1
# So long shared work waits for others while they come together, as PostgreSQL's `commit_delay` does.
GATHERING_SECONDS = 0.001

# The calls that wait, by what they lock: the first of each leads.
_queues: Final[dict[Hashable, deque["Turn[Any, Any]"]]] = {}
_queueing: Final = Lock()


class GroupBroken(AttemptOutdated):
    """The transaction of another call, which was to write this one too, came to nothing: the call runs by itself."""

    label = "group"


class Turn(Generic[D, T]):
    """The turn of a call: to lead, or to have been written by the call that leads.

    What `decide` raises is the answer to this call alone. `write` writes what several calls have decided.
    """

    def __init__(self, decide: Decide[D], write: Write[D, T], key: Hashable = None) -> None:
        self.is_written_by_another = False
        self._decide = decide
        self.write = write
        self._key = key
        self._context = copy_context()
        self._has_come = Event()
        self.answer: Future[T] = Future()
        self._others: list[Turn[D, T]] = []

    def result(self) -> T:
        """Return what was written; raise the refusal, what `decide` has raised, or `GroupBroken`."""
        return self.answer.result(0)

    def write_all(self, decision: D) -> None:
        """Write this call, decided so, and those that wait behind it; nothing at all where all are refused.

        Inside the transaction that holds the lock. A call that has to read is decided once those before are written.

        Raises: `GroupBroken`; what writing raises.
        """
        taken = _Taken(self)
        taken.add(self, decision)
        until = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < until and (other := self._take_next()) is not None:
            own = other._context.run(other._decide_behind, decision, taken)
            if own is not None:
                taken.add(other, own)
                decision = own
        taken.write()
        if all(turn.answer.exception(0) for turn in [self, *self._others]):
            undo_transaction()

    def _decide_behind(self, decision: D, taken: "_Taken[D, T]") -> D | None:
        """Return the decision of this call behind another; None where an error is the answer to it."""
        try:
            own = self._decide(decision)
            if own is None:
                taken.write()
                own = self._decide(None)
        except GroupBroken:
            raise
        except DatabaseError as error:
            raise GroupBroken from error
        except Exception as error:
            self.answer.set_exception(error)
            return None
        return own

    def _take_next(self) -> "Turn[D, T] | None":
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
                other.answer = Future()
                other.answer.set_exception(GroupBroken())
            other._has_come.set()
        with _queueing:
            queue = _queues[self._key]
            queue.popleft()
            if queue:
                queue[0]._has_come.set()
            else:
                del _queues[self._key]


class _Taken(Generic[D, T]):
    """The decisions of a group that are not written yet."""

    def __init__(self, leader: Turn[D, T]) -> None:
        self._leader = leader
        self._turns: list[tuple[Turn[D, T], D]] = []

    def add(self, turn: Turn[D, T], decision: D) -> None:
        """Keep a decision to be written; a refusal is answered at once."""
        if decision.refusal is None:
            self._turns.append((turn, decision))
        else:
            turn.answer.set_exception(decision.refusal)

    def write(self) -> None:
        """Write what is kept, and answer.

        Raises: `GroupBroken`; the error of a transaction, or of a leader that is written alone.
        """
        turns, self._turns = self._turns, []
        try:
            written = self._leader.write([decision for _, decision in turns]) if turns else ()
        except Exception as error:
            # Of several nobody can tell whose error it is; one of the transaction is that of its leader.
            is_own = [turn for turn, _ in turns] == [self._leader]
            if is_own or isinstance(error, OperationalError):
                raise
            raise GroupBroken from error
        for (turn, _), result in zip(turns, written, strict=True):
            turn.answer.set_result(result)


@contextmanager
def turn_at(key: Hashable, decide: Decide[D], write: Write[D, T], *, seconds: float) -> Iterator[Turn[D, T]]:
    """Wait at most so long for the turn of a call among those of this process with the same key; None is alone.

    The block returns at once if the call `is_written_by_another`; else it commits, and leaves.

    Raises: `BookingConflict`.
    """
    turn = Turn(decide, write, key)
    if key is None:
        yield turn
        return
    connection.ensure_connection()
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


class SharedWork(Generic[R, T]):
    """Work for several threads that one of them does at once: each asks, and gets what began after it had asked."""

    def __init__(self, work: Callable[[Sequence[R]], Sequence[T]]) -> None:
        self._work = work
        self._waiting: deque[tuple[R, Future[T]]] = deque()
        self._working = Lock()
        self._is_crowded = False

    def ask(self, question: R) -> T:
        """Return what the work makes of a question, beside those of others that wait.

        Raises: the error of its work.
        """
        connection.ensure_connection()
        own: Future[T] = Future()
        self._waiting.append((question, own))
        with self._working:
            if not own.done():
                if self._is_crowded:
                    time.sleep(GATHERING_SECONDS)
                waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
                self._is_crowded = len(waiting) > 1
                self._answer(waiting)
        return own.result()

    def _answer(self, waiting: Sequence[tuple[R, Future[T]]]) -> None:
        try:
            answers = self._work([question for question, _ in waiting])
        # Also the end of this thread: the others wait for its answer.
        except BaseException as error:
            if len(waiting) > 1 and isinstance(error, Exception) and not isinstance(error, OperationalError):
                # One of them is bad, and the others are not.
                for each in waiting:
                    self._answer([each])
                return
            for _, own in waiting:
                own.set_exception(error)
        else:
            for (_, own), answer in zip(waiting, answers, strict=True):
                own.set_result(answer)
