"""What a check says: how grave it is, what it saw, what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings


class Level(StrEnum):
    """How grave a finding is, the least grave first."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `advice` is a command or a setting, empty where all is well."""

    check: str
    level: Level
    saw: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the finding as an object for JSON."""
        return {"check": self.check, "level": self.level.value, "saw": self.saw, "advice": self.advice}


@dataclass(frozen=True)
class Deployment:
    """What the doctor cannot see from a command: how the web server runs, and how far ahead slots should be."""

    workers: int = 2
    threads: int | None = None
    days: int = 30

    @property
    def is_demo(self) -> bool:
        """Say whether this is the demo: embedded database, one machine, nobody else reaches it."""
        return bool(settings.IS_EMBEDDED)


Check = Callable[[Deployment], Iterator[Finding]]


def ok(check: str, saw: str) -> Finding:
    """Make a finding of something that is as it should be."""
    return Finding(check, Level.OK, saw)


def warning(check: str, saw: str, advice: str) -> Finding:
    """Make a finding of something that works but is probably not meant."""
    return Finding(check, Level.WARNING, saw, advice)


def problem(check: str, saw: str, advice: str) -> Finding:
    """Make a finding of something that refuses guests, overbooks, leaks or is about to."""
    return Finding(check, Level.PROBLEM, saw, advice)


def unless_demo(deployment: Deployment, finding: Finding) -> Finding:
    """Return a finding about a deployment; of the demo it is as it should be."""
    return ok(finding.check, f"no matter in the demo: {finding.saw}") if deployment.is_demo else finding


def some_of(names: list[str], most: int = 10) -> str:
    """Return the first names of a list, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
