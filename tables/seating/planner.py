"""Seat requests: on free seats, else by few moves, else by the exact model; refuse only with a proof."""

from collections.abc import Iterable, Iterator

from config.cached import cached_property
from tables.seating.floor import Seat
from tables.seating.index import StateIndex
from tables.seating.occupancy import Occupancy
from tables.seating.problem import (
    OccupiedInterval,
    SeatingOutcome,
    SeatingPlan,
    SeatingRefusal,
    SeatingRequest,
    SeatingState,
    SeatingUndecided,
    Step,
    TimeBudget,
    TimeLeft,
)
from tables.seating.question import Question, ask
from tables.seating.starts import Starts
from tables.seating.steps import Nodes, answer, settle, settle_directly
from tables.seating.unseated import Unseated

DEFAULT_BUDGET = TimeBudget()


class SeatingPlanner:
    """The planner on one state: built once, asked for every slot of a day."""

    def __init__(self, state: SeatingState) -> None:
        self.state = state

    @cached_property
    def occupancy(self) -> Occupancy:
        """Index the taken times, by parties that may be moved and by all else."""
        return Occupancy((*self.state.occupied, *self._held()))

    @cached_property
    def index(self) -> StateIndex:
        """Index the state as the search reads it."""
        return StateIndex(self.state)

    @cached_property
    def unseated(self) -> Unseated:
        """Remember the parties without tables that every plan has to seat."""
        return Unseated(self.index)

    def plan(self, *requests: SeatingRequest, budget: TimeBudget = DEFAULT_BUDGET) -> SeatingOutcome:
        """Seat all requests at once, or prove that it cannot be done.

        The answer depends on nothing but the state, the requests and the budget, not on the order of any of them. Only
        its finding within `exact_seconds` depends on the machine.
        """
        return self._answer(ask(self.index, requests), TimeLeft(budget))

    def starts(self, requests: Iterable[SeatingRequest], left: TimeLeft) -> Starts:
        """Return requests that are asked each by itself, the starts of a date, to be settled together in one time."""
        return Starts(self.index, requests, left, self._answer)

    def _answer(self, question: Question, left: TimeLeft) -> SeatingOutcome:
        if not all(claim.options for claim in question.request_claims):
            return question.refusal(Step.DIRECT)
        if question.unseated:
            return self._plan_with_unseated(question, left)
        return answer(question, settle(question, left))

    def _plan_with_unseated(self, question: Question, left: TimeLeft) -> SeatingOutcome:
        everybody = question.placing(question.unseated)
        direct = settle_directly(everybody, Nodes(left.budget.chain_nodes))
        if direct is not None and direct.seating is not None:
            # Where all can be seated, each of them had to be.
            return answer(everybody, direct)
        placeable = self.unseated.placeable(question.component, left)
        most = question.placing(placeable.certain | placeable.unknown)
        outcome = answer(most, settle(most, left))
        if not placeable.unknown or isinstance(outcome, SeatingPlan):
            return outcome
        fewest = question.placing(placeable.certain)
        refused = answer(fewest, settle(fewest, left))
        return refused if isinstance(refused, SeatingRefusal) else SeatingUndecided(question.span)

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
