"""The base of every subcommand."""

from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.management.base import OutputWrapper

from bookings.management.arguments import add_who, words
from bookings.selectors.modes import get_enforcement_standing
from bookings.services.rollout import LONGEST_REASON


class Subcommand(ABC):
    """A subcommand of `manage.py rollout`."""

    name: ClassVar[str]
    help: ClassVar[str]

    @abstractmethod
    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the subcommand's arguments."""

    @abstractmethod
    def run(self, options: Mapping[str, Any], stdout: OutputWrapper, stderr: OutputWrapper) -> None:
        """Call the one service or selector, and print the outcome.

        Raises: `DomainError`, `CommandError`.
        """


def add_signature(parser: ArgumentParser, *, is_required: bool = True) -> None:
    """Add the reason and the acting person, for the history."""
    parser.add_argument("--reason", required=is_required, type=words(LONGEST_REASON), metavar="TEXT", help="why")
    add_who(parser)


def warn_of_obstacles(stderr: OutputWrapper) -> None:
    """Warn of the obstacles to the modes of restaurants, if there are any."""
    if caution := get_enforcement_standing().caution:
        stderr.write(caution)
