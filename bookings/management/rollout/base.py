"""What a subcommand is made of."""

from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.management.base import OutputWrapper

from bookings.management.arguments import add_who, words
from bookings.selectors.modes import get_enforcement_standing
from bookings.services.rollout import LONGEST_REASON


class Subcommand(ABC):
    """One thing that `manage.py rollout` does."""

    name: ClassVar[str]
    help: ClassVar[str]

    @abstractmethod
    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what it takes."""

    @abstractmethod
    def run(self, options: Mapping[str, Any], stdout: OutputWrapper, stderr: OutputWrapper) -> None:
        """Call the one service or selector, and say what came of it.

        Raises: `DomainError`, `CommandError`.
        """


def add_signature(parser: ArgumentParser, *, is_required: bool = True) -> None:
    """Add why and who, which stay in the history."""
    parser.add_argument("--reason", required=is_required, type=words(LONGEST_REASON), metavar="TEXT", help="why")
    add_who(parser)


def warn_of_obstacles(stderr: OutputWrapper) -> None:
    """Say what keeps modes of restaurants from acting, if anything does."""
    if caution := get_enforcement_standing().caution:
        stderr.write(caution)
