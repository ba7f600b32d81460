"""Rows of several threads are written together, and the bad ones alone are lost."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import DataError, OperationalError, connection

from config.group_commit import GATHERING_SECONDS, SharedWork

pytestmark = pytest.mark.django_db

PATIENCE_SECONDS = 10


class Paper:
    """Holds what is written; the first write waits until three rows wait behind it."""

    def __init__(self) -> None:
        self.writes: list[list[str]] = []
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def write(self, rows: Sequence[str]) -> list[str]:
        self.writes.append(list(rows))
        self.has_begun.set()
        assert self.may_end.wait(PATIENCE_SECONDS)
        if "bad" in rows:
            raise DataError("bad")
        if "away" in rows:
            raise OperationalError("away")
        return [row.upper() for row in rows]


def ask(shared: SharedWork[str, str], row: str) -> str:
    """Ask in a thread that leaves no connection behind."""
    try:
        return shared.ask(row)
    finally:
        connection.close()


def write_behind(paper: Paper, *rows: str, shared: SharedWork[str, str] | None = None) -> list["Future[str]"]:
    """Let rows wait for a first one, and all of them be written."""
    shared = shared or SharedWork(paper.write)
    with ThreadPoolExecutor(1 + len(rows)) as threads:
        calls = [threads.submit(ask, shared, "first")]
        assert paper.has_begun.wait(PATIENCE_SECONDS)
        for number, row in enumerate(rows, start=1):
            calls.append(threads.submit(ask, shared, row))
            wait_until(lambda waiting=number: len(shared._waiting) == waiting)
        paper.may_end.set()
    return calls[1:]


def wait_until(holds: Callable[[], bool]) -> None:
    tick = threading.Event()
    while not holds():
        tick.wait(0.001)


def test_rows_that_wait_are_written_together_in_their_order() -> None:
    paper = Paper()

    calls = write_behind(paper, "a", "b", "c")

    assert paper.writes == [["first"], ["a", "b", "c"]]
    assert [call.result() for call in calls] == ["A", "B", "C"]


def test_after_rows_that_came_together_a_row_waits_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper()
    shared = SharedWork(paper.write)
    write_behind(paper, "a", "b", shared=shared)
    waits: list[float] = []

    with ThreadPoolExecutor(1) as threads:

        def come(seconds: float) -> None:
            waits.append(seconds)
            threads.submit(ask, shared, "next")
            wait_until(lambda: len(shared._waiting) == 2)

        monkeypatch.setattr("config.group_commit.time.sleep", come)
        shared.ask("c")

    assert paper.writes[2:] == [["c", "next"]]
    assert waits == [GATHERING_SECONDS]


def test_a_row_that_comes_alone_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper()
    paper.may_end.set()
    shared = SharedWork(paper.write)
    monkeypatch.setattr("config.group_commit.time.sleep", pytest.fail)

    shared.ask("a")
    shared.ask("b")

    assert paper.writes == [["a"], ["b"]]


def test_a_bad_row_is_the_loss_of_its_own_thread() -> None:
    paper = Paper()

    good, bad, other = write_behind(paper, "a", "bad", "c")

    assert paper.writes == [["first"], ["a", "bad", "c"], ["a"], ["bad"], ["c"]]
    assert (good.result(), other.result()) == ("A", "C")
    with pytest.raises(DataError):
        bad.result()


def test_where_the_database_is_away_nobody_waits_for_it_twice() -> None:
    paper = Paper()

    calls = write_behind(paper, "a", "away", "c")

    assert paper.writes == [["first"], ["a", "away", "c"]]
    for call in calls:
        with pytest.raises(OperationalError):
            call.result()
