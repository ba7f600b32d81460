"""The steps that settle a question, each on its own: free seats, few moves, proofs of refusal, the exact model."""

from collections.abc import Iterable
from dataclasses import dataclass

from tables.seating.answers import SeatingOutcome, SeatingUndecided, Step
from tables.seating.bounds import is_refuted
from tables.seating.problem import TimeLeft
from tables.seating.program import Alike, suiting_alike, used_alike
from tables.seating.question import Question, Seating
from tables.seating.tree import MoveTree, Nodes

# Plans of so few moves, which most plans with moves are, are looked for before any proof that there is none.
PROMPT_MOVES = 3
# A relaxation takes some milliseconds; where it takes this long, the question goes on without it.
RELAXATION_SECONDS = 0.25


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
