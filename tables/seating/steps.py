"""The steps that settle a question, each on its own: free seats, few moves, proofs of refusal, the exact model."""

from collections.abc import Iterable
from dataclasses import dataclass

from tables.seating.bounds import is_refuted
from tables.seating.index import Claim, Option, bits_of
from tables.seating.problem import SeatingOutcome, SeatingUndecided, Step, TimeLeft
from tables.seating.program import Alike, suiting_alike, used_alike
from tables.seating.question import Question, Seating

# Plans of so few moves, which most plans with moves are, are looked for before any proof that there is none.
PROMPT_MOVES = 3
# A relaxation takes some milliseconds; where it takes this long, the question goes on without it.
RELAXATION_SECONDS = 0.25
# Above as many parties to seat, the next one is chosen once for all: comparing them at every node costs more.
MOST_COMPARED = 6
# Deeper trees are not searched: every party takes two calls, and Python's own stack is limited.
DEEPEST = 200

# An option, and the mask of the parties that must leave it.
Way = tuple[Option, int]


@dataclass
class Nodes:
    """The nodes that may still be visited; the same count wherever the program runs, unlike time."""

    left: int

    def visit(self) -> bool:
        """Take one node; say whether there was one."""
        self.left -= 1
        return self.left >= 0


class MoveTree:
    """The search of all plans in which at most so many seated parties move.

    A node has parties that seek a seat. One of them takes a seat with nothing fixed in the way. The parties that sit
    there at that time, and have not moved yet, seek a seat from then on. A leaf is a plan.

    Complete: take a plan with as few moves as allowed, and give every party in the tree the seat that it has in that
    plan. A party that is sent away moves in the plan too, for another has its seat there. So no more than the allowed
    number are sent away, each of them has a seat in the plan, and no two of these collide. A leaf is found. Parties may
    be taken in any order, since each of them has to be seated; the one with the fewest ways goes first.

    After `search`, `best` is the plan of least cost that was found. Without one, `is_cut` says that a larger number of
    moves could find one. `is_exhausted` says that every node was visited: neither cut nor unvisited is a proof.
    """

    def __init__(self, question: Question, most_moves: int, nodes: Nodes) -> None:
        self._question = question
        self._movable = question.seated
        self._most_moves = most_moves
        self._nodes = nodes
        self._given: Seating = {}
        # The parties that have been given a seat, and those sent away from theirs, as masks.
        self._settled = 0
        self._sent = 0
        self._best_cost: int | None = None
        self.best: Seating | None = None
        self.is_cut = False
        self.is_exhausted = True

    def search(self) -> Seating | None:
        """Visit the tree; return the best plan found."""
        seeking = sorted(self._question.seeking, key=lambda claim: (len(claim.options), claim.number))
        if len(seeking) + self._most_moves > DEEPEST:
            self.is_exhausted = False
        elif all(claim.options for claim in seeking):
            self._visit(seeking, self._most_moves, 0)
        return self.best

    def _visit(self, seeking: list[Claim], moves_left: int, cost: int) -> None:
        if not seeking:
            self._keep(cost)
        elif not self._nodes.visit():
            self.is_exhausted = False
        elif self._best_cost is None or cost + sum(claim.options[0].cost for claim in seeking) < self._best_cost:
            self._branch(seeking, moves_left, cost)

    def _keep(self, cost: int) -> None:
        if self._best_cost is None or cost < self._best_cost:
            self._best_cost, self.best = cost, dict(self._given)

    def _branch(self, seeking: list[Claim], moves_left: int, cost: int) -> None:
        claim, ways, is_cut = self._choose(seeking, moves_left)
        self.is_cut |= is_cut
        others = [other for other in seeking if other is not claim]
        for option, blockers in ways:
            sent = [self._question.claim(number) for number in bits_of(blockers)]
            if all(other.options for other in sent):
                self._given[claim.number] = option
                self._settled ^= 1 << claim.number
                self._sent ^= blockers
                self._visit([*others, *sent], moves_left - len(sent), cost + option.cost)
                self._sent ^= blockers
                self._settled ^= 1 << claim.number
                del self._given[claim.number]
            if not self.is_exhausted or not (others or blockers):
                # Where the last party takes its cheapest free seat, any other costs more or sends somebody away.
                return

    def _choose(self, seeking: list[Claim], moves_left: int) -> tuple[Claim, list[Way], bool]:
        """Return the party with the fewest ways, these ways, and whether it has more of them with more moves."""
        compared = seeking if len(seeking) <= MOST_COMPARED else seeking[:1]
        found: list[tuple[Claim, list[Way], bool]] = []
        for claim in compared:
            found.append((claim, *self._ways(claim, moves_left)))
            if not found[-1][1]:
                return found[-1]
        return min(found, key=lambda candidate: len(candidate[1]))

    def _ways(self, claim: Claim, moves_left: int) -> tuple[list[Way], bool]:
        meets = self._question.meets(claim.number)
        taken = 0
        for number in bits_of(meets & self._settled):
            taken |= self._given[number].tables
        in_way = meets & self._movable & ~self._sent
        open_seats = [option for option in claim.options if not option.tables & taken]
        if not moves_left:
            ways = [(option, 0) for option in open_seats if not option.sitting & in_way]
        else:
            all_ways = [(option, option.sitting & in_way) for option in open_seats]
            ways = [way for way in all_ways if way[1].bit_count() <= moves_left]
            ways.sort(key=lambda way: way[1].bit_count())
        return ways, len(ways) < len(open_seats)


