"""HiGHS, asked to solve a program; the only module that knows it, and it imports it when it is first asked.

HiGHS lets go of the interpreter's lock while it solves, so other threads go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from tables.seating.program import Program


class Verdict(Enum):
    """The verdict of the solver: a solution, a proof that there is none, or neither in time."""

    SOLVED = "solved"
    IMPOSSIBLE = "impossible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Solution:
    """The value of every column, and the least that a column adds to the cost if it is chosen (its reduced cost).

    Without a solution in parts either, `proof` has a multiplier for every row (a dual ray), as far as the solver knows
    them. The sum of the rows, each that often, cannot be met. `pivots` are those of a `Relaxation`.
    """

    verdict: Verdict
    values: Sequence[float] = ()
    reduced_costs: Sequence[float] = ()
    proof: Sequence[float] = ()
    pivots: int = 0


class Goal(Enum):
    """The moves at which the solver stops: `TWICE_THE_FEWEST` of what is proven to be needed."""

    FEWEST = "fewest"
    TWICE_THE_FEWEST = "twice the fewest"
    ANY = "any"


# Near a relaxed optimum the other heuristics find solutions as soon as feasibility jump does, in less time.
_STOPS_AT: Final[dict[Goal, dict[str, Any]]] = {
    Goal.FEWEST: {"mip_abs_gap": 0.99, "mip_heuristic_run_feasibility_jump": False},
    Goal.TWICE_THE_FEWEST: {"mip_abs_gap": 0.99, "mip_rel_gap": 0.5},
    Goal.ANY: {"mip_max_improving_sols": 1},
}


def relax(program: Program, seconds: float) -> Solution:
    """Solve with parts of parties allowed: quick, and the program is impossible if even that is."""
    # Presolve takes longer than the simplex needs for programs of this size.
    return _solve(program, seconds, {"presolve": "off"}, is_whole=False)


def solve(
    program: Program,
    seconds: float,
    columns: Sequence[bool] | None = None,
    *,
    goal: Goal = Goal.FEWEST,
    start: Sequence[float] = (),
    presolve: bool = True,
) -> Solution:
    """Solve for whole parties, with some columns only if they are given.

    `start` is a solution to improve. If time runs out the best solution found, if there is one, is the answer. Without
    `presolve` it takes longer, and an impossible program is one.
    """
    options = _STOPS_AT[goal] | ({} if presolve else {"presolve": "off"})
    return _solve(program, seconds, options, is_whole=True, columns=columns, start=start)


class Relaxation:
    """A program in parts that stays in the solver; of the parties in its first rows one is to be seated at a time.

    The simplex starts where all others have their present seats: no more moves are needed there, and nothing is built
    or solved anew but what the party in question changes.
    """

    def __init__(self, program: Program, asked: int) -> None:
        """Build the program; its first rows, `asked` in number, are those of the parties that are asked about."""
        import numpy as np

        self._solver = _solver({"presolve": "off"})
        model = _as_model(program, None, is_whole=False)
        # Every party has one entry in its own row, the first of its columns.
        self._party = np.array(program.rows, dtype=np.int32)[np.array(program.starts[:-1])]
        model.col_upper_ = np.where(self._party < asked, 0.0, 1.0)
        model.row_lower_ = np.where(np.arange(model.num_row_) < asked, 0.0, model.row_lower_)
        self._solver.passModel(model)
        self._basis = _basis_of_staying(program, asked)

    def solve(self, row: int, pivots: int) -> Solution:
        """Solve for the party of one row beside those that have to be seated in any case, in at most so many pivots."""
        import numpy as np

        columns = np.flatnonzero(self._party == row).astype(np.int32)
        none, one = np.zeros(len(columns)), np.ones(len(columns))
        self._solver.setBasis(self._basis)
        self._solver.changeColsBounds(len(columns), columns, none, one)
        self._solver.changeRowBounds(row, 1.0, 1.0)
        self._solver.setOptionValue("simplex_iteration_limit", max(0, pivots))
        self._solver.run()
        found = replace(_read(self._solver, is_whole=False), pivots=self._solver.getInfo().simplex_iteration_count)
        if found.verdict is Verdict.IMPOSSIBLE:
            found = replace(found, proof=_proof(self._solver))
        self._solver.changeColsBounds(len(columns), columns, none, none)
        self._solver.changeRowBounds(row, 0.0, 1.0)
        return found


def _basis_of_staying(program: Program, asked: int) -> Any:
    """Return the basis of the present seats: every party that has one at it, all that is shared with room to spare."""
    from highspy import HighsBasis, HighsBasisStatus

    parties = len(program.upper) - len(program.shared)
    at_home = [column.is_home for column in program.columns]
    with_home = {program.rows[start] for start, home in zip(program.starts, at_home, strict=False) if home}
    basis = HighsBasis()
    basis.col_status = [HighsBasisStatus.kBasic if home else HighsBasisStatus.kLower for home in at_home]
    basis.row_status = [
        HighsBasisStatus.kLower if row in with_home else HighsBasisStatus.kBasic for row in range(parties)
    ] + [HighsBasisStatus.kBasic] * len(program.shared)
    basis.valid = True
    return basis


def _solve(
    program: Program,
    seconds: float,
    options: dict[str, Any],
    *,
    is_whole: bool,
    columns: Sequence[bool] | None = None,
    start: Sequence[float] = (),
) -> Solution:
    import highspy

    solver = _solver(options | {"time_limit": max(seconds, 0.0)})
    solver.passModel(_as_model(program, columns, is_whole=is_whole))
    if start:
        known = highspy.HighsSolution()
        known.col_value = list(start)
        solver.setSolution(known)
    solver.run()
    found = _read(solver, is_whole=is_whole)
    return replace(found, proof=_proof(solver)) if found.verdict is Verdict.IMPOSSIBLE and not is_whole else found


def _solver(options: dict[str, Any]) -> Any:
    import highspy

    solver = highspy.Highs()
    # Nobody calls these, and each holds the solver: with its megabytes it would wait for the cyclic collector.
    solver.callbacks.clear()
    # One thread and one seed: the same program has the same solution, wherever it is solved.
    for name, value in ({"output_flag": False, "threads": 1, "random_seed": 0} | options).items():
        solver.setOptionValue(name, value)
    return solver


def _read(solver: Any, *, is_whole: bool) -> Solution:
    from highspy import HighsModelStatus as Status
    from highspy import SolutionStatus

    status = solver.getModelStatus()
    # Every column lies between 0 and 1, so nothing here is unbounded.
    if status in (Status.kInfeasible, Status.kUnboundedOrInfeasible):
        return Solution(Verdict.IMPOSSIBLE)
    has_plan = is_whole and solver.getInfo().primal_solution_status == int(SolutionStatus.kSolutionStatusFeasible)
    if status == Status.kOptimal or has_plan:
        found = solver.getSolution()
        return Solution(Verdict.SOLVED, list(found.col_value), list(found.col_dual))
    return Solution(Verdict.UNKNOWN)


def _proof(solver: Any) -> Sequence[float]:
    _, is_known, multipliers = solver.getDualRay()
    return list(multipliers) if is_known else ()


def _as_model(program: Program, columns: Sequence[bool] | None, *, is_whole: bool) -> Any:
    import highspy
    import numpy as np

    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.columns), len(program.upper)
    model.col_cost_ = np.array([float(column.is_move) for column in program.columns])
    model.col_lower_ = np.zeros(model.num_col_)
    model.col_upper_ = np.ones(model.num_col_) if columns is None else np.array(columns, dtype=float)
    model.row_lower_, model.row_upper_ = np.array(program.lower, dtype=float), np.array(program.upper, dtype=float)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.array(program.starts, dtype=np.int32)
    model.a_matrix_.index_ = np.array(program.rows, dtype=np.int32)
    model.a_matrix_.value_ = np.array(program.values, dtype=float)
    if is_whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * model.num_col_
    return model
