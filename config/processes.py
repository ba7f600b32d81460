"""Child processes that never outlive their parent, and signals that come at a bad moment."""

import ctypes
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# prctl(2), PR_SET_PDEATHSIG
SET_PARENT_DEATH_SIGNAL = 1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_with_parent() -> None:
    """Let this process end (SIGTERM) when its parent is gone, also by SIGKILL; Linux alone can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Raise KeyboardInterrupt after the block, not in it: no process may start or end by half."""
    arrived: list[int] = []
    handlers = {number: signal.signal(number, lambda number, _: arrived.append(number)) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if arrived:
        raise KeyboardInterrupt
