"""`rollout note` adds a note of the support on a restaurant."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from bookings.management.arguments import add_who, find_restaurants, whole_number, words
from bookings.management.rollout.base import Subcommand
from bookings.services import add_rollout_note
from bookings.services.rollout import LONGEST_TEXT, MOST_TICKETS


class AddNote(Subcommand):
    """The subcommand adds one row to the notes."""

    name = "note"
    help = "note the support tickets that a restaurant's rollout has brought since the last note"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--tickets", required=True, type=whole_number(0, MOST_TICKETS), metavar="N")
        parser.add_argument("--text", type=words(LONGEST_TEXT), metavar="TEXT", help="what about")
        add_who(parser)

    def run(self, options: Mapping[str, Any], stdout: OutputWrapper, stderr: OutputWrapper) -> None:
        (restaurant,) = find_restaurants(options["slug"])
        note = add_rollout_note(
            restaurant_id=restaurant.pk, tickets=options["tickets"], text=options["text"] or "", label=options["by"]
        )
        stdout.write(f"{restaurant.slug}: noted {note}")
