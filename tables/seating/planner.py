"""Seat requests: on free seats, else by few moves, else by the exact model; refuse only with a proof."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tables.seating.answers import SeatingOutcome, SeatingUndecided, Step
from tables.seating.floor import Seat
from tables.seating.index import StateIndex
from tables.seating.occupancy import Occupancy
from tables.seating.problem import OccupiedInterval, SeatingRequest, SeatingState
from tables.seating.question import Question, ask
from tables.seating.tree import MoveTree, Nodes


@dataclass(frozen=True, slots=True)
class SeatingLimits:
    """How much the planner may spend on one question; with `exact_seconds` 0 it does not ask the exact model."""

    chain_nodes: int = 2000
    exact_seconds: float = 1.0


DEFAULT_LIMITS = SeatingLimits()


class SeatingPlanner:
    """Answer requests on one state; build it once, ask it for every slot of a day."""

    def __init__(self, state: SeatingState) -> None:
        self.state = state

    @cached_property
    def occupancy(self) -> Occupancy:
        """Index what is taken now, by parties that may be moved and by all else."""
        return Occupancy((*self.state.occupied, *self._held()))

    @cached_property
    def index(self) -> StateIndex:
        """Index the state as the search reads it."""
        return StateIndex(self.state)

    def plan(self, *requests: SeatingRequest, limits: SeatingLimits = DEFAULT_LIMITS) -> SeatingOutcome:
        """Seat all requests at once, or prove that it cannot be done."""
        question = ask(self.index, requests)
        question = question.placing(question.unseated)
        if not all(claim.options for claim in question.request_claims):
            return question.refusal(Step.DIRECT)
        return self._by_moves(question, limits)

    def _by_moves(self, question: Question, limits: SeatingLimits) -> SeatingOutcome:
        nodes = Nodes(limits.chain_nodes)
        for most_moves in range(question.seated.bit_count() + 1):
            step = Step.CHAIN if most_moves else Step.DIRECT
            tree = MoveTree(question, most_moves, nodes)
            seating = tree.search()
            if seating is not None:
                return question.plan(seating, step)
            if not tree.is_exhausted:
                break
            if not tree.is_cut:
                return question.refusal(step)
        return SeatingUndecided(question.span)

    def suitable_seats(self, request: SeatingRequest) -> tuple[Seat, ...]:
        """Return the seats that a request could ever be given, the best first."""
        return self.index.suitable(request)

    def free_seats(self, request: SeatingRequest) -> tuple[Seat, ...]:
        """Return the suitable seats that are free for all of its time without any move, the best first."""
        return tuple(
            seat
            for seat in self.suitable_seats(request)
            if self.occupancy.are_free(seat.table_ids, request.starts_at, request.ends_at)
        )

    def _held(self) -> Iterator[OccupiedInterval]:
        for party in self.state.parties:
            for table_id in party.table_ids:
                yield OccupiedInterval(table_id, party.starts_at, party.ends_at)
