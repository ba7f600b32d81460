"""Render what `make bench` measured, for the terminal and for docs/benchmarks.md. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from textwrap import fill

from tests.helpers.benchmark_pages import percentile
from tests.load.figures import Bar, Series

_COLUMNS = """\
| | Clients | A second | Of {reference} | p50 | p95 | p99 | Attempts | Answers | Load |
|---|---|---|---|---|---|---|---|---|---|"""

_HEAD = """\
## Bookings and availability over HTTP

Written by `make bench` on {report.measured_on:%Y-%m-%d}: do not edit. {report.machine} for all of it: client, web
server (two workers, as in production), PostgreSQL (the wheel's, with `fsync`). Load average before the first request:
{report.load_before:.1f}. Transactions are {report.isolation}, gate and ledger on; every booking has an
`Idempotency-Key`, connections are kept alive. {report.rounds} rounds of {report.seconds:g} s a case: in each,
PostgreSQL's own limit, then the product with as many clients.

That limit is `tests/load/booking.pgbench.sql`: the lock of one of fifty service days, two reads, one statement that
writes booking, event and counters, with nothing around it. An answer of availability is held against a view of the
same server that returns `{{}}`. Cold is an answer about service days that have changed since anybody asked.

Rates and shares are medians of the rounds, with the lowest and the highest; shares are taken round by round, and judged
at sixteen clients. Times are of the answers of all rounds. Attempts are those of a transaction on average (aims: 1.05
spread, 1.0 hot). Every answer is counted, by status and error; for the rate only the kind that was asked for. Load is
the load average of the last minute, with this run's own work in it. The client took {client_share:.0%} of a core at
most, of the same two."""


@dataclass(frozen=True)
class Compared:
    """A table: what the others are a share of, by the number of clients, and the others."""

    title: str
    reference_title: str
    references: dict[int, Series]
    others: Sequence[Series]


@dataclass(frozen=True)
class Report:
    """All of one run: conditions, tables, verdicts; `faults` are broken promises, which no figure makes good."""

    measured_on: date
    machine: str
    isolation: str
    rounds: int
    seconds: float
    load_before: float
    tables: Sequence[Compared]
    bars: Sequence[Bar]
    faults: Sequence[str]

    @property
    def is_passed(self) -> bool:
        return not self.faults and all(bar.is_met for bar in self.bars)


def section(report: Report) -> str:
    """Return the section of docs/benchmarks.md."""
    return "\n\n".join([_head(report), *_parts(report)]) + "\n"


def summary(report: Report) -> str:
    """Return what a terminal shows."""
    return "\n\n".join(_parts(report)) + "\n"


def _parts(report: Report) -> Iterator[str]:
    yield "\n".join(["| Bar | Must be | Is | |", "|---|---|---|---|", *map(_bar_row, report.bars)])
    yield "\n".join(f"- **Broken promise**: {fault}" for fault in report.faults) or (
        "Every count was exact, and after the last round the auditor found nothing."
    )
    for table in report.tables:
        head = [f"### {table.title}", "", _COLUMNS.format(reference=table.reference_title or "it")]
        yield "\n".join([*head, *_rows(table)])


def _head(report: Report) -> str:
    shares = [series.client_share for table in report.tables for series in table.others]
    paragraphs = _HEAD.format(report=report, client_share=max(shares, default=0)).split("\n\n")
    return "\n\n".join(fill(paragraph, 120, break_on_hyphens=False) for paragraph in paragraphs)


def _bar_row(bar: Bar) -> str:
    if bar.is_time:
        return f"| {bar.title} | < {bar.bound:.0f} ms | {bar.figure:.0f} ms | {bar.verdict} |"
    return f"| {bar.title} | >= {bar.bound:.2f} | {bar.figure:.3f} | {bar.verdict} |"


def _rows(table: Compared) -> Iterator[str]:
    for clients, reference in table.references.items():
        yield _row(reference, None)
        yield from (_row(other, reference) for other in table.others if other.clients == clients)
    yield from (_row(other, None) for other in table.others if other.clients not in table.references)


def _row(series: Series, reference: Series | None) -> str:
    cells = [
        series.title,
        str(series.clients),
        _spread(series.rates, ".0f" if median(series.rates) >= 100 else ".1f"),
        _spread(series.ratios(reference), ".3f") if reference else "",
        *(f"{1000 * percentile(series.waits, percent):.1f} ms" for percent in (50, 95, 99)),
        "" if series.attempts is None else f"{series.attempts:.2f}",
        _answers(series.answers),
        _spread(series.loads, ".1f"),
    ]
    return f"| {' | '.join(cells)} |"


def _spread(values: Sequence[float], form: str) -> str:
    """Return the median, and the lowest and the highest if there are several."""
    middle = f"{median(values):{form}}"
    return middle if len(values) == 1 else f"{middle} ({min(values):{form}} to {max(values):{form}})"


def _answers(answers: Counter[str]) -> str:
    return ", ".join(f"{count} x {answer}" for answer, count in _by_count(answers) if count)


def _by_count(answers: Counter[str]) -> Iterable[tuple[str, int]]:
    return answers.most_common()
