"""Spans of time, and their overlaps. Pure: no Django."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Lasting(Protocol):
    """A span from an instant to another: a stay, a slot, a service day, a block."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """`[starts_at, ends_at)` in UTC.

    Counters and tables ask `overlaps`: a stay that ends as the next begins shares nothing with it. Locks ask
    `touches`: one too many makes somebody wait, one too few overbooks.
    """

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: Lasting) -> bool:
        """Say whether they share a moment; where one only ends as the other begins they do not."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def touches(self, other: Lasting) -> bool:
        """Say whether they share a moment, or one ends as the other begins."""
        return self.starts_at <= other.ends_at and other.starts_at <= self.ends_at

    @staticmethod
    def around(spans: Iterable[Lasting]) -> "TimeSpan":
        """Return the shortest span that holds all of one or more."""
        held = list(spans)
        return TimeSpan(min(span.starts_at for span in held), max(span.ends_at for span in held))
