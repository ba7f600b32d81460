"""Seat evenings by three rules: what other systems do, and this planner, whose decisions are timed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import perf_counter

from tables.seating import SeatingPlan, SeatingPlanner, SeatingRefusal, SeatingUndecided
from tables.spans import TimeSpan
from tests.seating.evenings import Evening, make_evening, open_book
from tests.seating.rivals import Rule, by_spare_seats, by_table_number, free_seat

FIRST_FIT = "First fit"
BEST_FIT = "Best fit"
PLANNER = "This planner"
RIVALS: dict[str, Rule] = {FIRST_FIT: by_table_number, BEST_FIT: by_spare_seats}


@dataclass
class Tally:
    """Who was seated and who was refused, over some evenings."""

    parties_seated: int = 0
    covers_seated: int = 0
    parties_refused: int = 0
    covers_refused: int = 0

    def seat(self, party_size: int) -> None:
        self.parties_seated += 1
        self.covers_seated += party_size

    def refuse(self, party_size: int) -> None:
        self.parties_refused += 1
        self.covers_refused += party_size


@dataclass
class StepFigures:
    """What one step of the planner decided: how often, and how long each decision took."""

    seconds: list[float] = field(default_factory=list)
    plans: int = 0
    refusals: int = 0
    moves: list[int] = field(default_factory=list)


@dataclass
class Figures:
    """Everything measured on some evenings."""

    evenings: int = 0
    tallies: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    steps: defaultdict[str, StepFigures] = field(default_factory=lambda: defaultdict(StepFigures))


def measure(seeds: Iterable[int]) -> Figures:
    """Seat the evenings of these seeds by every rule."""
    figures = Figures()
    for seed in seeds:
        evening = make_evening(seed)
        figures.evenings += 1
        for name, rule in RIVALS.items():
            _seat_by_rule(evening, rule, figures.tallies[name])
        _seat_by_planner(evening, figures)
    return figures


def _seat_by_rule(evening: Evening, rule: Rule, tally: Tally) -> None:
    book = open_book(evening)
    for arrival in evening.arrivals:
        request = arrival.request
        table_ids = free_seat(book.state(), request, rule)
        if table_ids is None:
            tally.refuse(request.party_size)
        else:
            tally.seat(request.party_size)
            book.keep(arrival, SeatingPlan((table_ids,), 0, TimeSpan(request.starts_at, request.ends_at)))


def _seat_by_planner(evening: Evening, figures: Figures) -> None:
    """Ask the planner with the limits that it has in service, on a state that it has not seen before."""
    book, tally = open_book(evening), figures.tallies[PLANNER]
    for arrival in evening.arrivals:
        state = book.state()
        started = perf_counter()
        outcome = SeatingPlanner(state).plan(arrival.request)
        seconds = perf_counter() - started
        step = figures.steps["undecided" if isinstance(outcome, SeatingUndecided) else outcome.step.value]
        step.seconds.append(seconds)
        if isinstance(outcome, SeatingPlan):
            step.plans += 1
            step.moves.append(len(outcome.moves))
            tally.seat(arrival.request.party_size)
            book.keep(arrival, outcome)
        else:
            step.refusals += isinstance(outcome, SeatingRefusal)
            tally.refuse(arrival.request.party_size)
