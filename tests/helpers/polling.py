"""Wait for what other processes do."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

INTERVAL_SECONDS = 0.02


def wait_until(condition: Callable[[], T], *, seconds: float) -> T:
    """Poll a condition until it holds, and return its value; when time is up, its last one."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := condition()) and time.monotonic() < deadline:
        pause.wait(INTERVAL_SECONDS)
    return found
