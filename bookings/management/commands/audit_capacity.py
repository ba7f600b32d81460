"""`manage.py audit_capacity`: recount every limit and every table, and say what does not add up."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.insight.audit.keeping import audit_capacity
from bookings.management.arguments import business_date
from tables.models import Restaurant

WRONG_ARGUMENTS = 2


class Command(BaseCommand):
    """Audit, print, store the run; exit 1 if anything is wrong."""

    help = (
        "Recount every limit and every table from bookings, assignments, rules and overrides, by SQL that shares no "
        "code with the engine. Looks at business dates from yesterday on unless told otherwise. Stores the run, which "
        "/metrics shows if nothing was left out. Exit code 0: all is well, 1: something is wrong, 2: wrong arguments. "
        "Example: manage.py audit_capacity --restaurant demo-bistro --from 2026-12-01 --json"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the scope and the form of the answer."""
        parser.add_argument("--restaurant", metavar="SLUG", help="only this one; default: all, also inactive ones")
        parser.add_argument(
            "--from", dest="from_date", type=business_date, metavar="DATE", help="default: yesterday, on their wall"
        )
        parser.add_argument("--to", dest="to_date", type=business_date, metavar="DATE", help="default: no end")
        parser.add_argument("--json", dest="is_json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the audit."""
        from_date, to_date = options["from_date"], options["to_date"]
        if from_date and to_date and to_date < from_date:
            raise CommandError("--to is before --from; swap them", returncode=WRONG_ARGUMENTS)
        report = audit_capacity(
            restaurant_id=_restaurant_id(options["restaurant"]), from_date=from_date, to_date=to_date
        )
        if options["is_json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        else:
            self.stdout.write("\n".join(report.as_lines()))
        if not report.is_clean:
            sys.exit(1)


def _restaurant_id(slug: str | None) -> int | None:
    if slug is None:
        return None
    found = Restaurant.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        known = ", ".join(Restaurant.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise CommandError(f"No restaurant {slug!r}; there are: {known or 'none'}", returncode=WRONG_ARGUMENTS)
    return found
