"""The rounds of the benchmark. Django has to be set up before this is imported."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from operator import sub
from pathlib import Path

from django.conf import settings
from django.db import connection
from tqdm import tqdm

from bookings.insight.audit import AuditScope, audit
from tests.helpers.benchmark_pages import machine
from tests.load.bench_servers import INSTANCE, count_attempts, web_server
from tests.load.cases import (
    AVAILABILITY_CASES,
    BOOKING_CASES,
    EVENING,
    FULL,
    LOOKS,
    NOTHING,
    ROOM_FOR_ALL,
    ROOM_FOR_TEN,
    SHOWN,
    Case,
    Cases,
)
from tests.load.client import ask_once, run
from tests.load.figures import Bar, Measured, Series, ratio_bar, wait_bar
from tests.load.houses import CROWD, open_houses, outdate_answers
from tests.load.page import Compared, Report
from tests.load.pgbench import COMMITTED, run_pgbench

CLIENTS = (1, 16, 100)
# At one client a figure is a latency, at a hundred a queue: the shares are judged in between.
JUDGED_CLIENTS = 16
LIMIT = "PostgreSQL's limit"
WARM_UP_SECONDS = 1.0
# Every restaurant in both workers, whichever of them a connection has met.
WARM_UP_LOOKS = 400


def measure(only: frozenset[str], *, rounds: int, seconds: float) -> Report:
    """Make the restaurants, start the web server, measure the cases that are chosen, let the auditor look."""
    load_before = os.getloadavg()[0]
    cases = Cases(open_houses(has_evening="evening" in only))
    connection.close()
    with web_server() as (port, metrics_directory):
        bench = Bench(cases, port, metrics_directory, only, seconds)
        bench.warm_up()
        for _ in tqdm(range(rounds), desc="Rounds", unit="round", disable=None, leave=False):
            bench.run_round()
    tables = list(bench.tables())
    return Report(
        measured_on=datetime.now(UTC).date(),
        machine=machine(),
        isolation=settings.BOOKING_ISOLATION,
        rounds=rounds,
        seconds=seconds,
        load_before=load_before,
        tables=tables,
        bars=list(bench.bars()),
        faults=[*bench.faults, *_audit()],
    )


def _clients_of(case: Case) -> int:
    """Return the number of clients of a case whose waits are judged."""
    return 1 if case is EVENING else CROWD


def _audit() -> list[str]:
    report = audit(AuditScope())
    return [finding.message for finding in [*report.overbookings, *report.problems]]


@dataclass
class Bench:
    """The web server that is measured, and what was measured: a series for each title and number of clients."""

    cases: Cases
    port: int
    metrics_directory: Path
    only: frozenset[str]
    seconds: float
    faults: list[str] = field(default_factory=list)
    _series: dict[tuple[str, int], Series] = field(default_factory=dict)

    def warm_up(self) -> None:
        """Let every case run for a moment, and see that a refusal has alternatives."""
        for case in [*self._bookings, *self._availability]:
            run(self.port, case.requests(self.cases), clients=JUDGED_CLIENTS, seconds=WARM_UP_SECONDS)
        answer, body = ask_once(self.port, next(self.cases.full()))
        if answer != FULL or not json.loads(body)["alternatives"]:
            self.faults.append(f"a start that is full was answered with {answer}, or without alternatives")

    def run_round(self) -> None:
        """Measure the limit and the product in turn."""
        for clients in CLIENTS if self._bookings else ():
            self._run_pgbench(clients)
            for case in self._bookings:
                self._run(case, clients)
        if self._availability:
            self._run(NOTHING, JUDGED_CLIENTS)
        for case in self._availability:
            self._run(case, JUDGED_CLIENTS)
        for case in self._waited:
            self._ask(case, _clients_of(case))

    def tables(self) -> Iterator[Compared]:
        """Yield what was measured, each beside its reference."""
        limits = {clients: self._series[LIMIT, clients] for clients in CLIENTS if self._bookings}
        booked = [self._series[case.title, clients] for clients in limits for case in self._bookings]
        yield Compared(f"Bookings, {settings.BOOKING_ISOLATION}", LIMIT, limits, booked)
        empty = {JUDGED_CLIENTS: self._series[NOTHING.title, JUDGED_CLIENTS]} if self._availability else {}
        shown = [self._series[case.title, JUDGED_CLIENTS] for case in self._availability]
        yield Compared("Availability", NOTHING.title, empty, shown)
        waited = [self._series[case.title, _clients_of(case)] for case in self._waited]
        yield Compared("A hundred at once, and a full evening", "", {}, waited)

    def bars(self) -> Iterator[Bar]:
        """Yield the bars of what was measured."""
        for cases, reference in ((self._bookings, LIMIT), (self._availability, NOTHING.title)):
            for case in cases:
                if case.least_share is not None:
                    own, other = (self._series[title, JUDGED_CLIENTS] for title in (case.title, reference))
                    yield ratio_bar(own, other, case.least_share)
        for case in self._waited:
            if case.most_milliseconds is not None:
                yield wait_bar(self._series[case.title, _clients_of(case)], case.most_milliseconds)

    @property
    def _bookings(self) -> list[Case]:
        return [case for case in BOOKING_CASES if case.key in self.only]

    @property
    def _availability(self) -> list[Case]:
        return [case for case in AVAILABILITY_CASES if case.key in self.only]

    @property
    def _waited(self) -> list[Case]:
        return [case for case in (ROOM_FOR_ALL, ROOM_FOR_TEN, LOOKS, EVENING) if case.key in self.only]

    def _run_pgbench(self, clients: int) -> None:
        variables = self.cases.houses.pgbench
        isolation = settings.BOOKING_ISOLATION
        measured = run_pgbench(INSTANCE, variables, clients=clients, seconds=self.seconds, isolation=isolation)
        self._keep(LIMIT, clients, COMMITTED, measured)

    def _run(self, case: Case, clients: int) -> None:
        if case.is_cold:
            outdate_answers()
        elif case.wanted == SHOWN:
            # To their end: 62 dates take long when they are asked for the first time.
            run(self.port, islice(case.requests(self.cases), WARM_UP_LOOKS), clients=clients)
        self._ask(case, clients)

    def _ask(self, case: Case, clients: int) -> None:
        before = count_attempts(self.metrics_directory)
        measured = run(self.port, case.requests(self.cases), clients=clients, seconds=self.seconds)
        transactions, attempts = map(sub, count_attempts(self.metrics_directory), before)
        self._judge(case, measured.answers)
        measured = replace(measured, attempts=attempts / transactions if transactions else None)
        self._keep(case.title, clients, case.wanted, measured)

    def _judge(self, case: Case, answers: Counter[str]) -> None:
        if answers[case.never]:
            self.faults.append(f"{case.title}: {answers[case.never]} x {case.never}")
        if case.exactly is not None and answers != case.exactly:
            self.faults.append(f"{case.title}: {dict(answers)} instead of {dict(case.exactly)}")

    def _keep(self, title: str, clients: int, wanted: str, measured: Measured) -> None:
        series = self._series.setdefault((title, clients), Series(title, clients, wanted))
        series.runs.append(replace(measured, load=os.getloadavg()[0]))
