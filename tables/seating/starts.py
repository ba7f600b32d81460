"""The starts of a date: many requests, each asked by itself, that share what is built and what is proven."""

from collections.abc import Collection, Iterable
from typing import Protocol

from tables.seating.bounds import is_refuted
from tables.seating.index import StateIndex
from tables.seating.problem import SeatingOutcome, SeatingRequest, Step, TimeLeft
from tables.seating.program import Alike, suiting_alike, used_alike
from tables.seating.question import Question, ask
from tables.seating.steps import Nodes, Settled, answer, settle_directly, settle_exactly, settle_from

# Where more moves are needed, a search of so few nodes seldom finds any.
MOST_SEARCHED = 2
# The work of all starts together, in counts as everywhere before the exact model: nodes of the search for moves, and
# pivots of the simplex for each way to tell tables apart. Either takes some hundredths of a second.
MOST_NODES = 1000
MOST_PIVOTS: dict[Alike, int] = {suiting_alike: 1500, used_alike: 400}


class AnswerQuestion(Protocol):
    """The answer to one question alone, in the time left."""

    def __call__(self, question: Question, left: TimeLeft) -> SeatingOutcome: ...


class Starts:
    """Requests of which each is asked by itself, about one state.

    A start that has a free seat is answered at once. With the first that has none all others are settled too, from
    cheap to dear: a proof that one has serves the others, few moves go before many, and the exact model comes last, in
    the time that is left of all. What that does not settle stays undecided.

    Parties without tables are a question for each start: `alone` answers it.
    """

    def __init__(
        self, index: StateIndex, requests: Iterable[SeatingRequest], left: TimeLeft, alone: AnswerQuestion
    ) -> None:
        self._index = index
        self._left = left
        self._alone = alone
        self._requests = tuple(requests)
        self._questions: dict[SeatingRequest, Question] = {}
        self._settled: dict[SeatingRequest, Settled] = {}
        self._is_settled = False
        self._nodes = Nodes(MOST_NODES)

    def plan(self, request: SeatingRequest) -> SeatingOutcome:
        """Seat one of the requests, or prove that it cannot be done."""
        question = self._question(request)
        if question.unseated:
            with self._left.thinking() as budget:
                return self._alone(question, TimeLeft(budget))
        if not (self._is_settled or self._settle_directly(request)):
            self._settle()
            self._is_settled = True
        return answer(question, self._settled.get(request))

    def _question(self, request: SeatingRequest) -> Question:
        if request not in self._questions:
            self._questions[request] = ask(self._index, (request,))
        return self._questions[request]

    def _settle(self) -> None:
        waiting = [request for request in self._requests if not self._question(request).unseated]
        with self._left.thinking():
            still_open = self._settle_without_exact(waiting)
        for request in still_open:
            self._keep(request, settle_exactly(self._question(request), self._left))

    def _settle_without_exact(self, requests: Collection[SeatingRequest]) -> list[SeatingRequest]:
        """Settle what proofs of refusal and moves can; return the other requests, the cheapest first."""
        still_open = [
            request for request in requests if not (self._settle_directly(request) or self._refute_by_bound(request))
        ]
        # A number of moves that no plan goes below says how dear a start is, and where the search begins.
        fewest = dict.fromkeys(still_open, 0)
        for alike in MOST_PIVOTS:
            for request, moves in self._refute_by_relaxation(still_open, alike).items():
                fewest[request] = max(fewest[request], moves)
            waiting = (request for request in still_open if request not in self._settled)
            cheapest_first = sorted(waiting, key=lambda request: (fewest[request], request.starts_at))
            still_open = [request for request in cheapest_first if not self._seat_by_moves(request, fewest[request])]
        return still_open

    def _settle_directly(self, request: SeatingRequest) -> bool:
        if request in self._settled:
            return True
        question = self._question(request)
        if not question.request_claims[0].options:
            return self._keep(request, Settled(Step.DIRECT))
        return self._keep(request, settle_directly(question, Nodes(self._left.budget.chain_nodes)))

    def _refute_by_bound(self, request: SeatingRequest) -> bool:
        return is_refuted(self._question(request)) and self._keep(request, Settled(Step.BOUND))

    def _refute_by_relaxation(self, requests: Collection[SeatingRequest], alike: Alike) -> dict[SeatingRequest, int]:
        """Refuse the requests that a proof is found for; return for each other how many moves it takes at least."""
        if not requests:
            return {}
        # Imported here, with the solver behind it, where the cheaper steps did not do.
        from tables.seating.relaxation import SharedRelaxation

        relaxation = SharedRelaxation(self._together(requests), alike)
        fewest = dict(zip(requests, relaxation.fewest_moves(MOST_PIVOTS[alike]), strict=True))
        for request, moves in fewest.items():
            if moves is None:
                self._keep(request, Settled(Step.RELAXATION))
        return {request: moves for request, moves in fewest.items() if moves is not None}

    def _together(self, requests: Collection[SeatingRequest]) -> Question:
        component = 0
        for request in requests:
            component |= self._question(request).component
        return Question(self._index, tuple(requests), component)

    def _seat_by_moves(self, request: SeatingRequest, fewest_moves: int) -> bool:
        if fewest_moves > MOST_SEARCHED or self._nodes.left <= 0:
            return False
        nodes = Nodes(min(self._left.budget.chain_nodes, self._nodes.left))
        self._nodes.left -= nodes.left
        settled = settle_from(self._question(request), fewest_moves, nodes)
        self._nodes.left += nodes.left
        return self._keep(request, settled)

    def _keep(self, request: SeatingRequest, settled: Settled | None) -> bool:
        if settled is not None:
            self._settled[request] = settled
        return settled is not None
