"""`manage.py prune_history`: delete what has been kept long enough."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from bookings.services.upkeep.pruning import prune
from config.logs.failures import describe_error


class Command(BaseCommand):
    """Prune, and say how much."""

    help = (
        "Delete decisions older than LEDGER_DAYS, old audit runs and jobs that have ended, in batches: no statement "
        "takes long, none waits for a booking. The worker does it every night. Example: manage.py prune_history "
        "--dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the flag of a dry run."""
        parser.add_argument("--dry-run", dest="is_dry_run", action="store_true", help="only say how much it would be")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prune."""
        ending = "would be deleted" if options["is_dry_run"] else "deleted"

        def tell(name: str, count: int) -> None:
            self.stdout.write(f"{count} {name.replace('_', ' ')} {ending}")

        try:
            prune(is_dry_run=options["is_dry_run"], tell=tell)
        except DatabaseError as error:
            said = describe_error(error)
            raise CommandError(f"Not all was looked at: {said}. What is deleted stays so; run it again.") from error
