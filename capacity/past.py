"""A clock that shows the past, for playing through a history that is over: the demo, and nothing else.

A contract of the imports names the importers of this module. No request, command or job of a live restaurant can turn
the clock back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

_instant: ContextVar[datetime | None] = ContextVar("past_instant", default=None)


@contextmanager
def clock_at(instant: datetime) -> Iterator[None]:
    """Let every reader of the clock in this context, and in no other, read an instant (with its zone) that is over."""
    if instant.tzinfo is None:
        raise ValueError("an instant says its zone")
    token = _instant.set(instant)
    try:
        yield
    finally:
        _instant.reset(token)


def shown_instant() -> datetime | None:
    """Return the instant that the clock shows in this context; None is the database's clock, as anywhere else."""
    return _instant.get()
