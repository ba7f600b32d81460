"""`manage.py export_restaurant`: write a restaurant's settings as a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.management.arguments import find_restaurants
from bookings.restaurant_file import export_restaurant


class Command(BaseCommand):
    """Print the file, or write it."""

    help = (
        "Write a restaurant, its tables, hours and rules as a YAML file that import_restaurant reads. "
        "Example: manage.py export_restaurant demo-bistro --output bistro.yaml"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the restaurant, and the place of its file."""
        parser.add_argument("slug", metavar="SLUG", help="the restaurant, active or not")
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: print it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Export."""
        find_restaurants(options["slug"])
        text = export_restaurant(slug=options["slug"])
        if options["output"] is None:
            self.stdout.write(text, ending="")
            return
        try:
            options["output"].write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"Cannot write {options['output']}: {error.strerror}") from error
