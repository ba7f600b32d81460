"""Many clients at once: threads with a database connection each, let go together by a barrier."""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from django.db import connections

from config.errors import DomainError

# Far beyond what anything here takes, also on a busy machine: whoever waits longer is stuck.
PATIENCE_SECONDS = 90.0
BOOKED = "booked"

Act = Callable[[], Any]


@dataclass(frozen=True)
class Outcome:
    """What an act came to: its value, or the refusal that it raised."""

    value: Any = None
    refusal: DomainError | None = None

    @property
    def code(self) -> str:
        """Return the code of the refusal, or `booked`."""
        return self.refusal.code if self.refusal else BOOKED


def tally(outcomes: Sequence[Outcome]) -> Counter[str]:
    """Count outcomes by their code."""
    return Counter(outcome.code for outcome in outcomes)


class Crowd:
    """Threads that live until the crowd leaves, so that their connections are made once a test."""

    def __init__(self) -> None:
        self._members: list[_Member] = []
        self._idle: SimpleQueue[_Member] = SimpleQueue()

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for member in self._members:
            member.leave()
        for member in self._members:
            member.join(PATIENCE_SECONDS)
        stuck = [member.name for member in self._members if member.is_alive()]
        if stuck and error is None:
            raise AssertionError(f"threads did not end: {stuck}")

    def start(self, act: Act) -> "Future[Any]":
        """Let one member act."""
        return self._member().act(act)

    def run(self, acts: Sequence[Act]) -> list[Outcome]:
        """Let as many members as there are acts act at once; return their outcomes in order.

        Whatever is no refusal is raised here.
        """
        barrier = threading.Barrier(len(acts))

        def at_once(act: Act) -> Act:
            def wait_and_act() -> Any:
                barrier.wait(PATIENCE_SECONDS)
                return act()

            return wait_and_act

        members = [self._member() for _ in acts]
        futures = [member.act(at_once(act)) for member, act in zip(members, acts, strict=True)]
        return [outcome_of(future) for future in futures]

    def _member(self) -> "_Member":
        if not self._idle.empty():
            return self._idle.get()
        member = _Member(self._idle)
        self._members.append(member)
        member.start()
        return member


def outcome_of(future: "Future[Any]") -> Outcome:
    """Wait for an act, and return what it came to."""
    try:
        return Outcome(value=future.result(PATIENCE_SECONDS))
    except DomainError as refusal:
        return Outcome(refusal=refusal)


class _Member(threading.Thread):
    """One client. A daemon: one that is stuck must not keep the test run from ending."""

    def __init__(self, idle: "SimpleQueue[_Member]") -> None:
        super().__init__(daemon=True)
        self._idle = idle
        self._acts: SimpleQueue[tuple[Act, Future[Any]] | None] = SimpleQueue()

    def act(self, act: Act) -> "Future[Any]":
        future: Future[Any] = Future()
        self._acts.put((act, future))
        return future

    def leave(self) -> None:
        self._acts.put(None)

    def run(self) -> None:
        # Coverage is taken by tests with one client; a hundred traced ones would take twice as long.
        sys.settrace(None)
        try:
            while (given := self._acts.get()) is not None:
                self._perform(*given)
        finally:
            connections.close_all()

    def _perform(self, act: Act, future: "Future[Any]") -> None:
        try:
            value = act()
        except BaseException as error:
            self._idle.put(self)
            future.set_exception(error)
        else:
            self._idle.put(self)
            future.set_result(value)
