"""`rollout report` prints the verdict on one restaurant, with its evidence."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from bookings.insight.verdict.answer import report_answer
from bookings.insight.verdict.lines import report_lines
from bookings.insight.verdict.reading import DEFAULT_DAYS, MOST_DAYS, get_rollout_report
from bookings.management.arguments import find_restaurants, whole_number
from bookings.management.rollout.base import Subcommand


class ShowReport(Subcommand):
    """The subcommand only reads."""

    name = "report"
    help = (
        "say what the ledger saw of a restaurant, whether its evenings proved would-be refusals right, what is set "
        "wrongly, and what to do: promote, wait, fix. Example: manage.py rollout report demo-bar --days 30"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument(
            "--days",
            type=whole_number(1, MOST_DAYS),
            default=DEFAULT_DAYS,
            metavar="N",
            help=f"the last business dates, today included; default: {DEFAULT_DAYS}",
        )
        parser.add_argument("--json", dest="is_json", action="store_true", help="print one JSON object")

    def run(self, options: Mapping[str, Any], stdout: OutputWrapper, stderr: OutputWrapper) -> None:
        (restaurant,) = find_restaurants(options["slug"])
        report = get_rollout_report(restaurant_id=restaurant.pk, days=options["days"])
        if options["is_json"]:
            stdout.write(json.dumps(report_answer(report), indent=2))
        else:
            stdout.write("\n".join(report_lines(report)))
