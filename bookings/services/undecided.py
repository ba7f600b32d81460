"""Calls that end without a decision."""

from collections.abc import Iterator
from contextlib import contextmanager

from bookings.errors import SeatingNotDecided
from config import metrics
from config.errors import BookingConflict
from config.transactions import PlanOutdated


@contextmanager
def counting_undecided() -> Iterator[None]:
    """Count a call that ends because the planner found neither a plan nor a proof in time."""
    try:
        yield
    except BookingConflict as conflict:
        if isinstance(conflict, SeatingNotDecided) or isinstance(conflict.__cause__, PlanOutdated):
            metrics.booking_seating_undecided.inc()
        raise
