"""`rollout rollback` stops the refusals by limits in all restaurants at once."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from bookings.management.rollout.base import Subcommand, add_signature
from bookings.services import roll_back_enforcement


class RollBack(Subcommand):
    """The rollback acts at the next transaction, without a restart."""

    name = "rollback"
    help = "turn the switch off: limits refuse nobody in any restaurant, from the next transaction on"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_signature(parser)

    def run(self, options: Mapping[str, Any], stdout: OutputWrapper, stderr: OutputWrapper) -> None:
        if roll_back_enforcement(reason=options["reason"], label=options["by"]) is None:
            stdout.write("Enforcement is switched off already: nothing changed")
            return
        stdout.write("Enforcement is off: limits refuse nobody from the next transaction on")
        stdout.write("What is booked above a limit is authorised excess. manage.py rollout resume turns it on again")
