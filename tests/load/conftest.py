"""Figures of the load tests, shown at the end of the run."""

from collections.abc import Callable

import pytest
from _pytest.terminal import TerminalReporter

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Return what shows a line at the end of the test run."""
    return request.config.stash.setdefault(FIGURES, []).append


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Show the figures."""
    lines = terminalreporter.config.stash.get(FIGURES, [])
    if lines:
        terminalreporter.section("load")
    for line in lines:
        terminalreporter.write_line(line)
