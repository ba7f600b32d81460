"""`manage.py materialize_slots`: create the service days and slots of the coming weeks."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from bookings.management.arguments import business_date, find_restaurants, whole_number
from bookings.services import Materialization, plan_materialization
from bookings.services.settings.coming_days import DAYS_AHEAD, RestaurantDone, materialize_restaurants
from capacity.selectors import read_clock
from config.errors import DomainError
from config.values import counted
from tables.models import Restaurant

MOST_NAMED = 20


class Command(BaseCommand):
    """Create what is missing; say how much."""

    help = (
        "Create the service days and slots that are offered but not yet there. What is there stays as it is, so that "
        "this is safe to run twice and beside live bookings, and goes on where an earlier run was stopped. A "
        "restaurant that fails is named in the end, and keeps no other back. "
        "Example: manage.py materialize_slots --restaurant demo-bistro --days 90"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the scope."""
        parser.add_argument("--restaurant", metavar="SLUG", help="only this one; default: all active ones")
        parser.add_argument(
            "--days",
            type=whole_number(1, 1000),
            default=DAYS_AHEAD,
            metavar="N",
            help="how many dates; default: %(default)s",
        )
        parser.add_argument(
            "--from", dest="from_date", type=business_date, metavar="DATE", help="first date; default: today there"
        )
        parser.add_argument(
            "--connections",
            type=whole_number(1, 16),
            default=2,
            metavar="N",
            help="restaurants at once, each on a connection of its own; default: %(default)s",
        )
        parser.add_argument("--dry-run", action="store_true", help="say how much is missing, create nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create, or count, by restaurant."""
        restaurants = find_restaurants(options["restaurant"])
        done = _plan(restaurants, options) if options["dry_run"] else _create(restaurants, options)
        failed: list[RestaurantDone] = []
        # Without a terminal there is no bar: disable=None asks the stream.
        for each in tqdm(done, total=len(restaurants), desc="Slots", unit="restaurant", disable=None, leave=False):
            if each.error is None:
                self.stdout.write(f"{each.restaurant.slug}: {_said(each.created, is_dry_run=options['dry_run'])}")
            else:
                failed.append(each)
        if failed:
            raise CommandError("\n".join(_failures(failed, len(restaurants))))


def _create(restaurants: list[Restaurant], options: dict[str, Any]) -> Iterator[RestaurantDone]:
    return materialize_restaurants(
        restaurants, connections=options["connections"], from_date=options["from_date"], days=options["days"]
    )


def _plan(restaurants: list[Restaurant], options: dict[str, Any]) -> Iterator[RestaurantDone]:
    now = read_clock()
    for restaurant in restaurants:
        first = options["from_date"] or now.astimezone(restaurant.zone).date()
        last = first + timedelta(days=options["days"] - 1)
        yield RestaurantDone(
            restaurant, plan_materialization(restaurant_id=restaurant.pk, from_date=first, to_date=last)
        )


def _failures(failed: list[RestaurantDone], total: int) -> Iterator[str]:
    yield f"{counted(len(failed), 'restaurant')} of {total} failed; what was created stays. Run it again for these:"
    for each in failed[:MOST_NAMED]:
        said = each.error.message if isinstance(each.error, DomainError) else repr(each.error)
        yield f"  {each.restaurant.slug}: {said}"
    if len(failed) > MOST_NAMED:
        yield f"  and {len(failed) - MOST_NAMED} more"


def _said(figures: Materialization, *, is_dry_run: bool) -> str:
    if not figures.days_created:
        return "nothing is missing"
    done = "would be created" if is_dry_run else "created"
    return f"{counted(figures.days_created, 'service day')} with {counted(figures.slots_created, 'slot')} {done}"
