"""`manage.py create_api_key`: let a system of a restaurant call the staff's API."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.services.upkeep.api_keys import create_api_key, revoke_api_keys
from config.errors import RecordNotFound
from tables.selectors import get_active_restaurant


class Command(BaseCommand):
    help = (
        "Make an API key for a restaurant, print it once, and stop the one that had this name before.\n\n"
        "    manage.py create_api_key --restaurant demo-bistro --name till\n"
        "    manage.py create_api_key --restaurant demo-bistro --name till --revoke   # only stop it"
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Keep the lines of the help as they are."""
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--restaurant", required=True, metavar="SLUG", help="slug or UUID of an active restaurant")
        parser.add_argument("--name", required=True, type=_name, help="what the key is for, at most 80 characters")
        parser.add_argument("--revoke", action="store_true", help="stop the key of this name, and make none")

    def handle(self, *, restaurant: str, name: str, revoke: bool, **_: Any) -> None:
        try:
            restaurant_id = get_active_restaurant(restaurant).pk
        except RecordNotFound as error:
            raise CommandError(f"There is no active restaurant {restaurant!r}.") from error
        if revoke:
            self._revoke(restaurant_id, name)
        else:
            issued = create_api_key(restaurant_id=restaurant_id, name=name)
            self.stdout.write(issued.secret)
            self.stderr.write("This is the only time the key is shown. Send it as: Authorization: Bearer <key>")

    def _revoke(self, restaurant_id: int, name: str) -> None:
        if not revoke_api_keys(restaurant_id=restaurant_id, name=name):
            raise CommandError(f"There is no working key {name!r}.")
        self.stderr.write(f"The key {name!r} does not work any more.")


def _name(text: str) -> str:
    if not 1 <= len(text.strip()) <= 80 or not text.isprintable():
        raise ValueError(text)
    return text.strip()
