"""`rollout set` changes the mode of one restaurant."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from bookings.management.arguments import find_restaurants
from bookings.management.rollout.base import Subcommand, add_signature, warn_of_obstacles
from bookings.services import set_restaurant_mode
from tables.choices import EnforcementMode


class SetMode(Subcommand):
    """The change acts at the next booking of the restaurant."""

    name = "set"
    help = "set one restaurant to shadow or enforce"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("mode", choices=EnforcementMode.values)
        add_signature(parser)

    def run(self, options: Mapping[str, Any], stdout: OutputWrapper, stderr: OutputWrapper) -> None:
        (restaurant,) = find_restaurants(options["slug"])
        change = set_restaurant_mode(
            restaurant_id=restaurant.pk, mode=options["mode"], reason=options["reason"], label=options["by"]
        )
        if change is None:
            stdout.write(f"{restaurant.slug} is set to {options['mode']} already: nothing changed")
        else:
            stdout.write(f"{restaurant.slug}: {change.from_value} -> {change.to_value}")
        if not restaurant.active:
            stderr.write(f"{restaurant.slug} is inactive: it takes no bookings, and no percentage counts it.")
        if options["mode"] == EnforcementMode.ENFORCE:
            warn_of_obstacles(stderr)
