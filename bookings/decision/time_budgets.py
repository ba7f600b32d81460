"""How long the planner's exact model may take, where nobody waits for a lock and where everybody does."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from tables.seating import SeatingLimits

# What all questions of one book may take together.
# Looking at all starts of a date, or of many. What even the relaxation of the model has not refused has a plan nearly
# always, and counts as available.
READING: Final = SeatingLimits(exact_seconds=0.25)
# One start, looked at or, before the lock, about to be written: somebody waits for this answer.
SOLVING: Final = SeatingLimits(exact_seconds=3.0)
# Under the lock, where others wait.
LOCKED: Final = SeatingLimits(exact_seconds=0.15)
WITHOUT_EXACT: Final = SeatingLimits(exact_seconds=0)


@dataclass
class SolvingTime:
    """What is left for the questions of one book: twenty hard ones must not keep a reader waiting for seconds."""

    seconds_left: float

    @contextmanager
    def within(self, limits: SeatingLimits) -> Iterator[SeatingLimits]:
        """Give what is left of the limits, and take off how long that took."""
        started = time.monotonic()
        yield replace(limits, exact_seconds=max(0.0, min(limits.exact_seconds, self.seconds_left)))
        self.seconds_left -= time.monotonic() - started
