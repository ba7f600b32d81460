"""The queues of jobs, and the groups of queues that share a process."""

from typing import Final

from procrastinate import RetryStrategy

AUDITS: Final = "audits"
SLOTS: Final = "slots"
UPKEEP: Final = "upkeep"
QUEUES: Final = (AUDITS, SLOTS, UPKEEP)

# Queues that one process takes from, and how many of their jobs run at once. The auditor has its
# own: however long days are made or rows pruned, it looks every minute.
GROUPS: Final[tuple[tuple[tuple[str, ...], int], ...]] = (
    ((AUDITS,), 1),
    ((SLOTS, UPKEEP), 2),
)

MOST_ATTEMPTS: Final = 5
# Again after 4, 16, 64, 256 and 1024 seconds, then dead. Never beside a queueing lock: a job that
# waits for its retry would meet the twin that was let in while it ran.
RETRIES: Final = RetryStrategy(max_attempts=MOST_ATTEMPTS, exponential_wait=4)
