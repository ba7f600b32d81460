"""What was measured, and what it is held against. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.helpers.benchmark_pages import percentile


@dataclass(frozen=True)
class Measured:
    """One run: seconds of all of it and of each answer, answers by kind, seconds of processor that the client took.

    `load` is the load average of the minute before its end; `attempts` are those of a transaction on average.
    """

    seconds: float
    waits: Sequence[float]
    answers: Counter[str]
    client_seconds: float = 0.0
    load: float = 0.0
    attempts: float | None = None


@dataclass
class Series:
    """The runs of one case with so many clients, one a round; only answers of the kind that is wanted count."""

    title: str
    clients: int
    wanted: str
    runs: list[Measured] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """Return the answers a second that are as wanted, by round."""
        return [run.answers[self.wanted] / run.seconds for run in self.runs]

    @property
    def waits(self) -> list[float]:
        """Return the seconds of each answer, of all rounds."""
        return [wait for run in self.runs for wait in run.waits]

    @property
    def answers(self) -> Counter[str]:
        return sum((run.answers for run in self.runs), Counter())

    @property
    def attempts(self) -> float | None:
        """Return the attempts of a transaction, averaged over the rounds."""
        known = [run.attempts for run in self.runs if run.attempts is not None]
        return sum(known) / len(known) if known else None

    @property
    def loads(self) -> list[float]:
        return [run.load for run in self.runs]

    @property
    def client_share(self) -> float:
        """Return the share of one core that the client took."""
        return sum(run.client_seconds for run in self.runs) / sum(run.seconds for run in self.runs)

    def ratios(self, reference: "Series") -> list[float]:
        """Return its rate as a share of another's, round by round."""
        return [own / other for own, other in zip(self.rates, reference.rates, strict=True)]

    def p95_milliseconds(self) -> float:
        return 1000 * percentile(self.waits, 95)


@dataclass(frozen=True)
class Bar:
    """A figure, and what it must be: at least `bound`, or below it if it is a time."""

    title: str
    figure: float
    bound: float
    is_time: bool = False

    @property
    def is_met(self) -> bool:
        return self.figure < self.bound if self.is_time else self.figure >= self.bound

    @property
    def verdict(self) -> str:
        """Say whether it is met, or by how much not."""
        if self.is_met:
            return "met"
        share = f"{self.figure / self.bound:.1f} times" if self.is_time else f"{self.figure / self.bound:.0%} of it"
        return f"**missed**: {share}"


def ratio_bar(series: Series, reference: Series, bound: float) -> Bar:
    """Hold the median of its shares of a reference against a bound."""
    return Bar(f"{series.title}, of {reference.title}", median(series.ratios(reference)), bound)


def wait_bar(series: Series, bound_milliseconds: float) -> Bar:
    """Hold the p95 of the waits of all rounds against a bound."""
    return Bar(f"{series.title}, p95", series.p95_milliseconds(), bound_milliseconds, is_time=True)
