"""`manage.py materialize_slots`: create the service days and slots of the coming weeks."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from bookings.management.arguments import business_date, find_restaurants, whole_number
from bookings.services import Materialization, materialize_service_days, plan_materialization
from bookings.services.settings.materialization import date_batches
from capacity.selectors import read_clock
from config.errors import DomainError
from tables.models import Restaurant

Batch = tuple[Restaurant, date, date]


class Command(BaseCommand):
    """Create what is missing; say how much."""

    help = (
        "Create the service days and slots that are offered but not yet there. What is there stays as it is, so that "
        "this is safe to run twice and beside live bookings. "
        "Example: manage.py materialize_slots --restaurant demo-bistro --days 90"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the scope."""
        parser.add_argument("--restaurant", metavar="SLUG", help="only this one; default: all active ones")
        parser.add_argument(
            "--days", type=whole_number(1, 1000), default=60, metavar="N", help="how many dates; default: 60"
        )
        parser.add_argument(
            "--from", dest="from_date", type=business_date, metavar="DATE", help="first date; default: today there"
        )
        parser.add_argument("--dry-run", action="store_true", help="say how much is missing, create nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create, or count, by restaurant."""
        restaurants = find_restaurants(options["restaurant"])
        batches = list(_batches(restaurants, options["from_date"], options["days"]))
        created = {restaurant.slug: Materialization() for restaurant in restaurants}
        run = plan_materialization if options["dry_run"] else materialize_service_days
        try:
            # Without a terminal there is no bar: disable=None asks the stream.
            for restaurant, first, last in tqdm(batches, desc="Slots", unit="span", disable=None, leave=False):
                created[restaurant.slug] += run(restaurant_id=restaurant.pk, from_date=first, to_date=last)
        except DomainError as error:
            raise CommandError(f"{restaurant.slug}: {error.message} What was created stays; run it again.") from error
        for slug, figures in created.items():
            self.stdout.write(f"{slug}: {_said(figures, is_dry_run=options['dry_run'])}")


def _batches(restaurants: list[Restaurant], from_date: date | None, days: int) -> Iterator[Batch]:
    now = read_clock()
    for restaurant in restaurants:
        first = from_date or now.astimezone(restaurant.zone).date()
        for batch in date_batches(first, first + timedelta(days=days - 1)):
            yield restaurant, *batch


def _said(figures: Materialization, *, is_dry_run: bool) -> str:
    if not figures.days_created:
        return "nothing is missing"
    done = "would be created" if is_dry_run else "created"
    return f"{figures.days_created} service days with {figures.slots_created} slots {done}"
