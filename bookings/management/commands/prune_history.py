"""`manage.py prune_history`: delete what has been kept long enough."""

from typing import Any

from django.core.management.base import BaseCommand

from bookings.services.pruning import prune


class Command(BaseCommand):
    """Prune, and say how much."""

    help = (
        "Delete decisions older than LEDGER_DAYS, old audit runs and jobs that have ended, in batches: no statement "
        "takes long, none waits for a booking. The worker does it every night. Example: manage.py prune_history"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prune."""
        for name, count in prune().items():
            self.stdout.write(f"{count} {name.replace('_', ' ')} deleted")
