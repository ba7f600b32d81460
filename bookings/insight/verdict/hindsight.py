"""The proof of a refusal by its evening. Pure.

A refusal is right at its moment if a limit was full then; cancellations and no-shows are known only afterwards.
Hindsight tells the cost that enforcing a limit would have had, or has had.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bookings.insight.verdict.evenings import Attended, Evenings, ServiceOnDate
from capacity.limits import LIMIT_OF, LimitKind
from capacity.policy import ReasonCode


class Hindsight(StrEnum):
    """The verdict of the evening on a refusal that shadow mode waived."""

    RIGHT = "right"
    NOT_NEEDED = "notNeeded"
    DID_NOT_COME = "didNotCome"
    OPEN = "open"


class Aftermath(StrEnum):
    """The verdict of the evening on a refusal that was enforced."""

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
    """The later life of a party: its stay, whether it came, and whether it had a table in the end.

    The stay is that of its booking now, also after a move; None where the booking is gone.
    """

    stay: Attended | None
    came: bool
    had_table: bool = False
    left_unseated: bool = False
    is_cancelled: bool = False

    def is_there(self, case: "Case", evenings: Evenings) -> bool:
        """Say whether its stay is still in the service and the slot that let it in."""
        if self.stay is None or self.stay.service != case.service:
            return False
        return evenings.is_same_slot(self.stay.service, self.stay.starts_at, case.starts_at)


GONE = PartySeen(stay=None, came=False)


@dataclass(frozen=True)
class Case:
    """One decision with reasons of capacity; the service is None where it is not known.

    `other_limits` are those of its service and its slot that were no reason, as they were then.
    """

    party_size: int
    starts_at: datetime
    ends_at: datetime
    service: ServiceOnDate | None
    reasons: tuple[ReasonMet, ...]
    other_limits: tuple[ReasonMet, ...] = ()

    @property
    def code(self) -> ReasonCode:
        """Return the reason that it stands under: the first one, as in the metrics."""
        return self.reasons[0].code


@dataclass(frozen=True)
class KnownCase:
    """A case with the keys to its sequel: the decision's id, and the booking that was let in or is to be changed."""

    decision_id: int
    decided_at: datetime
    booking_id: int | None
    is_refused: bool
    is_change: bool
    source: str
    seating: str
    case: Case


def look_back(case: Case, party: PartySeen, evenings: Evenings, now: datetime) -> Hindsight:
    """Say whether the evening proved a waived refusal right.

    It did if the parties that came passed a limit of its reasons, or the party had no table in the end. A party that
    cancelled is no question any more, also before its evening is over.
    """
    is_there = party.is_there(case, evenings)
    is_right = _had_no_table(case, party, is_there=is_there)
    if not evenings.is_over(case.service, case.ends_at, now):
        return Hindsight.DID_NOT_COME if party.is_cancelled and not is_right else Hindsight.OPEN
    if is_right or any(came > limit for came, limit, _ in _against(case.reasons, case, evenings)):
        return Hindsight.RIGHT
    return Hindsight.NOT_NEEDED if party.came and is_there else Hindsight.DID_NOT_COME


def look_back_at_refusal(case: Case, evenings: Evenings, now: datetime, beside: Sequence[Attended] = ()) -> Aftermath:
    """Say whether seats stayed empty that a refused party could have had, as far as the numbers tell.

    `beside` those that came may be other refused parties. Numbers do not tell its table: where tables were short, only
    full limits are certain.
    """
    if not evenings.is_over(case.service, case.ends_at, now):
        return Aftermath.OPEN
    limits = (*case.reasons, *case.other_limits)
    if any(came + asked > limit for came, limit, asked in _against(limits, case, evenings, beside)):
        return Aftermath.FILLED
    is_about_tables = any(reason.code is ReasonCode.NO_TABLE for reason in case.reasons)
    return Aftermath.TABLES_UNKNOWN if is_about_tables else Aftermath.STAYED_EMPTY


def _had_no_table(case: Case, party: PartySeen, *, is_there: bool) -> bool:
    is_about_tables = any(reason.code is ReasonCode.NO_TABLE for reason in case.reasons)
    return is_about_tables and is_there and ((party.came and not party.had_table) or party.left_unseated)


def _against(
    limits: Iterable[ReasonMet], case: Case, evenings: Evenings, beside: Sequence[Attended] = ()
) -> Iterator[tuple[int, int, int]]:
    """Yield of each limit the turnout, the limit, and the amount that the party asked of it."""
    for met in limits:
        if met.limit is None or met.code is ReasonCode.NO_TABLE:
            continue
        asked = LIMIT_OF[met.code].asked_by(case.party_size)
        yield _turnout(met.code, case, evenings, beside), met.limit, asked


def _turnout(code: ReasonCode, case: Case, evenings: Evenings, beside: Sequence[Attended]) -> int:
    kind = LIMIT_OF[code].kind
    if kind is LimitKind.OCCUPANCY:
        return evenings.fullest_moment(case.starts_at, case.ends_at, beside).of(code)
    if case.service is None:
        return 0
    if kind is LimitKind.PACING:
        return evenings.starting_at(case.service, case.starts_at, beside).of(code)
    return evenings.of_service(case.service, beside).of(code)
