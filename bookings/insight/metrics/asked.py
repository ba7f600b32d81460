"""The questions to the database at each scrape, which are the same for all processes.

Prometheus waits ten seconds for the page. While the database is away, or a table is locked, the page must come all the
same. It has the failures of this process, and a missing page looks as if no guest could book.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.cache import caches
from django.db import DatabaseError, OperationalError, connection, transaction
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

# For all questions together; what has begun by then may take one more statement.
BUDGET_SECONDS = 3.0
STATEMENT_TERMS = "SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '1s'"


class Question:
    """Some metrics that the database answers. While it does not they have no sample: an alert also asks for that."""

    about: str
    # How old the answer may be, in seconds; each process keeps its own.
    keeps_for = 0

    def ask(self) -> Iterator[Metric]:
        """Yield the metrics.

        Raises: `DatabaseError`.
        """
        raise NotImplementedError


class BudgetSpent(OperationalError):
    """There is no time left for another statement of this scrape."""


class DatabaseCollector(Collector):
    """A collector that asks all questions within one budget, and reports those not answered in time."""

    def __init__(self, questions: Iterable[Question]) -> None:
        self.questions = tuple(questions)

    def collect(self) -> Iterator[Metric]:
        """Yield the answers, and for each question whether it was answered."""
        answered = GaugeMetricFamily(
            "booking_database_answered",
            "Whether the database answered this scrape in time: 0 if the metrics about this are left out.",
            labels=["about"],
        )
        deadline = time.monotonic() + BUDGET_SECONDS
        is_away = False
        for question in self.questions:
            found = None if is_away else _answer(question, deadline)
            # Without a connection now, the wait for the next one would be as long, and in vain.
            is_away = found is None and connection.connection is None
            answered.add_metric([question.about], found is not None)
            yield from found or ()
        yield answered


def _answer(question: Question, deadline: float) -> list[Metric] | None:
    """Return the metrics, None if the database does not answer in time."""
    kept, key = caches["local"], f"metrics-about-{question.about}"
    found: list[Metric] | None = kept.get(key) if question.keeps_for else None
    if found is not None:
        return found
    try:
        with _bounded(deadline):
            found = list(question.ask())
    except DatabaseError:
        return None
    if question.keeps_for:
        kept.set(key, found, question.keeps_for)
    return found


@contextmanager
def _bounded(deadline: float) -> Iterator[None]:
    """Let no statement wait for long, and none begin after the deadline."""

    def in_time(execute: Callable[..., Any], *statement: Any) -> Any:
        if time.monotonic() > deadline:
            raise BudgetSpent
        return execute(*statement)

    with connection.execute_wrapper(in_time), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(STATEMENT_TERMS)
        yield
