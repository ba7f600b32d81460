"""Write the planner's section of docs/benchmarks.md from what was measured."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import mean

from tests.helpers.benchmark_pages import machine, percentile
from tests.seating.benchmark_evenings import BEST_FIT, FIRST_FIT, PLANNER, Figures, StepFigures, Tally
from tests.seating.benchmark_memory import Memory

STEPS = {
    "direct": ("A free seat, or nobody's move could help", "p95 < 1 ms"),
    "bound": ("Too many parties at one moment", ""),
    "chain": ("Few moves", "p95 < 10 ms"),
    "relaxation": ("Too many parties even if tables were shared out in parts", ""),
    "exact": ("The exact model", "p95 < 150 ms, under 5 % of decisions"),
    "undecided": ("Not decided in time", "none"),
}
RULES = (FIRST_FIT, BEST_FIT, PLANNER)

_SEATS = """\
### Who is seated

First fit takes the first free table by number, then a free combination; best fit the free one with the fewest spare
seats. Neither moves anybody. Same evenings, same arrivals.

| Rule | Parties seated | Covers seated | Parties refused | Covers refused | Covers against first fit |
|---|---|---|---|---|---|"""

_DECISIONS = """\
### How long a decision takes

One request on a state that the planner has not seen, its index included. A step's time includes that of the steps
before it, which did not settle the question.

| Step | Settles | Plans | Refusals | Share | p50 | p95 | p99 | Aim |
|---|---|---|---|---|---|---|---|---|"""

_AVAILABILITY = """\
### A day's availability over HTTP

`GET /api/availability` for a whole date, on 50 tables: twenty starts decided by each answer. A hundred questions for
parties of two, four and six in turn, one after the other, to one worker of the web server on the same machine.

| Bookings | p50 | p95 | p99 | Aim |
|---|---|---|---|---|"""


@dataclass(frozen=True, slots=True)
class Measured:
    """All figures of one run."""

    figures: Figures
    memory: Memory
    availability: dict[int, list[float]]


def page(measured: Measured, measured_on: date) -> str:
    """Return the whole section."""
    figures = measured.figures
    parts = [_head(figures, measured_on), _seats(figures), _steps(figures), _memory(measured.memory)]
    return "\n".join([*parts, _availability(measured.availability)])


def _head(figures: Figures, measured_on: date) -> str:
    return f"""\
## The seating planner

Written by `make bench-seating` on {measured_on:%Y-%m-%d}: do not edit. The machine has {machine()}; its load average
over the last 15 minutes of measuring was {os.getloadavg()[2]:.1f}; above the number of cores, all times are upper
bounds.

{figures.evenings} evenings, each from its seed (`tests/seating/evenings.py`): 50 tables with 172 seats, 12
combinations, a patio, a bar, tables for walk-ins alone; 150 parties who ask in random order for 17:00 to 21:45. More
ask than can be seated: no rule could seat everybody, so refusals are expected of each.

That half the parties are two, and the mean is three guests, is an assumption, not a measurement. Parties of up to
four stay 90 minutes, up to six 120, larger ones 150; on every other evening tables are kept ten minutes longer. One
party in twenty is pinned as soon as it is seated, and two tables are blocked for two hours. No test asserts a time.
"""


def _seats(figures: Figures) -> str:
    rows = [_seats_row(name, figures.tallies[name], figures.tallies[FIRST_FIT]) for name in RULES]
    return "\n".join([_SEATS, *rows, ""])


def _seats_row(name: str, tally: Tally, first_fit: Tally) -> str:
    gain = f"{100 * tally.covers_seated / first_fit.covers_seated - 100:+.1f} %"
    counts = (tally.parties_seated, tally.covers_seated, tally.parties_refused, tally.covers_refused)
    return f"| {name} | {' | '.join(map(str, counts))} | {gain} |"


def _steps(figures: Figures) -> str:
    total = sum(len(step.seconds) for step in figures.steps.values())
    rows = [
        _step_row(name, what, aim, figures.steps[name], total)
        for name, (what, aim) in STEPS.items()
        if name in figures.steps or name == "undecided"
    ]
    assert set(figures.steps) <= set(STEPS), "a step that the page does not know"
    moves = [moved for step in figures.steps.values() for moved in step.moves if moved]
    everything = [seconds for step in figures.steps.values() for seconds in step.seconds]
    last = f"| all | | | | 100 % | {_times(everything)} | |"
    moving = f"A plan that moves anybody moves {mean(moves):.1f} parties on average, {max(moves)} at most."
    return "\n".join([_DECISIONS, *rows, last, "", moving if moves else "No plan moved anybody.", ""])


def _step_row(name: str, what: str, aim: str, step: StepFigures, total: int) -> str:
    share = f"{100 * len(step.seconds) / total:.1f} %"
    return f"| {name} | {what} | {step.plans} | {step.refusals} | {share} | {_times(step.seconds)} | {aim} |"


def _times(seconds: Sequence[float]) -> str:
    """Return p50, p95 and p99 in milliseconds, as cells."""
    if not seconds:
        return "| | "
    return " | ".join(f"{1000 * percentile(seconds, percent):.2f} ms" for percent in (50, 95, 99))


def _memory(memory: Memory) -> str:
    return f"""\
### Memory of a worker

The solver is imported when a decision first needs the exact step. Resident memory of one process that has loaded the
application, without its server.

| | MiB |
|---|---|
| application loaded | {memory.loaded:.0f} |
| after an evening without the exact step | {memory.before_exact:.0f} |
| after {memory.decisions} exact decisions | {memory.after_exact:.0f} |

Aim: under 200 MB. The first exact decision took {1000 * memory.first_seconds:.0f} ms with the import, the others
{1000 * memory.median_seconds:.0f} ms at the median.
"""


def _availability(availability: dict[int, list[float]]) -> str:
    rows = [f"| {bookings} | {_times(seconds)} | p95 < 200 ms |" for bookings, seconds in availability.items()]
    return "\n".join([_AVAILABILITY, *rows, ""])
