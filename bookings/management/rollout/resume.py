"""`rollout resume` lets the mode of each restaurant decide again."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from bookings.management.rollout.base import Subcommand, add_signature, warn_of_obstacles
from bookings.services import resume_enforcement


class Resume(Subcommand):
    """The resumption acts at the next transaction, without a restart."""

    name = "resume"
    help = "turn the switch on again: the mode of each restaurant decides, from the next transaction on"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_signature(parser)

    def run(self, options: Mapping[str, Any], stdout: OutputWrapper, stderr: OutputWrapper) -> None:
        if resume_enforcement(reason=options["reason"], label=options["by"]) is None:
            stdout.write("Enforcement is switched on already: nothing changed")
        else:
            stdout.write("Enforcement is on: the mode of each restaurant decides from the next transaction on")
        warn_of_obstacles(stderr)
