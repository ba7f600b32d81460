"""The one way of a write that asks the planner: draft it, lock what it reaches, draft it again, write.

A draft reads the state, decides, and says what that depends on. It is made before the lock, to find what to lock and to
solve what takes long, and once more under it: what it says then holds until the commit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from bookings.decision import LOCKED, SOLVING, DayBook, SolvedSeating
from bookings.decision.touched_days import Reach, ServiceDayClaim
from bookings.errors import SeatingNotDecided
from bookings.services.settings.materialization import materialize_missing
from config import metrics
from config.errors import BookingConflict
from config.transactions import PlanOutdated, Reaction
from tables.seating import SeatingLimits


@dataclass(frozen=True)
class Means:
    """What a draft may spend on the planner, and what the planner said before the lock."""

    limits: SeatingLimits = SOLVING
    solved: SolvedSeating | None = None


class Draft(Protocol):
    """What a write would do on the state as it was read, and all that this depends on."""

    @property
    def book(self) -> DayBook:
        """Return what was read."""

    @property
    def reach(self) -> Reach:
        """Return the service days that the write touches."""

    @property
    def solved(self) -> SolvedSeating | None:
        """Return what the planner was asked and answered, to be used again where nothing has changed."""

    @property
    def is_undecided(self) -> bool:
        """Say whether the planner ran out of time."""


D = TypeVar("D", bound=Draft)


def claim_draft(draft: Callable[[Means], Draft]) -> ServiceDayClaim:
    """Name the service days that a draft reaches, creating those that are not there.

    What needs the exact model is solved here, where nobody waits for a lock.

    Raises: `SeatingNotDecided`; whatever the draft raises.
    """
    found = _decided(draft)
    restaurant_id = found.book.settings.restaurant.pk
    if found.reach.missing:
        materialize_missing(restaurant_id=restaurant_id, keys=found.reach.missing)
        found = _decided(draft)
    return found.reach.as_claim(restaurant_id, found.solved)


def _decided(draft: Callable[[Means], Draft]) -> Draft:
    found = draft(Means())
    if found.is_undecided:
        raise SeatingNotDecided
    return found


def draft_again(claim: ServiceDayClaim, draft: Callable[[Means], D], *, limits: SeatingLimits = LOCKED) -> D:
    """Draft once more, under the lock.

    Raises: `ClaimTooSmall` or `PlanOutdated`, and the call runs again; whatever the draft raises.
    """
    found = draft(Means(limits, claim.solved))
    if found.is_undecided:
        raise PlanOutdated
    claim.require(found.reach)
    return found


REACTIONS: Final = {
    "assignment_no_double_seating": Reaction.RUN_AGAIN,
    "booking_idempotency_key_unique_in_restaurant": Reaction.RUN_AGAIN,
    "bookings_booking_reference_key": Reaction.RUN_AGAIN,
    "service_day_covers_within_limit": Reaction.DISAGREEMENT,
    "service_day_parties_within_limit": Reaction.DISAGREEMENT,
    "slot_starting_covers_within_limit": Reaction.DISAGREEMENT,
    "slot_starting_parties_within_limit": Reaction.DISAGREEMENT,
    "slot_present_covers_within_limit": Reaction.DISAGREEMENT,
    "slot_present_parties_within_limit": Reaction.DISAGREEMENT,
}


@contextmanager
def counting_undecided() -> Iterator[None]:
    """Count a call that ends because the planner found neither a plan nor a proof in time."""
    try:
        yield
    except BookingConflict as conflict:
        if isinstance(conflict, SeatingNotDecided) or isinstance(conflict.__cause__, PlanOutdated):
            metrics.booking_seating_undecided.inc()
        raise
