"""`manage.py list_undecided`: the bookings that could not be made again as they are, for a decision of a person."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bookings.management.arguments import find_restaurants
from bookings.selectors.undecided import Undecided, list_undecided
from config.values import counted


class Command(BaseCommand):
    """List the bookings with their guests and reasons."""

    help = (
        "List the live bookings that could not be made again as they are: their service, start or table is gone since. "
        "Each leaves the list when it is changed, cancelled, seated elsewhere or kept as it is. Reads only; exit code "
        "0. Example: manage.py list_undecided demo-bistro"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the scope and the form of the answer."""
        parser.add_argument("slug", nargs="?", metavar="SLUG", help="only this restaurant; default: all of them")
        parser.add_argument("--json", dest="is_json", action="store_true", help="print one JSON list")

    def handle(self, *args: Any, **options: Any) -> None:
        """List the bookings."""
        slug = options["slug"]
        found = list_undecided(find_restaurants(slug)[0].pk if slug else None)
        if options["is_json"]:
            self.stdout.write(json.dumps([_facts(each) for each in found], indent=2))
            return
        self.stdout.write(f"{counted(len(found), 'booking')} to be decided")
        for each in found:
            facts = _facts(each)
            self.stdout.write(
                "  {reference} {restaurant} {date} {time}, {guest}, party of {partySize}: {reason}".format_map(facts)
            )


def _facts(found: Undecided) -> dict[str, Any]:
    booking = found.booking
    return {
        "reference": booking.reference,
        "restaurant": booking.restaurant.slug,
        "date": booking.business_date.isoformat(),
        "time": booking.shown_start,
        "guest": booking.guest_name,
        "partySize": booking.party_size,
        "problems": [problem.code for problem in found.problems],
        "reason": found.reason,
    }
