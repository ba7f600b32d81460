"""`manage.py reset_second_factor`: let somebody in whose phone is lost, where no other owner can."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.services.upkeep.second_factors import reset_second_factor


class Command(BaseCommand):
    help = (
        "Take the second factor from a user, who sets up another one after the password.\n\n"
        "    manage.py reset_second_factor anna"
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Keep the lines of the help as they are."""
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the name by which the user signs in")

    def handle(self, *, username: str, **_: Any) -> None:
        user = User.objects.filter(username=username).first() if "\x00" not in username else None
        if user is None:
            raise CommandError(f"Nobody signs in as {username!r}.")
        if reset_second_factor(user=user):
            # The history names users alone: there is none who runs a command.
            said = "Second factor reset by the command reset_second_factor."
            LogEntry.objects.log_actions(user.pk, [user], CHANGE, said, single_object=True)
            self.stderr.write(f"{username} sets up a second factor after the next password.")
        else:
            self.stderr.write(f"{username} has no second factor.")
