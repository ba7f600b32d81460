"""How long the planner's exact model may take, where nobody waits for a lock and where everybody does."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from tables.seating import SeatingLimits

# Looking: one question of the many that a day's availability has.
READING: Final = SeatingLimits(exact_seconds=1.0)
# Writing, before the lock: one question, and a guest who waits for the answer.
SOLVING: Final = SeatingLimits(exact_seconds=3.0)
# Under the lock, where others wait.
LOCKED: Final = SeatingLimits(exact_seconds=0.15)
WITHOUT_EXACT: Final = SeatingLimits(exact_seconds=0)

# All questions of one book together: hundreds of hard ones must not keep a reader waiting for minutes.
LONGEST_TOGETHER_SECONDS: Final = 5.0


@dataclass
class SolvingTime:
    """What is left for the questions of one book."""

    seconds_left: float = LONGEST_TOGETHER_SECONDS

    @contextmanager
    def within(self, limits: SeatingLimits) -> Iterator[SeatingLimits]:
        """Give what is left of the limits, and take off how long that took."""
        started = time.monotonic()
        yield replace(limits, exact_seconds=max(0.0, min(limits.exact_seconds, self.seconds_left)))
        self.seconds_left -= time.monotonic() - started
