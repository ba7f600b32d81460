"""`manage.py doctor`: look at settings, servers and data, and say what to do."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bookings.management.arguments import whole_number
from bookings.management.doctor import Deployment, Examination, Finding, Level, examine

WIDTH = 18


class Command(BaseCommand):
    """Examine and print; exit 1 if there is a problem."""

    help = (
        "Check settings, database (version, timeouts, extension, constraints, migrations, clock), Redis, slots ahead, "
        "auditor, enforcement and restaurants, and say what to do. Changes nothing, shows no secret. Exit code 0: "
        "well, perhaps with warnings, 1: a problem. Example: manage.py doctor --workers 4 --threads 16 --json"
    )
    # What they would refuse is a finding here.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the facts that no command can see, and the form of the answer."""
        parser.add_argument(
            "--workers", type=whole_number(1, 1000), default=2, metavar="N", help="web server processes; default: 2"
        )
        parser.add_argument(
            "--threads",
            type=whole_number(1, 1000),
            metavar="N",
            help="--blocking-threads of each; default: DATABASE_POOL_SIZE",
        )
        parser.add_argument(
            "--days", type=whole_number(1, 1000), default=30, metavar="N", help="dates to have slots; default: 30"
        )
        parser.add_argument("--json", dest="is_json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check."""
        found = examine(Deployment(options["workers"], options["threads"], options["days"]))
        if options["is_json"]:
            self.stdout.write(json.dumps(found.as_json(), indent=2))
        else:
            self.stdout.write("\n".join(self._lines(found)))
        if found.has_problems:
            sys.exit(1)

    def _lines(self, found: Examination) -> Iterator[str]:
        for finding in found.findings:
            yield f"{self._level(finding)} {finding.check:<{WIDTH}} {finding.saw}"
            if finding.advice:
                yield f"{'':<{len('problem') + WIDTH + 1}} -> {finding.advice}"
        yield ", ".join(f"{found.count(level)} {level}" for level in reversed(Level))

    def _level(self, finding: Finding) -> str:
        style = {Level.OK: self.style.SUCCESS, Level.WARNING: self.style.WARNING, Level.PROBLEM: self.style.ERROR}
        return str(style[finding.level](f"{finding.level:<{len('problem')}}"))
