"""The only transactions on the path of a decision: gate, isolation, timeouts, run again until a deadline."""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from structlog.contextvars import bound_contextvars

from config import metrics
from config.errors import BookingConflict
from config.gate import LOCK_NOT_AVAILABLE, DaysToLock, GateLevel, enter_gate, leave_gate
from config.transaction_cost import count_attempt, count_retry, observe_lock_wait

logger = structlog.stdlib.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
# Whoever stands in a queue for a row waits more than once, each time up to lock_timeout, so that
# statement_timeout comes first. Both are set to the deadline: either one means that it has passed.
QUERY_CANCELED = "57014"
TRANSIENT_STATES = frozenset({SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE, QUERY_CANCELED})

READ_COMMITTED = "read committed"
SETTINGS_DEADLINE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 0.05
# A wait at the gate that leaves the timeouts as good as they were.
SHORT_WAIT_SECONDS = 0.05


class Reaction(Enum):
    """The reaction of a transaction to the constraint that it violated."""

    RUN_AGAIN = "somebody was faster: the whole call runs again and sees it"
    DISAGREEMENT = "policy and database disagree: counted, logged, run again"


class AttemptOutdated(Exception):
    """The preparation before the lock does not hold under it: the call runs again."""

    label = "outdated"


class LockTooSmall(AttemptOutdated):
    """The locked rows are not all rows that this write touches."""

    label = "claim"


class PlanOutdated(AttemptOutdated):
    """The seating that was solved before the lock is of another state, and a new one takes longer than a lock may."""

    label = "plan"


class TransactionRequired(RuntimeError):
    """A row lock was asked for outside a transaction, where it would end at once."""


def require_atomic() -> None:
    """Raise `TransactionRequired` unless a transaction is open."""
    if not connection.in_atomic_block:
        raise TransactionRequired("row locks need a transaction")


def undo_transaction() -> None:
    """Let the open transaction end without a trace: rolled back, with what was to follow its commit."""
    require_atomic()
    transaction.set_rollback(True)


@dataclass(frozen=True)
class Terms:
    """The terms of the attempts of one operation: `operation` labels metrics and logs.

    `gated` says whether they wait at the gate, `grouped` whether another call of the process may write what they ask.
    """

    operation: str
    isolation: str
    deadline_seconds: float
    gated: bool
    grouped: bool
    reactions: Mapping[str, Reaction]

    @property
    def sequential_scans(self) -> str:
        """Return `off` at SERIALIZABLE.

        A scan of a whole table, which PostgreSQL prefers while it is small, would conflict with all who write it.
        """
        return "on" if self.isolation == READ_COMMITTED else "off"


@dataclass
class Attempts:
    """The attempts of one call, made by `running`; `met` counts the ends of those that failed, by SQLSTATE or label.

    `were_outdated`: the preparation of an attempt before the lock did not hold under it.
    """

    terms: Terms
    started: float = field(default_factory=time.monotonic)
    count: int = 0
    met: Counter[str] = field(default_factory=Counter)
    were_outdated: bool = False
    _has_terms: bool = False

    @property
    def remaining_seconds(self) -> float:
        """Return the seconds left until the deadline."""
        return self.terms.deadline_seconds - (time.monotonic() - self.started)

    @property
    def timeout_milliseconds(self) -> int:
        """Return the milliseconds that the next wait may take."""
        return max(1, int(self.remaining_seconds * 1000))

    @property
    def gate_level(self) -> GateLevel:
        """Return the level to enter: a call that starts over has met another in a page that both of them used."""
        return GateLevel(min(self.met[SERIALIZATION_FAILURE], GateLevel.EVERYBODY))

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Run the block once. An error that calls for another attempt ends here, after a pause.

        The caller loops until the block returns.

        Raises: `BookingConflict` when the deadline passes; every error that running again would not change.
        """
        self.count += 1
        count_attempt()
        try:
            yield
        except (AttemptOutdated, DatabaseError) as error:
            self._pause_or_raise(error)

    def _pause_or_raise(self, error: Exception) -> None:
        state = _retry_state(error, self.terms.reactions)
        if state is None:
            raise error
        count_retry(state)
        self.met[state] += 1
        self.were_outdated |= isinstance(error, AttemptOutdated)
        logger.debug("attempt failed", sqlstate=state, attempt=self.count)
        # The power is bounded: after a thousand attempts it would be too large for a float.
        pause = random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.002 * 2 ** min(self.count, 10)))  # noqa: S311 - jitter
        if self.remaining_seconds <= pause:
            raise BookingConflict from error
        time.sleep(pause)

    @contextmanager
    def gate(self, days: DaysToLock) -> Iterator[bool]:
        """Hold the gate of the service days that the block is about to lock; yield False where there is none.

        With the gate on, `pg_advisory_lock` on them is waited for BEFORE the snapshot of the transaction is taken. At
        SERIALIZABLE a waiter would wake with an old one, and start over. A call that had to start over none the less
        keeps out more of the others (`config.gate`).
        """
        if not self.terms.gated or not days.service_day_ids:
            yield False
            return
        started = time.monotonic()
        terms = {
            "default_transaction_isolation": f"'{self.terms.isolation}'",
            "enable_seqscan": self.terms.sequential_scans,
        }
        try:
            enter_gate(days, level=self.gate_level, terms=terms, timeout_milliseconds=self.timeout_milliseconds)
            waited = time.monotonic() - started
            observe_lock_wait("gate", waited)
            # After a wait the timeouts are set anew, to what is left.
            self._has_terms = waited < SHORT_WAIT_SECONDS
            yield True
        finally:
            self._has_terms = False
            leave_gate(terms)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block in one outermost transaction, on its terms: isolation, scans, and the time that is left."""
        with transaction.atomic(durable=True):
            if not self._has_terms:
                self._set_terms()
            yield

    def _set_terms(self) -> None:
        milliseconds = self.timeout_milliseconds
        # One round trip; all values are ours, and a SET takes no parameters.
        with connection.cursor() as cursor:
            cursor.execute(
                f"SET TRANSACTION ISOLATION LEVEL {self.terms.isolation};"
                f"SET LOCAL enable_seqscan = {self.terms.sequential_scans};"
                f"SET LOCAL lock_timeout = {milliseconds};"
                f"SET LOCAL statement_timeout = {milliseconds + 1000}"
            )


