"""`manage.py import_restaurant`: create or update a restaurant from a file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.management.arguments import add_who
from bookings.models import Booking
from bookings.restaurant_file import Action, Change, RestaurantFile, RestaurantFileInvalid, read_restaurant_file
from bookings.selectors.undecided import Undecided
from bookings.services import MovedParty, PartyLeft, SettingsOutcome
from bookings.services.rows.seating import shown_tables
from bookings.services.settings.file_import import import_restaurant
from config.errors import DomainError
from config.values import counted

T = TypeVar("T")
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
        parser.add_argument("--dry-run", action="store_true", help="show all that the import would do, change nothing")
        parser.add_argument(
            "--keep-wall-clock",
            action="store_true",
            help="where the file has another time zone: bookings ahead keep date and time, their instants move",
        )
        add_who(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import."""
        file, is_dry_run = _read(options["file"]), options["dry_run"]
        try:
            outcome = import_restaurant(
                file=file,
                label=options["by"],
                keeps_wall_clock=options["keep_wall_clock"],
                is_dry_run=is_dry_run,
            )
        except DomainError as error:
            raise CommandError(f"{options['file']} is not imported: {error.message}") from error
        self._show(file, outcome.changes, "would change" if is_dry_run else "changed")
        if outcome.settings is not None:
            self._show_settings(outcome.settings, "would be fitted" if is_dry_run else "fitted")

    def _show(self, file: RestaurantFile, changes: Sequence[Change], verb: str) -> None:
        slug = file.restaurant.slug
        self.stdout.write(f"{slug}: {counted(len(changes), 'row')} {verb}" if changes else f"{slug}: no changes")
        for change in changes:
            self.stdout.write(f"  {_line_of(change)}")

    def _show_settings(self, settings: SettingsOutcome, verb: str) -> None:
        if settings.service_days:
            days = counted(settings.service_days, "service day")
            self.stdout.write(f"{verb} to the new settings, from yesterday on: {days}")
        for raised in settings.raised:
            place = raised.slot_starts_at or raised.service_day.business_date
            self.stdout.write(f"  over the limit, authorised: {raised.amount} {raised.limit} at {place}")
        self._list(settings.stranded, "that could not be made again as it is, for a decision", _undecided)
        self._list(settings.moves, "moved to other tables", _moved)
        self._list(settings.left, "left at tables that do not take them any more", _left)
        self._list(settings.waiting, "waiting for a decision since before", _undecided)
        self._list(settings.rescheduled, "kept date and time in the new zone. Tell the guests", _guest_to_tell)

    def _list(self, found: Sequence[T], said: str, line_of: Callable[[T], str]) -> None:
        if found:
            self.stdout.write(f"{counted(len(found), 'booking')} {said}:")
        for each in found:
            self.stdout.write(f"  {line_of(each)}")


def _undecided(found: Undecided) -> str:
    """Name a booking with its guest, size and time, as the staff looks for it."""
    booking = found.booking
    when = f"{booking.business_date} {booking.shown_start}"
    return f"{booking} {when}, {booking.guest_name}, party of {booking.party_size}: {found.reason}"


def _guest_to_tell(booking: Booking) -> str:
    when = f"{booking.business_date:%a %-d %b %Y} {booking.shown_start}"
    line = f"{booking.reference}, {booking.guest_name}, {when}, party of {booking.party_size}"
    return f"{line}: {booking.guest_phone or booking.guest_email or 'no contact'}"


def _moved(move: MovedParty) -> str:
    return f"{move.booking_reference}: {shown_tables(move.from_tables)} -> {shown_tables(move.to_tables)}"


def _left(party: PartyLeft) -> str:
    return f"{party.booking} at {shown_tables(party.tables)}: {party.reason.words}"


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
