"""`manage.py import_restaurant`: create or update a restaurant from a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.management.arguments import add_who
from bookings.models import Booking
from bookings.restaurant_file import Action, Change, RestaurantFile, RestaurantFileInvalid, read_restaurant_file
from bookings.services import SettingsOutcome
from bookings.services.rows.seating import shown_tables
from bookings.services.settings.file_import import ImportOutcome, import_restaurant, plan_import
from config.errors import DomainError
from config.values import counted

SIGNS = {Action.ADD: "+", Action.CHANGE: "~", Action.RETIRE: "o", Action.REMOVE: "-"}
NOUNS = {
    "restaurant": "restaurant",
    "sections": "section",
    "tables": "table",
    "combinations": "combination",
    "service_periods": "service period",
    "turn_times": "turn time",
    "capacity_rules": "capacity rule",
    "closures": "closure",
}


class Command(BaseCommand):
    """Read the file, import it or show the difference."""

    help = (
        "Create or update a restaurant from a YAML file. The file is the whole truth: what it does not name is "
        "deleted, or retired where bookings refer to it. A bad file changes nothing, and every problem is named with "
        "its line and field. Safe to run twice. Example: manage.py import_restaurant demo/bistro.yaml --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, and the name of the acting person."""
        parser.add_argument("file", type=Path, metavar="FILE.yaml")
        parser.add_argument("--dry-run", action="store_true", help="show the difference, change nothing")
        add_who(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import."""
        file = _read(options["file"])
        try:
            if options["dry_run"]:
                self._show(file, plan_import(file=file), "would change")
            else:
                self._show_outcome(file, import_restaurant(file=file, label=options["by"]))
        except DomainError as error:
            raise CommandError(f"{options['file']} is not imported: {error.message}") from error

    def _show(self, file: RestaurantFile, changes: Sequence[Change], verb: str) -> None:
        slug = file.restaurant.slug
        self.stdout.write(f"{slug}: {counted(len(changes), 'row')} {verb}" if changes else f"{slug}: no changes")
        for change in changes:
            self.stdout.write(f"  {_line_of(change)}")

    def _show_outcome(self, file: RestaurantFile, outcome: ImportOutcome) -> None:
        self._show(file, outcome.changes, "changed")
        if outcome.settings is not None:
            days = outcome.settings.service_days
            self.stdout.write(f"{days} service days, from yesterday on, were fitted to the new settings")
            for raised in outcome.settings.raised:
                place = raised.slot_starts_at or raised.service_day.business_date
                self.stdout.write(f"  over the limit, authorised: {raised.amount} {raised.limit} at {place}")
            self._show_bookings("without service any more, for a decision", outcome.settings.bookings)
            self._show_tables(outcome.settings)

    def _show_bookings(self, said: str, bookings: Sequence[Booking]) -> None:
        if bookings:
            references = ", ".join(booking.reference for booking in bookings)
            self.stdout.write(f"{counted(len(bookings), 'booking')} {said}: {references}")

    def _show_tables(self, settings: SettingsOutcome) -> None:
        if settings.moves:
            self.stdout.write(f"{counted(len(settings.moves), 'booking')} moved to other tables:")
        for move in settings.moves:
            before, after = shown_tables(move.from_tables), shown_tables(move.to_tables)
            self.stdout.write(f"  {move.booking_reference}: {before} -> {after}")
        if settings.left:
            self.stdout.write(
                f"{counted(len(settings.left), 'booking')} left at tables that do not take them any more:"
            )
        for party in settings.left:
            self.stdout.write(f"  {party.booking} at {shown_tables(party.tables)}: {party.reason.words}")


def _read(path: Path) -> RestaurantFile:
    try:
        return read_restaurant_file(path.read_bytes())
    except OSError as error:
        raise CommandError(f"Cannot read {path}: {error.strerror}") from error
    except RestaurantFileInvalid as error:
        problems = "\n".join(f"  {problem}" for problem in error.problems)
        raise CommandError(
            f"{path} is not imported, it has {counted(len(error.problems), 'problem')}:\n{problems}"
        ) from error


def _line_of(change: Change) -> str:
    said = change.after or change.before
    differences = "; ".join(f"{word} {before} -> {after}" for word, before, after in change.differences())
    line = f"{SIGNS[change.action]} {NOUNS[change.key]} {said}"
    if change.action is Action.RETIRE:
        return f"{line} (retired, since it has a history)"
    return f"{line}: {differences}" if differences else line
