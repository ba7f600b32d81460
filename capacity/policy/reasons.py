"""Why a request is refused, and how much of a limit is used."""

from dataclasses import dataclass, replace
from enum import StrEnum


class ReasonCode(StrEnum):
    """Why a request is refused, in the order in which the first gives the error."""

    PARTY_TOO_SMALL = "PARTY_TOO_SMALL"
    PARTY_TOO_LARGE = "PARTY_TOO_LARGE"
    PAST = "PAST"
    TOO_SOON = "TOO_SOON"
    TOO_FAR = "TOO_FAR"
    CLOSED = "CLOSED"
    OUTSIDE_SERVICE = "OUTSIDE_SERVICE"
    SERVICE_COVERS = "SERVICE_COVERS"
    SERVICE_PARTIES = "SERVICE_PARTIES"
    PACING_COVERS = "PACING_COVERS"
    PACING_PARTIES = "PACING_PARTIES"
    OCCUPANCY_COVERS = "OCCUPANCY_COVERS"
    OCCUPANCY_PARTIES = "OCCUPANCY_PARTIES"
    NO_TABLE = "NO_TABLE"


# Shadow mode waives these and nothing else.
CAPACITY_REASONS = frozenset(
    {
        ReasonCode.SERVICE_COVERS,
        ReasonCode.SERVICE_PARTIES,
        ReasonCode.PACING_COVERS,
        ReasonCode.PACING_PARTIES,
        ReasonCode.OCCUPANCY_COVERS,
        ReasonCode.OCCUPANCY_PARTIES,
        ReasonCode.NO_TABLE,
    }
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a refusal: `used` of `limit` were taken when `asked` more were wanted."""

    code: ReasonCode
    limit: int | None = None
    used: int | None = None
    asked: int | None = None


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of one limit is used. No limit: `limit` is None."""

    code: ReasonCode
    limit: int | None
    used: int

    def refuses(self, asked: int) -> bool:
        """Say whether `asked` more would pass the limit."""
        return self.limit is not None and self.used + asked > self.limit

    def asked_by(self, party_size: int) -> int:
        """Return what a party asks of this limit: its covers, or itself as one party."""
        return 1 if self.code.endswith("_PARTIES") else party_size

    def after(self, party_size: int) -> "LimitUse":
        """Return this use with one more party counted."""
        return replace(self, used=self.used + self.asked_by(party_size))

    def excess_raised_by(self, party_size: int) -> int:
        """Return by how much one more party raises what is above the limit."""
        return self.after(party_size).excess - self.excess

    @property
    def excess(self) -> int:
        """Return what is above the limit."""
        return 0 if self.limit is None else max(0, self.used - self.limit)

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
