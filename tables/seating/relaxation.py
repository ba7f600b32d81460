"""The relaxation: proofs that there is no plan, checked in whole numbers and kept for the questions that follow."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from tables.seating.index import Claim, bits_of
from tables.seating.program import Alike, KindOf, Program, class_program
from tables.seating.question import Question
from tables.seating.solver import Solution, Verdict, relax

# Prices are whole numbers of this part of the solver's; what is cut off makes a proof weaker, never wrong.
PART = 1e-6
# Proofs that are kept, for each way to tell tables apart; the last ones that were found.
MOST_KEPT = 12


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices at which the parties to be seated must pay more than all tables are worth.

    `of_use` is the price of a table of a kind at a moment. `parties` is the mask of the parties to be seated, requests
    aside. `left` is the worth of all tables that are not fixed, less the least that these parties pay.

    A plan uses no table twice, so all parties at tables pay no more than the tables are worth. If they pay more even on
    the cheapest of their seats, there is no plan. Such prices exist wherever a relaxed program has no solution (Farkas,
    Theorie der einfachen Ungleichungen, 1902). They prove as much for any other request that pays too much.
    """

    parties: int
    of_use: dict[tuple[int, datetime], int]
    left: int
    kind_of: KindOf

    def refute(self, question: Question) -> bool:
        """Say whether the requests pay more than is left at these prices; False says nothing."""
        if _parties(question) != self.parties:
            return False
        return sum(self._least(claim) for claim in question.request_claims) > self.left

    def _least(self, claim: Claim) -> int:
        of_kind: Counter[int] = Counter()
        for (kind, moment), price in self.of_use.items():
            if claim.starts_at <= moment < claim.ends_at:
                of_kind[kind] += price
        return min(sum(of_kind[self.kind_of(bit)] for bit in bits_of(option.tables)) for option in claim.options)


class Proofs:
    """The proofs that were found on one state, the last one first."""

    def __init__(self) -> None:
        self._kept: defaultdict[Alike, list[Prices]] = defaultdict(list)

    def refute(self, question: Question, alike: Alike) -> bool:
        """Say whether a proof that is kept holds for this question too."""
        return any(prices.refute(question) for prices in self._kept[alike])

    def keep(self, alike: Alike, prices: Prices) -> None:
        """Keep a proof for the questions that follow."""
        self._kept[alike] = [prices, *self._kept[alike]][:MOST_KEPT]


def is_impossible(question: Question, alike: Alike, proofs: Proofs, seconds: float) -> bool:
    """Prove that there is no plan: the relaxed program of classes has no solution. False says nothing.

    A kept proof and the program agree: prices that refute a question refute its program. So the answer does not depend
    on the questions before.
    """
    if proofs.refute(question, alike):
        return True
    program = class_program(question, alike)
    relaxed = relax(program, seconds)
    if relaxed.verdict is not Verdict.IMPOSSIBLE:
        return False
    prices = _prices(question, program, relaxed)
    if prices.refute(question):
        proofs.keep(alike, prices)
    return True


def _prices(question: Question, program: Program, relaxed: Solution) -> Prices:
    of_row = [max(0, round(-value / PART)) for value in relaxed.proof] or [0] * len(program.upper)
    first = len(program.upper) - len(program.shared)
    of_row[:first] = [0] * first
    pays: dict[int, int] = {}
    for place, column in enumerate(program.columns):
        entries = range(program.starts[place], program.starts[place + 1])
        price = sum(of_row[program.rows[entry]] * program.values[entry] for entry in entries)
        pays[column.number] = min(price, pays.get(column.number, price))
    worth = sum(price * most for price, most in zip(of_row, program.upper, strict=True))
    return Prices(
        parties=_parties(question),
        of_use={use: price for use, price in zip(program.shared, of_row[first:], strict=True) if price},
        left=worth - sum(paid for number, paid in pays.items() if number < len(question.index.parties)),
        kind_of=program.kind_of,
    )


def _parties(question: Question) -> int:
    return question.seated | question.placed


class SharedRelaxation:
    """The relaxed program of classes for many requests, each asked by itself: built once, and no proof sought twice.

    `question` has all of these requests. Parties that only some of them meet in time are in it for all: they have their
    seats, so that they refuse nobody.
    """

    def __init__(self, question: Question, alike: Alike) -> None:
        import numpy as np

        from tables.seating.solver import Relaxation

        program = class_program(question, alike)
        self._order = question.order
        self._asked = len(self._order)
        self._relaxation = Relaxation(program, self._asked)
        self._moves = np.array([column.is_move for column in program.columns])
        self._rows, self._amounts = np.array(program.rows), np.array(program.values, dtype=np.int64)
        self._columns = np.array(program.starts[:-1])
        # The columns of a party follow each other.
        party = self._rows[self._columns]
        self._parties = np.flatnonzero(np.diff(party, prepend=-1))
        self._first_shared = len(program.upper) - len(program.shared)
        self._upper = np.array(program.upper, dtype=np.int64)

    def fewest_moves(self, pivots: int) -> list[int | None]:
        """Return for each request a number of moves that no plan goes below; None: it is proven that there is no plan.

        The last request is asked first. Where so many pivots were not enough it is 0, which says nothing.
        """
        moves: list[int | None] = [0] * self._asked
        for position in reversed(range(self._asked)):
            if moves[position] is None or pivots <= 0:
                continue
            relaxed = self._relaxation.solve(self._order.index(position), pivots)
            pivots -= relaxed.pivots
            if relaxed.verdict is Verdict.SOLVED:
                moves[position] = ceil(float(self._moves @ relaxed.values) - PART)
            elif relaxed.verdict is Verdict.IMPOSSIBLE:
                moves[position] = None
                for refuted in self._refuted_by(relaxed.proof):
                    moves[self._order[refuted]] = None
        return moves

    def _refuted_by(self, proof: Sequence[float]) -> list[int]:
        """Return the requests that pay more than is left at the prices of a proof, in whole numbers; see `Prices`."""
        import numpy as np

        shared = np.maximum(0.0, -np.array(proof)[self._first_shared :]) if proof else np.zeros(1)
        if not shared.max() > 0:
            return []
        prices = np.zeros(len(self._upper), dtype=np.int64)
        prices[self._first_shared :] = np.rint(shared / (shared.max() * PART))
        of_column = np.add.reduceat(prices[self._rows] * self._amounts, self._columns)
        pays = np.minimum.reduceat(of_column, self._parties)
        left = prices @ self._upper - pays[self._asked :].sum()
        return [int(row) for row in np.flatnonzero(pays[: self._asked] > left)]
