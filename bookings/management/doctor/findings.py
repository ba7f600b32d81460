"""The findings of checks: each with its gravity, its observation and its advice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings


class Level(StrEnum):
    """The gravity of a finding, the least grave first."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """The result of one check. `advice` is a command or a setting, empty where all is well."""

    check: str
    level: Level
    saw: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the finding as an object for JSON."""
        return {"check": self.check, "level": self.level.value, "saw": self.saw, "advice": self.advice}


@dataclass(frozen=True)
class Deployment:
    """The facts that no command can see: the web server's processes, and the horizon of slots."""

    workers: int = 2
    threads: int | None = None
    days: int = 30

    @property
    def is_demo(self) -> bool:
        """Say whether this is the demo: embedded database, one machine, nobody else reaches it."""
        return bool(settings.IS_EMBEDDED)


Check = Callable[[Deployment], Iterator[Finding]]


def ok(check: str, saw: str) -> Finding:
    """Make a finding of a sound state."""
    return Finding(check, Level.OK, saw)


def warning(check: str, saw: str, advice: str) -> Finding:
    """Make a finding of a state that works but is probably not meant."""
    return Finding(check, Level.WARNING, saw, advice)


def problem(check: str, saw: str, advice: str) -> Finding:
    """Make a finding of a state that refuses guests, overbooks, leaks or is about to."""
    return Finding(check, Level.PROBLEM, saw, advice)


def unless_demo(deployment: Deployment, finding: Finding) -> Finding:
    """Return a finding about a deployment; for the demo the state is sound."""
    return ok(finding.check, f"no matter in the demo: {finding.saw}") if deployment.is_demo else finding


def some_of(names: list[str], most: int = 10) -> str:
    """Return the first names of a list, and the number of the others."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
