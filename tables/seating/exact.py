"""The exact step: the program of all tables, solved or proven to be impossible."""

from dataclasses import dataclass
from time import monotonic

from tables.seating.program import Program, table_program
from tables.seating.question import Question, Seating
from tables.seating.repair import repair
from tables.seating.solver import Goal, Solution, Verdict, relax, solve

# How far from the relaxed optimum a column may lie, in moves, to be tried: from few columns to more.
WIDTHS = (1.0, 3.0)
# The solver keeps its rows to a ten millionth; nothing between whole parties comes near.
ZERO = 1e-6


@dataclass(frozen=True, slots=True)
class ExactAnswer:
    """The answer of the programs: `seating` None is a proof that there is no plan."""

    seating: Seating | None


def solve_exactly(question: Question, seconds: float) -> ExactAnswer | None:
    """Find a plan or prove that there is none; None if time ran out.

    From cheap to dear, each program runs only if the one before did not settle the question. First comes the relaxed
    program of tables, then that of whole parties with the columns near the relaxed optimum, then with all. A relaxation
    without a solution is a proof, a restriction without one is none.

    Nine times in ten the relaxation has its optimum with every party whole: then nothing else moves fewer. Else the
    reduced cost of a column is a lower bound on the further moves with it (reduced cost fixing, Dantzig, Fulkerson and
    Johnson 1954). So a plan that the near columns give is at most so far from the fewest moves.

    A plan that needs columns far from the optimum is found first and improved then, in the time left. It moves at most
    twice the fewest parties, unless time ran out before that was known: then it is the best that was found.

    No refusal rests on the solver's presolve, which has called programs impossible that were not (HiGHS issues 2585,
    3090 and 3216, among others): the whole program is solved once more without.
    """
    deadline = monotonic() + seconds
    program = table_program(question)
    relaxed = relax(program, deadline - monotonic())
    if relaxed.verdict is not Verdict.SOLVED:
        return ExactAnswer(None) if relaxed.verdict is Verdict.IMPOSSIBLE else None
    found = relaxed if _is_whole(relaxed) else _solve(program, relaxed, deadline)
    if found.verdict is Verdict.UNKNOWN:
        return None
    is_solved = found.verdict is Verdict.SOLVED
    return ExactAnswer(repair(question, _seating(program, found)) if is_solved else None)


def _is_whole(relaxed: Solution) -> bool:
    return all(value < ZERO or value > 1 - ZERO for value in relaxed.values)


def _solve(program: Program, relaxed: Solution, deadline: float) -> Solution:
    """Solve ever wider programs, the last of which is the whole one, until one has a solution."""
    for width in WIDTHS:
        near = [value > 0 or cost < width for value, cost in zip(relaxed.values, relaxed.reduced_costs, strict=True)]
        found = solve(program, deadline - monotonic(), near)
        if found.verdict is Verdict.SOLVED:
            return found
    for presolve in (True, False):
        first = solve(program, deadline - monotonic(), goal=Goal.ANY, presolve=presolve)
        if first.verdict is Verdict.SOLVED:
            better = solve(program, deadline - monotonic(), goal=Goal.TWICE_THE_FEWEST, start=first.values)
            return better if better.verdict is Verdict.SOLVED else first
    return first


def _seating(program: Program, solution: Solution) -> Seating:
    chosen = (column for column, value in zip(program.columns, solution.values, strict=True) if value > 0.5)
    return {column.number: column.option for column in chosen if column.option is not None}
