"""Whether an evening proved a refusal right. Pure.

A refusal is right at its moment if a limit was full then; who cancels later or stays away is known only afterwards.
Looking back says what enforcing a limit would have cost, or has cost.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bookings.rollout_report.evenings import Evenings, ServiceOnDate
from capacity.policy import ReasonCode

SERVICE_CODES = frozenset({ReasonCode.SERVICE_COVERS, ReasonCode.SERVICE_PARTIES})
PACING_CODES = frozenset({ReasonCode.PACING_COVERS, ReasonCode.PACING_PARTIES})
OCCUPANCY_CODES = frozenset({ReasonCode.OCCUPANCY_COVERS, ReasonCode.OCCUPANCY_PARTIES})


class Hindsight(StrEnum):
    """What the evening said about a refusal that shadow mode waived."""

    RIGHT = "right"
    NOT_NEEDED = "notNeeded"
    DID_NOT_COME = "didNotCome"
    OPEN = "open"


class Aftermath(StrEnum):
    """What the evening said about a refusal that was enforced."""

    STAYED_EMPTY = "stayedEmpty"
    FILLED = "filled"
    TABLES_UNKNOWN = "tablesUnknown"
    OPEN = "open"


@dataclass(frozen=True)
class ReasonMet:
    """One reason of a decision with the limit as it was then; None where no number is the limit."""

    code: ReasonCode
    limit: int | None = None


@dataclass(frozen=True)
class PartySeen:
    """What became of the party that was let in: whether it came, and whether it had a table in the end."""

    came: bool
    had_table: bool = False
    left_unseated: bool = False


STAYED_AWAY = PartySeen(came=False)


@dataclass(frozen=True)
class Case:
    """One decision with reasons of capacity; the service is None where it is not known."""

    party_size: int
    starts_at: datetime
    ends_at: datetime
    service: ServiceOnDate | None
    reasons: tuple[ReasonMet, ...]

    @property
    def code(self) -> ReasonCode:
        """Return the reason that it stands under: the first one, as in the metrics."""
        return self.reasons[0].code


def look_back(case: Case, party: PartySeen, evenings: Evenings, now: datetime) -> Hindsight:
    """Say whether the evening proved a waived refusal right.

    It did if, of those who really came, a limit of its reasons was passed, or the party had no table in the end.
    """
    if not evenings.is_over(case.service, case.ends_at, now):
        return Hindsight.OPEN
    if any(came > limit for came, limit, _ in _against_limits(case, evenings)) or _had_no_table(case, party):
        return Hindsight.RIGHT
    return Hindsight.NOT_NEEDED if party.came else Hindsight.DID_NOT_COME


def look_back_at_refusal(case: Case, evenings: Evenings, now: datetime) -> Aftermath:
    """Say whether seats stayed empty that a refused party could have had, as far as the numbers tell.

    Which table it would have had is not told by numbers: where tables were short, only full limits are certain.
    """
    if not evenings.is_over(case.service, case.ends_at, now):
        return Aftermath.OPEN
    if any(came + asked > limit for came, limit, asked in _against_limits(case, evenings)):
        return Aftermath.FILLED
    is_about_tables = any(reason.code is ReasonCode.NO_TABLE for reason in case.reasons)
    return Aftermath.TABLES_UNKNOWN if is_about_tables else Aftermath.STAYED_EMPTY


def _had_no_table(case: Case, party: PartySeen) -> bool:
    is_about_tables = any(reason.code is ReasonCode.NO_TABLE for reason in case.reasons)
    return is_about_tables and ((party.came and not party.had_table) or party.left_unseated)


def _against_limits(case: Case, evenings: Evenings) -> Iterator[tuple[int, int, int]]:
    """Yield, of each limit among the reasons, who came, the limit, and what the party asked of it."""
    for reason in case.reasons:
        if reason.limit is None or reason.code is ReasonCode.NO_TABLE:
            continue
        asked = 1 if reason.code.endswith("_PARTIES") else case.party_size
        yield _turnout(reason.code, case, evenings), reason.limit, asked


def _turnout(code: ReasonCode, case: Case, evenings: Evenings) -> int:
    if code in OCCUPANCY_CODES:
        return evenings.fullest_moment(case.starts_at, case.ends_at).of(code)
    if case.service is None:
        return 0
    if code in PACING_CODES:
        return evenings.starting_at(case.service, case.starts_at).of(code)
    return evenings.of_service(case.service).of(code)
