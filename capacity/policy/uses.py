"""The use of limits, in numbers and per cent."""

from dataclasses import dataclass, replace

from capacity.limits import LIMIT_OF, Limit
from capacity.reasons import Reason, ReasonCode


@dataclass(frozen=True, slots=True)
class LimitUse:
    """The use of one limit. No limit: `limit` is None."""

    code: ReasonCode
    limit: int | None
    used: int

    @classmethod
    def of(cls, row: object, limit: Limit) -> "LimitUse":
        """Return the use of a limit from the attributes of a service or slot."""
        return cls(limit.code, getattr(row, limit.column), getattr(row, limit.counter))

    def refuses(self, asked: int) -> bool:
        """Say whether `asked` more would pass the limit."""
        return self.limit is not None and self.used + asked > self.limit

    def asked_by(self, party_size: int) -> int:
        """Return the amount that a party asks of this limit."""
        return LIMIT_OF[self.code].asked_by(party_size)

    def after(self, party_size: int) -> "LimitUse":
        """Return this use with one more party counted."""
        return replace(self, used=self.used + self.asked_by(party_size))

    def excess_raised_by(self, party_size: int) -> int:
        """Return by how much one more party raises the excess over the limit."""
        return self.after(party_size).excess - self.excess

    @property
    def excess(self) -> int:
        """Return the amount above the limit."""
        return 0 if self.limit is None else max(0, self.used - self.limit)

    @property
    def room_left(self) -> float:
        """Return the room that the limit still has, infinite without one."""
        return float("inf") if self.limit is None else self.limit - self.used

    @property
    def percent(self) -> int | None:
        """Return round(100 x used / limit), None without a limit to speak of."""
        return percent_of(self.used, self.limit)

    def reason(self, asked: int) -> Reason:
        """Return this limit as the reason of a refusal."""
        return Reason(self.code, self.limit, self.used, asked)


def percent_of(used: int, limit: int | None) -> int | None:
    """Return round(100 x used / limit) with halves up; None without a limit, 100 for a limit of 0."""
    if limit is None:
        return None
    return 100 if limit == 0 else (200 * used + limit) // (2 * limit)
