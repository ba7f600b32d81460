"""HiGHS, asked to solve a program; the only module that knows it, and it imports it when it is first asked.

HiGHS lets go of the interpreter's lock while it solves, so other threads go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

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
    them. The sum of the rows, each that often, cannot be met.
    """

    verdict: Verdict
    values: Sequence[float] = ()
    reduced_costs: Sequence[float] = ()
    proof: Sequence[float] = ()


def relax(program: Program, seconds: float) -> Solution:
    """Solve with parts of parties allowed: quick, and the program is impossible if even that is."""
    # Presolve takes longer than the simplex needs for programs of this size.
    return _solve(program, seconds, {"presolve": "off"}, is_whole=False)


def solve(program: Program, seconds: float, columns: Sequence[bool] | None = None, *, first: bool = False) -> Solution:
    """Solve for whole parties, with some columns only if they are given; `first` takes the first solution found."""
    # Near a relaxed optimum the other heuristics find solutions as soon as feasibility jump does, in less time.
    best = {"mip_abs_gap": 0.99, "mip_heuristic_run_feasibility_jump": False}
    options = {"mip_max_improving_sols": 1} if first else best
    return _solve(program, seconds, options, is_whole=True, columns=columns)


def _solve(
    program: Program,
    seconds: float,
    options: dict[str, Any],
    *,
    is_whole: bool,
    columns: Sequence[bool] | None = None,
) -> Solution:
    import highspy

    solver = highspy.Highs()
    # One thread and one seed: the same program has the same solution, wherever it is solved.
    fixed = {"output_flag": False, "threads": 1, "random_seed": 0, "time_limit": max(seconds, 0.0)}
    for name, value in (fixed | options).items():
        solver.setOptionValue(name, value)
    solver.passModel(_as_model(program, columns, is_whole=is_whole))
    solver.run()
    found = _read(solver, first="mip_max_improving_sols" in options)
    return replace(found, proof=_proof(solver)) if found.verdict is Verdict.IMPOSSIBLE and not is_whole else found


def _read(solver: Any, *, first: bool) -> Solution:
    from highspy import HighsModelStatus as Status

    status = solver.getModelStatus()
    # Every column lies between 0 and 1, so nothing here is unbounded.
    if status in (Status.kInfeasible, Status.kUnboundedOrInfeasible):
        return Solution(Verdict.IMPOSSIBLE)
    if status == Status.kOptimal or (first and status == Status.kSolutionLimit):
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
