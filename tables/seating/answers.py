"""The answers of the planner."""

from dataclasses import dataclass
from enum import StrEnum

from tables.spans import TimeSpan


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
