"""The words that the parts of a day book share."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import NamedTuple


class ServiceKey(NamedTuple):
    """A service day by what it is, whether or not its row is there."""

    period_id: int
    business_date: date


@dataclass(frozen=True)
class Interval:
    """`[starts_at, ends_at)` in UTC."""

    starts_at: datetime
    ends_at: datetime

    def meets(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Say whether a span meets or touches this interval, as service days are claimed."""
        return starts_at <= self.ends_at and ends_at >= self.starts_at

    def joined(self, other: "Interval") -> "Interval":
        """Return the shortest interval that holds both."""
        return Interval(min(self.starts_at, other.starts_at), max(self.ends_at, other.ends_at))

    @staticmethod
    def around(intervals: "Iterable[Interval]") -> "Interval":
        """Return the shortest interval that holds all of one or more."""
        return reduce(Interval.joined, intervals)
