"""`manage.py list_overruns`: who sits past their time, whom it hits, and what saves them."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bookings.contract.guests import render
from bookings.insight.explain.overruns import LaterBooking, Overrun, OverrunReport, Rescue, list_overruns
from bookings.insight.explain.overruns_answer import overruns_answer
from bookings.management.arguments import find_restaurants
from bookings.selectors.plans import shown
from capacity.calendar.wall_clock import shown_time
from config.values import counted


class Command(BaseCommand):
    """Look at the seated parties, print who is late and what follows from it."""

    help = (
        "List seated parties past their time, the later bookings that lose their table by it, and the re-seating that "
        "saves them; then parties whose time ends within a slot. Reads only; exit code 0. "
        "Example: manage.py list_overruns --restaurant demo-bistro"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the scope and the form of the answer."""
        parser.add_argument("--restaurant", required=True, metavar="SLUG")
        parser.add_argument("--json", dest="is_json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """List the parties past their time."""
        (restaurant,) = find_restaurants(options["restaurant"])
        report = list_overruns(restaurant_id=restaurant.pk)
        if options["is_json"]:
            self.stdout.write(json.dumps(render(overruns_answer(report)), indent=2))
        else:
            self.stdout.write("\n".join(_lines(report)))


def _lines(report: OverrunReport) -> Iterator[str]:
    if not report.overruns:
        yield "Nobody sits past their time."
    for overrun in report.overruns:
        yield _overrun_text(overrun, report)
        for later in overrun.later:
            yield f"  {_later_text(later, report)}"
    if report.moves:
        yield "What saves them:"
        for move in report.moves:
            yield f"  {move.text} ({move.reference})"


def _overrun_text(overrun: Overrun, report: OverrunReport) -> str:
    late = f"{counted(overrun.minutes_over, 'minute')} over" if overrun.is_over else "until"
    party = f"{shown(overrun.tables)}: {overrun.reference}, party of {overrun.party_size}"
    return f"{party}, {late} {'since ' if overrun.is_over else ''}{_clock(overrun.ends_at, report)}"


def _later_text(later: LaterBooking, report: OverrunReport) -> str:
    party = f"{later.reference}, party of {later.party_size} at {_clock(later.starts_at, report)}"
    lost = "has lost" if later.has_lost else "loses"
    return f"{party} {lost} {shown(later.tables)} at {_clock(later.loses_at, report)}{_rescue_text(later)}"


def _rescue_text(later: LaterBooking) -> str:
    return {
        Rescue.NOT_NEEDED: " unless they leave before",
        Rescue.RESEATED: f": {shown(later.new_tables)} instead",
        Rescue.NO_TABLE: ": no other table",
        Rescue.UNDECIDED: ": whether there is another table was not decided in time",
    }[later.rescue]


def _clock(instant: datetime, report: OverrunReport) -> str:
    return shown_time(instant, report.settings.zone)
