"""The order in which restaurants join or leave when a percentage of them is to enforce. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

# The stages of the rollout, and nothing between them.
PERCENTAGES = (10, 50, 100)


@dataclass(frozen=True)
class Candidate:
    """One restaurant of the rollout."""

    public_id: UUID
    is_beta_partner: bool
    is_enforcing: bool


@dataclass(frozen=True)
class PercentageChange:
    """The restaurants that join and leave so that `wanted` of them enforce, in the order of joining."""

    wanted: int
    joining: tuple[Candidate, ...]
    leaving: tuple[Candidate, ...]


def change_for_percentage(candidates: Iterable[Candidate], percent: int) -> PercentageChange:
    """Choose the fewest changes after which that percentage of the candidates, rounded up, enforces.

    A restaurant that enforces already stays as long as there is room, wherever it stands in the order. So a larger
    percentage drops none, not even one that was set by hand.
    """
    ordered = sorted(candidates, key=_place_in_order)
    enforcing = [candidate for candidate in ordered if candidate.is_enforcing]
    waiting = [candidate for candidate in ordered if not candidate.is_enforcing]
    wanted = -(-len(ordered) * percent // 100)
    return PercentageChange(
        wanted=wanted,
        joining=tuple(waiting[: max(0, wanted - len(enforcing))]),
        leaving=tuple(enforcing[wanted:]),
    )


def _place_in_order(candidate: Candidate) -> tuple[bool, bytes]:
    # Never by id, which would take the oldest restaurants first: they are no sample of all. A hash stays where it is
    # when others come and go.
    return not candidate.is_beta_partner, hashlib.sha256(candidate.public_id.bytes).digest()
