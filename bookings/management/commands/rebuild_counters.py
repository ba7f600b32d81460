"""`manage.py rebuild_counters`: set counters right that have drifted from the bookings."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from bookings.management.arguments import business_date, find_restaurants
from bookings.services import CounterRepairs, rebuild_counters
from bookings.services.upkeep.counter_repair import CounterChange, CounterLeft
from capacity.models import ServiceDay
from config.errors import DomainError
from config.values import counted
from tables.models import Restaurant

WAY_OUT = (
    "Rows that were left alone hold more bookings than limit and overrides allow: a repaired counter would hide that. "
    "Cancel or move some of these bookings, or raise the limit by a capacity rule, then run this again; "
    "manage.py audit_capacity lists the bookings."
)


class Command(BaseCommand):
    """Repair, and say what was wrong; exit 1 if an overbooking is in the way."""

    help = (
        "Count the bookings afresh and repair the counters of service days and slots that say otherwise, under the "
        "same locks as bookings, date by date. Safe to run twice and beside live bookings. Never authorises an excess: "
        "a row whose bookings pass a limit is reported and left alone (exit code 1). "
        "Example: manage.py rebuild_counters --restaurant demo-bistro --from 2026-12-01 --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the scope."""
        parser.add_argument("--restaurant", metavar="SLUG", help="only this one; default: all, also inactive ones")
        parser.add_argument(
            "--from", dest="from_date", type=business_date, metavar="DATE", help="default: yesterday, on their wall"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what is wrong, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Repair restaurant by restaurant."""
        is_dry_run = options["dry_run"]
        is_clean = True
        slug = options["restaurant"]
        restaurants = find_restaurants(slug) if slug else list(Restaurant.objects.order_by("slug"))
        for restaurant in tqdm(restaurants, desc="Counters", unit="restaurant", disable=None, leave=False):
            try:
                repairs = rebuild_counters(
                    restaurant_id=restaurant.pk, from_date=options["from_date"], is_dry_run=is_dry_run
                )
            except DomainError as error:
                raise CommandError(f"{restaurant.slug}: {error.message} Repaired dates stay; run it again.") from error
            self._say(restaurant.slug, repairs, is_dry_run=is_dry_run)
            is_clean = is_clean and not repairs.left
        if not is_clean:
            self.stderr.write(WAY_OUT)
            sys.exit(1)

    def _say(self, slug: str, repairs: CounterRepairs, *, is_dry_run: bool) -> None:
        done = "would change" if is_dry_run else "changed"
        days = counted(repairs.service_days, "service day")
        self.stdout.write(f"{slug}: {days}, {counted(len(repairs.changes), 'value')} {done}")
        for change in repairs.changes:
            self.stdout.write(f"  {_place(change)}: {change.column} from {change.before} to {change.after}")
        for left in repairs.left:
            self.stdout.write(
                f"  {_place(left)}: left alone, {left.code} counted {left.counted}, limit {left.limit}, "
                f"authorised above it {left.authorised}"
            )


def _place(outcome: CounterChange | CounterLeft) -> str:
    day: ServiceDay = outcome.service_day
    slot = f" {outcome.slot_starts_at:%Y-%m-%dT%H:%MZ}" if outcome.slot_starts_at else ""
    return f"{day.business_date} service day {day.pk}{slot}"
