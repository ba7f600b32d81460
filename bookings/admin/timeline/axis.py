"""The time axis of a screen: an evening in elapsed steps, under the wall clock of its restaurant. Pure.

Time is counted from the first instant of service. So a night on which the clocks go back has columns more, one on which
they go forward has columns fewer, and no stay is drawn longer or shorter than it is. The labels alone show the wall.

An instant belongs to the column that holds it, at both ends of a stay: parties that follow each other never overlap.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tables.spans import TimeSpan

STEP = timedelta(minutes=5)


@dataclass(frozen=True)
class Columns:
    """The columns [first, last) of a stretch of time, and whether it goes on before or after what is shown."""

    first: int
    last: int
    is_cut_before: bool = False
    is_cut_after: bool = False


@dataclass(frozen=True)
class Tick:
    """A label of the ruler: the wall clock from a column on, with the zone's name where that tells hours apart."""

    column: int
    label: str


@dataclass(frozen=True)
class TimeAxis:
    """The elapsed steps of an evening."""

    starts_at: datetime
    steps: int

    @classmethod
    def over(cls, span: TimeSpan) -> "TimeAxis":
        """Return the axis over a span of time, its last step perhaps longer."""
        return cls(span.starts_at, max(1, -((span.starts_at - span.ends_at) // STEP)))

    @property
    def ends_at(self) -> datetime:
        """Return the end of the last column."""
        return self.starts_at + self.steps * STEP

    def column_of(self, instant: datetime) -> int:
        """Return the column that holds an instant; below 0 or past the last one outside the axis."""
        return (instant - self.starts_at) // STEP

    def columns_of(self, starts_at: datetime, ends_at: datetime) -> Columns | None:
        """Return the columns of a stretch, one at least; None where it lies outside the axis."""
        if ends_at <= self.starts_at or starts_at >= self.ends_at:
            return None
        first = max(0, self.column_of(starts_at))
        last = min(self.steps, max(self.column_of(ends_at), first + 1))
        return Columns(first, last, starts_at < self.starts_at, ends_at > self.ends_at)

    def share_of(self, instant: datetime) -> float | None:
        """Return the share of the axis that has passed at an instant, None outside."""
        if not self.starts_at <= instant < self.ends_at:
            return None
        return (instant - self.starts_at) / (self.ends_at - self.starts_at)

    def is_changed_in(self, zone: ZoneInfo) -> bool:
        """Say whether the clocks of a zone are changed meanwhile, so that an hour needs the zone's name."""
        offsets = {(self.starts_at + step * STEP).astimezone(zone).utcoffset() for step in range(self.steps)}
        return len(offsets) > 1

    def ticks(self, zone: ZoneInfo) -> Iterator[Tick]:
        """Yield the first column, every whole hour of the wall, and the column at which its clock is changed."""
        walls = [(self.starts_at + step * STEP).astimezone(zone) for step in range(self.steps)]
        are_named = self.is_changed_in(zone)
        for column, wall in enumerate(walls):
            is_changed = column > 0 and wall.utcoffset() != walls[column - 1].utcoffset()
            if column == 0 or is_changed or wall.minute < STEP.seconds // 60:
                yield Tick(column, wall_label(wall, is_named=are_named))


def wall_label(wall: datetime, *, is_named: bool) -> str:
    """Return a local time as people say it, "01:30 BST" where the name of the zone is needed."""
    if not is_named:
        return f"{wall:%H:%M}"
    name = wall.tzname() or ""
    return f"{wall:%H:%M} {name if name.isalpha() else f'UTC{name}'}"