@dataclass(frozen=True, slots=True)
class Settled:
    """A question that a step settled: with the seats that it gives, or refused for good."""

    step: Step
    seating: Seating | None = None


def settle(question: Question, left: TimeLeft) -> Settled | None:
    """Settle a question by the cheapest step that can; None if no step could in the time left.

    Most impossible questions are so already if tables are told apart by nothing but the parties that they suit. These
    classes are asked about before the chain goes deep, smaller ones only after it.
    """
    nodes = Nodes(left.budget.chain_nodes)
    movable = question.seated.bit_count()
    return (
        settle_directly(question, nodes)
        or settle_by_moves(question, nodes, range(1, min(PROMPT_MOVES, movable) + 1))
        or refute(question)
        or refute_by_relaxation(question, suiting_alike)
        or settle_by_moves(question, nodes, range(PROMPT_MOVES + 1, movable + 1))
        or refute_by_relaxation(question, used_alike)
        or settle_exactly(question, left)
    )


def settle_directly(question: Question, nodes: Nodes) -> Settled | None:
    """Seat every party on free seats, or show that no move could help."""
    return _settle_with(question, 0, nodes, Step.DIRECT)


def refute(question: Question) -> Settled | None:
    """Refuse a question with too many parties at one moment."""
    return Settled(Step.BOUND) if is_refuted(question) else None


def refute_by_relaxation(question: Question, alike: Alike) -> Settled | None:
    """Refuse a question if even parts of parties find no seats at tables of which those alike are only counted."""
    # Imported here, with the solver behind it, where the cheaper steps did not do.
    from tables.seating.relaxation import Proofs, is_impossible

    proofs = question.index.remembered(Proofs)
    return Settled(Step.RELAXATION) if is_impossible(question, alike, proofs, RELAXATION_SECONDS) else None


def settle_by_moves(question: Question, nodes: Nodes, numbers: Iterable[int]) -> Settled | None:
    """Seat every party by one of these numbers of moves, the fewest possible, or show that no moves help.

    Iterative deepening (Korf 1985): all plans of one move, then of two, and so on; the first that is found has the
    fewest. A tree that is not cut at a number of moves is the whole tree.
    """
    for most_moves in numbers:
        settled = _settle_with(question, most_moves, nodes, Step.CHAIN)
        if settled is not None or nodes.left <= 0:
            return settled
    return None


def settle_from(question: Question, fewest_moves: int, nodes: Nodes) -> Settled | None:
    """Seat every party by moves, of which no plan has fewer than this number."""
    return settle_by_moves(question, nodes, range(max(1, fewest_moves), question.seated.bit_count() + 1))


def settle_exactly(question: Question, left: TimeLeft) -> Settled | None:
    """Ask the exact model, for as long as time is left."""
    if left.exact_seconds <= 0:
        return None
    from tables.seating.exact import solve_exactly

    with left.thinking() as budget:
        found = solve_exactly(question, budget.exact_seconds)
    return Settled(Step.EXACT, found.seating) if found is not None else None


def answer(question: Question, settled: Settled | None) -> SeatingOutcome:
    """Return the answer to a question about requests."""
    if settled is None:
        return SeatingUndecided(question.span)
    if settled.seating is None:
        return question.refusal(settled.step)
    return question.plan(settled.seating, settled.step)


def _settle_with(question: Question, most_moves: int, nodes: Nodes, step: Step) -> Settled | None:
    tree = MoveTree(question, most_moves, nodes)
    seating = tree.search()
    if seating is not None or (tree.is_exhausted and not tree.is_cut):
        return Settled(step, seating)
    return None
