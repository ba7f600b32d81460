"""The facts of a report: plain numbers and texts, the same for every reader."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from bookings.insight.verdict.recommendation import Recommendation
from capacity.misconfigurations import Misconfiguration
from capacity.policy import ReasonCode


@dataclass(frozen=True)
class ReportPeriod:
    """The business dates of a report (inclusive) on the wall of the restaurant, and the part of them that was seen.

    `service_days` are the dates up to today with a service, `observed_days` the days with a decision, about any date.
    The recommendation looks back to `judged_from`, which is `first` or earlier. Before `ledger_from` no decisions are
    kept.
    """

    first: date
    last: date
    service_days: int
    observed_days: int
    judged_from: date
    ledger_from: date

    @property
    def judged_days(self) -> int:
        """Return the number of dates that the recommendation looks at."""
        return (self.last - self.judged_from).days + 1


@dataclass(frozen=True)
class ModeSpan:
    """Decisions in one mode, from the first day to the last on which there were any."""

    mode: str
    first: date
    last: date
    decisions: int


@dataclass(frozen=True)
class ModeChange:
    """One change of the mode: of the restaurant, or of all of them."""

    at: datetime
    is_for_all: bool
    from_value: str
    to_value: str
    by: str
    reason: str


@dataclass(frozen=True)
class Seen:
    """Decisions of one mode and verdict, or of one source."""

    key: tuple[str, ...]
    decisions: int
    covers: int


@dataclass(frozen=True)
class WouldBe:
    """Would-be refusals that stand under one reason, and the verdict of their evenings, in decisions.

    `covers_not_needed` are those of the parties that an enforced limit would have turned away for nothing.
    """

    code: ReasonCode
    decisions: int
    covers: int
    right: int
    not_needed: int
    did_not_come: int
    open: int
    covers_not_needed: int


@dataclass(frozen=True)
class Refusals:
    """Refusals that were enforced, each guest once, and the later use of their seats, in decisions.

    `covers` are those asked for; a change counts the covers beside those that the booking had. The evenings had room
    for `covers_empty` in the end, together with all refused before them.
    """

    decisions: int = 0
    covers: int = 0
    stayed_empty: int = 0
    covers_empty: int = 0
    filled: int = 0
    tables_unknown: int = 0
    open: int = 0


@dataclass(frozen=True)
class Turned(Refusals):
    """New parties that were refused and took no other start; beside them those that did, and changes of bookings.

    `repeated` are requests of guests who had asked for the very same before. `no_show_covers` and `cancelled_covers`
    are those of the evenings that had room for a new party in the end.
    """

    repeated: int = 0
    answered: int = 0
    answered_covers: int = 0
    changes: Refusals = field(default_factory=Refusals)
    no_show_covers: int = 0
    cancelled_covers: int = 0

    @property
    def is_any(self) -> bool:
        """Say whether anything was refused."""
        return bool(self.decisions or self.answered or self.changes.decisions)


@dataclass(frozen=True)
class Above:
    """The excess above one limit, by source: covers or parties, of occupancy at the worst moment of each stay."""

    source: str
    limit: str
    times: int
    amount: int


@dataclass(frozen=True)
class Timing:
    """The durations of decisions, in milliseconds, and their outcomes."""

    decisions: int = 0
    p50_ms: int = 0
    p95_ms: int = 0
    lock_wait_p95_ms: int = 0
    repeated: int = 0
    undecided: int = 0
    unexamined: int = 0

    @property
    def error_share(self) -> float:
        """Return the share that was not decided in time: the guest got BOOKING_CONFLICT."""
        return self.undecided / self.decisions if self.decisions else 0.0


@dataclass(frozen=True)
class Offered:
    """Refusals that offered other starts, and the number of them that a booking answered."""

    refusals: int = 0
    accepted: int = 0


@dataclass(frozen=True)
class Ticket:
    """One note of the support."""

    at: datetime
    tickets: int
    text: str
    by: str


@dataclass(frozen=True)
class RolloutReport:
    """The verdict on one restaurant, with its evidence.

    `obstacles` keep it from enforcing under any setting.
    """

    restaurant_id: int
    slug: str
    name: str
    timezone: str
    as_of: datetime
    is_enforced: bool
    is_set_to_enforce: bool
    period: ReportPeriod
    recommendation: Recommendation
    obstacles: Sequence[str] = ()
    modes: Sequence[ModeSpan] = ()
    changes: Sequence[ModeChange] = ()
    seen: Sequence[Seen] = ()
    sources: Sequence[Seen] = ()
    refused_otherwise: Sequence[Seen] = ()
    would_be: Sequence[WouldBe] = ()
    turned: Turned = field(default_factory=Turned)
    overbookings: Sequence[str] = ()
    above: Sequence[Above] = ()
    timing: Timing = field(default_factory=Timing)
    offered: Offered = field(default_factory=Offered)
    tickets: Sequence[Ticket] = ()
    misconfigurations: Sequence[Misconfiguration] = ()

    @property
    def standing(self) -> str:
        """Return the mode of the restaurant in words."""
        if self.is_enforced:
            return "enforces its limits"
        return "is set to enforce and in shadow all the same" if self.is_set_to_enforce else "is in shadow"
