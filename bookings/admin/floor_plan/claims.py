"""A table over an evening: who claims it when, and when it is free. Pure: instants in, spans out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tables.spans import TimeSpan


class ClaimKind(StrEnum):
    """The uses that keep a table from others, the first of them being said before the rest."""

    OVER = "over"
    PARTY = "party"
    OUT_OF_SERVICE = "out"
    BLOCK = "blocked"
    RESET = "reset"


@dataclass(frozen=True)
class Claim:
    """A table kept in [starts_at, ends_at) by a party, its buffer, or a block; `key` names the booking or the block."""

    kind: ClaimKind
    key: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class TableSpan:
    """A stretch of the evening in which the same claims hold; none of them: the table is free."""

    starts_at: datetime
    ends_at: datetime
    claims: tuple[Claim, ...]

    @property
    def is_conflict(self) -> bool:
        """Say whether two parties have the table, which no write of the engine leaves; one that stays on waits."""
        parties = {claim.key for claim in self.claims if claim.kind in (ClaimKind.PARTY, ClaimKind.RESET)}
        return len(parties) > 1


def spans_of(evening: TimeSpan, claims: Iterable[Claim]) -> Iterator[TableSpan]:
    """Yield the evening of a table, cut wherever a claim begins or ends."""
    known = sorted(claims, key=lambda claim: (list(ClaimKind).index(claim.kind), claim.starts_at, claim.key))
    edges = {edge for claim in known for edge in (claim.starts_at, claim.ends_at)}
    inside = sorted(edge for edge in edges if evening.starts_at < edge < evening.ends_at)
    starts = [evening.starts_at, *inside]
    for starts_at, ends_at in zip(starts, [*inside, evening.ends_at], strict=True):
        held = (claim for claim in known if claim.starts_at < ends_at and starts_at < claim.ends_at)
        yield TableSpan(starts_at, ends_at, tuple(held))
