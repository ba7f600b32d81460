"""The relaxation: proofs that there is no plan, checked in whole numbers and kept for the questions that follow."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

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
