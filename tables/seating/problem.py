"""The planner's question, parties at tables and requests for a seat, and its answers: a plan, or the proof of none."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from math import inf
from time import monotonic

from tables.seating.floor import Floor
from tables.spans import TimeSpan


@dataclass(frozen=True, slots=True)
class OccupiedInterval:
    """A table's taken time [starts_at, ends_at), the buffer included, that no plan may move."""

    table_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class SeatedParty:
    """A live party that a plan may move; it needs its tables in [starts_at, ends_at), the buffer included.

    `table_ids` are its present tables, in any order: always allowed, even those that would not be given out any more. A
    party without tables was booked before there were any, or while limits were waived: a plan seats it when it can.
    """

    booking_id: int
    party_size: int
    starts_at: datetime
    ends_at: datetime
    seating: str | None
    channel: str
    table_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SeatingRequest:
    """A request for a seat in [starts_at, ends_at), the buffer included; `seating` None is no wish, else a requirement.

    With `table_ids` somebody has chosen the tables: these and no others, of any size. Only fixed intervals, or parties
    that nothing else can take, stand in the way.
    """

    party_size: int
    starts_at: datetime
    ends_at: datetime
    seating: str | None
    channel: str
    table_ids: tuple[int, ...] | None = None


@dataclass(frozen=True)
class SeatingState:
    """All facts that a plan depends on, beside the requests. Equal states have equal answers.

    `occupied` may overlap on one table (a block over a seated party). Pinned, arrived and seated parties, parties about
    to come and blocks belong there; `parties` are the others.
    """

    floor: Floor
    occupied: tuple[OccupiedInterval, ...] = ()
    parties: tuple[SeatedParty, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBudget:
    """The time budget of the planner: seconds of its exact model, and nodes of its search for moves.

    `exact_seconds` is for all questions together, `at_once` for one of them; with 0 the exact model is not asked.
    """

    exact_seconds: float = 1.0
    at_once: float = inf
    chain_nodes: int = 500


class TimeLeft:
    """The rest of a time budget for questions that come one after another."""

    def __init__(self, budget: TimeBudget) -> None:
        self.budget = budget
        self.exact_seconds = budget.exact_seconds

    @contextmanager
    def thinking(self, at_most: TimeBudget | None = None) -> Iterator[TimeBudget]:
        """Give the budget of the next question, perhaps less than the whole budget, and take off the time used."""
        asked = at_most or self.budget
        started = monotonic()
        yield replace(asked, exact_seconds=max(0.0, min(asked.exact_seconds, asked.at_once, self.exact_seconds)))
        self.exact_seconds -= monotonic() - started


# The answers


class Step(StrEnum):
    """The step of the planner that settled a question.

    A bound and the relaxation only ever refuse: each of them proves that there is no plan, and none finds one.
    """

    DIRECT = "direct"
    BOUND = "bound"
    CHAIN = "chain"
    RELAXATION = "relaxation"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Move:
    """A move of a party to other tables; `from_table_ids` is empty for one that had none."""

    booking_id: int
    from_table_ids: tuple[int, ...]
    to_table_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SeatingPlan:
    """A seat for every request, with the moves that make it possible.

    `seats` are the tables of each request, in the order of the requests; `spare_seats` counts the empty seats at these.
    `depends_on` is the time in which parties were looked at as movable, or of the requests alone.
    """

    seats: tuple[tuple[int, ...], ...]
    spare_seats: int
    depends_on: TimeSpan
    moves: tuple[Move, ...] = ()
    step: Step = Step.DIRECT

    @property
    def table_ids(self) -> tuple[int, ...]:
        """Return the tables of the first request."""
        return self.seats[0]


@dataclass(frozen=True, slots=True)
class SeatingRefusal:
    """The proof that no plan exists.

    `suitable` counts the tables and combinations that could ever take the first request. `taken` counts those of them
    that are not free for all of its time. With `suitable` 0 no other time would help.
    """

    suitable: int
    taken: int
    depends_on: TimeSpan
    step: Step = Step.DIRECT


@dataclass(frozen=True, slots=True)
class SeatingUndecided:
    """The answer that neither a plan nor a proof was found within the limits: not a refusal."""

    depends_on: TimeSpan


SeatingOutcome = SeatingPlan | SeatingRefusal | SeatingUndecided
