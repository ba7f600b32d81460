"""The reasons of a refusal. Pure: no Django."""

from dataclasses import dataclass
from enum import StrEnum


class ReasonCode(StrEnum):
    """The code of a reason to refuse, in the order in which the first gives the error."""

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


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a refusal: `used` of `limit` were taken when `asked` more were wanted."""

    code: ReasonCode
    limit: int | None = None
    used: int | None = None
    asked: int | None = None

    @property
    def beyond(self) -> int:
        """Return by how much the party goes beyond: above a limit its part of the excess, else itself as one party."""
        if self.code is ReasonCode.NO_TABLE or self.limit is None or self.used is None or self.asked is None:
            return 1
        return min(self.asked, self.used + self.asked - self.limit)
