"""Measure all starts of full evenings, alone and together: `python -m tests.seating.benchmark_starts [EVENINGS]`.

Processor time of the planner on one thread, on a state that it has not seen. No database, no web server.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from statistics import median, quantiles
from time import process_time

from tables.seating import (
    Floor,
    SeatingOutcome,
    SeatingPlanner,
    SeatingRequest,
    SeatingState,
    SeatingUndecided,
    TimeBudget,
    TimeLeft,
)
from tests.seating.evenings import booked, starts

PARTY_SIZES = (2, 3, 4, 6, 8)
# As availability of a date has it in service.
BUDGET = TimeBudget(exact_seconds=0.1)

Ask = Callable[[SeatingPlanner, list[SeatingRequest]], Iterable[SeatingOutcome]]


def alone(planner: SeatingPlanner, requests: list[SeatingRequest]) -> Iterable[SeatingOutcome]:
    """Ask for one start after another; they share the state's index and the proofs that are kept with it."""
    left = TimeLeft(BUDGET)
    for request in requests:
        with left.thinking() as budget:
            outcome = planner.plan(request, budget=budget)
        yield outcome


def together(planner: SeatingPlanner, requests: list[SeatingRequest]) -> Iterable[SeatingOutcome]:
    """Ask for all starts as availability does."""
    expected = planner.starts(requests, TimeLeft(BUDGET))
    return map(expected.plan, requests)


def main() -> None:
    """Measure both ways on every evening in turn, and write a line for each."""
    parser = ArgumentParser(prog="python -m tests.seating.benchmark_starts", description=__doc__)
    parser.add_argument("evenings", type=int, nargs="?", default=12, help="how many (default: %(default)s)")
    states = [(seed, booked(seed)) for seed in range(parser.parse_args().evenings)]
    ways: dict[str, Ask] = {"alone": alone, "together": together}
    times: dict[str, list[float]] = {name: [] for name in ways}
    undecided = dict.fromkeys(ways, 0)
    # The solver is loaded by the first question that needs it: once for a worker, not once for a date.
    list(together(SeatingPlanner(states[0][1]), starts(0, 2)))
    for seed, state in states:
        for party_size in PARTY_SIZES:
            for name, ask in ways.items():
                milliseconds, outcomes = _measured(ask, state, starts(seed, party_size))
                times[name].append(milliseconds)
                undecided[name] += sum(isinstance(outcome, SeatingUndecided) for outcome in outcomes)
    for name, measured in times.items():
        p95 = quantiles(measured, n=20)[-1]
        line = f"{name:>8}: p50 {median(measured):.0f} ms, p95 {p95:.0f} ms, at most {max(measured):.0f} ms of a date"
        sys.stdout.write(f"{line}; {undecided[name]} of {len(measured) * 20} starts undecided\n")


def _measured(ask: Ask, state: SeatingState, requests: list[SeatingRequest]) -> tuple[float, list[SeatingOutcome]]:
    """Ask about a state whose floor remembers nothing either."""
    cold = SeatingState(Floor(state.floor.tables, state.floor.combinations), state.occupied, state.parties)
    started = process_time()
    outcomes = list(ask(SeatingPlanner(cold), requests))
    return (process_time() - started) * 1000, outcomes


if __name__ == "__main__":
    main()