@contextmanager
def running(terms: Terms) -> Iterator[Attempts]:
    """Count and log the attempts that the block makes, under the name of the operation."""
    attempts = Attempts(terms)
    try:
        with bound_contextvars(operation=terms.operation):
            yield attempts
    finally:
        metrics.booking_attempts.labels(operation=terms.operation).observe(attempts.count)
        _log_contention(attempts)


def _log_contention(attempts: Attempts) -> None:
    """Log once the contention of a call that did not end with its first attempt."""
    if not attempts.met:
        return
    gave_up = attempts.met.total() == attempts.count
    logger.log(
        logging.WARNING if gave_up else logging.INFO,
        "contention",
        operation=attempts.terms.operation,
        attempts=attempts.count,
        sqlstates=sorted(attempts.met),
        milliseconds=round((time.monotonic() - attempts.started) * 1000),
        gave_up=gave_up,
    )


def booking_terms(operation: str, reactions: Mapping[str, Reaction]) -> Terms:
    """Return the terms of a write of bookings, by the settings of the engine."""
    isolation = settings.BOOKING_ISOLATION
    gated = settings.BOOKING_GATE and isolation != READ_COMMITTED
    return Terms(
        operation, isolation, settings.BOOKING_DEADLINE_SECONDS, gated, settings.BOOKING_GROUP_COMMIT, reactions
    )


def settings_transaction(call: Callable[P, T]) -> Callable[P, T]:
    """Make a change of settings run in one outermost READ COMMITTED transaction, again for 60 s.

    Lock, then read: each statement after the lock sees the commits before it.

    Raises: `BookingConflict` when the deadline passes; every error of the decorated function.
    """
    terms = Terms(call.__name__, READ_COMMITTED, SETTINGS_DEADLINE_SECONDS, gated=False, grouped=False, reactions={})

    @wraps(call)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with running(terms) as attempts:
            while True:
                with attempts.attempt(), attempts.transaction():
                    return call(*args, **kwargs)

    return run


def begin_series(reactions: Mapping[str, Reaction]) -> None:
    """Make the counters that alerts watch begin at 0: the first count of a new series has no rate."""
    for state in TRANSIENT_STATES:
        metrics.booking_retries.labels(sqlstate=state)
    for constraint, reaction in reactions.items():
        if reaction is Reaction.DISAGREEMENT:
            metrics.booking_constraint_disagreement.labels(constraint=constraint)


def _retry_state(error: Exception, reactions: Mapping[str, Reaction]) -> str | None:
    """Return the label under which an error is run again, None if it is final."""
    if isinstance(error, AttemptOutdated):
        return error.label
    state: str | None = _diagnosis(error, "sqlstate")
    if isinstance(error, OperationalError) and state in TRANSIENT_STATES:
        return state
    if isinstance(error, IntegrityError) and _reacts_to(error, reactions):
        return state
    return None


def _reacts_to(error: IntegrityError, reactions: Mapping[str, Reaction]) -> bool:
    constraint = getattr(_diagnosis(error, "diag"), "constraint_name", None)
    reaction = reactions.get(constraint or "")
    if reaction is Reaction.DISAGREEMENT:
        metrics.booking_constraint_disagreement.labels(constraint=constraint).inc()
        logger.error("policy and database disagree", constraint=constraint)
    return reaction is not None


def _diagnosis(error: Exception, attribute: str) -> Any:
    return getattr(error.__cause__, attribute, None)
