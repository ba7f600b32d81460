"""`manage.py rollout`: enforce the limits restaurant by restaurant, and stop it at once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.management.rollout import SUBCOMMANDS
from config.errors import DomainError, InputInvalid

WAY_OUT = "What was changed until then stays and is in the history: run it again."


class Command(BaseCommand):
    """Hand over to the subcommand."""

    help = (
        "Roll enforcement out: look where it stands, set restaurants to shadow or enforce, one by one or by "
        "percentage, roll all of them back at once, resume. Every change is recorded with who and why. "
        'Example: manage.py rollout percent 10 --reason "Stage 1" --dry-run'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands."""
        subparsers = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
        for subcommand in SUBCOMMANDS:
            subcommand.add_arguments(
                subparsers.add_parser(subcommand.name, help=subcommand.help, description=subcommand.help)
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the subcommand."""
        chosen = next(subcommand for subcommand in SUBCOMMANDS if subcommand.name == options["subcommand"])
        try:
            chosen.run(options, self.stdout, self.stderr)
        except InputInvalid as error:
            said = [problem["message"] for problems in error.details.values() for problem in problems]
            raise CommandError(" ".join(said)) from error
        except DomainError as error:
            raise CommandError(f"{error.message} {WAY_OUT}") from error
