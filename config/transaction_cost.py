"""The cost of the transactions of one use case: for the decision records and the logs."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from config import metrics


@dataclass
class TransactionCost:
    """Attempts, causes of those that ran again (SQLSTATE or label), seconds waited at the gate and for rows."""

    attempts: int = 0
    retries: list[str] = field(default_factory=list)
    lock_wait_seconds: float = 0.0


# Outside `measuring_cost` it is nobody's: what is added there is thrown away.
_cost: ContextVar[TransactionCost | None] = ContextVar("transaction_cost", default=None)


@contextmanager
def measuring_cost() -> Iterator[TransactionCost]:
    """Add up the cost of the transactions inside the block, in this thread."""
    cost = TransactionCost()
    token = _cost.set(cost)
    try:
        yield cost
    finally:
        _cost.reset(token)


def count_attempt() -> None:
    """Count an attempt that begins."""
    if (cost := _cost.get()) is not None:
        cost.attempts += 1


def count_retry(state: str) -> None:
    """Count an attempt that runs again, by SQLSTATE or label."""
    metrics.booking_retries.labels(sqlstate=state).inc()
    if (cost := _cost.get()) is not None:
        cost.retries.append(state)


def observe_lock_wait(stage: str, seconds: float) -> None:
    """Observe a wait at the gate (`gate`) or for the service day rows (`row`)."""
    metrics.booking_lock_wait.labels(stage=stage).observe(seconds)
    if (cost := _cost.get()) is not None:
        cost.lock_wait_seconds += seconds
