"""`rollout percent` sets a share of the restaurants to enforce, beta partners first."""

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from bookings.management.rollout.base import Subcommand, add_signature, warn_of_obstacles
from bookings.selectors.rollout import RolloutPlan, plan_rollout_percent
from bookings.services import set_rollout_percent
from capacity.rollout_order import PERCENTAGES
from config.values import counted
from tables.models import Restaurant


class SetPercent(Subcommand):
    """The change acts at the next booking of each restaurant."""

    name = "percent"
    help = (
        "let that percentage of the active restaurants enforce, beta partners first, then in an order that never "
        "changes; a larger percentage drops nobody"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("percent", type=int, choices=PERCENTAGES)
        parser.add_argument("--dry-run", action="store_true", help="say who would join and leave, change nothing")
        add_signature(parser, is_required=False)

    def run(self, options: Mapping[str, Any], stdout: OutputWrapper, stderr: OutputWrapper) -> None:
        percent = options["percent"]
        if options["dry_run"]:
            _show_plan(plan_rollout_percent(percent), stdout)
        elif options["reason"] is None:
            raise CommandError("Error: a change needs --reason, a --dry-run does not", returncode=2)
        else:
            changes = set_rollout_percent(percent=percent, reason=options["reason"], label=options["by"])
            stdout.write(f"{percent} %: {counted(len(changes), 'restaurant')} changed")
            for change in changes:
                stdout.write(f"  {_slug_of(change.restaurant)}: {change.from_value} -> {change.to_value}")
        warn_of_obstacles(stderr)


def _show_plan(plan: RolloutPlan, stdout: OutputWrapper) -> None:
    stdout.write(f"{plan.percent} % of {plan.total} active restaurants are {plan.wanted}")
    _show("would join", plan.joining, stdout)
    _show("would leave", plan.leaving, stdout)


def _show(said: str, restaurants: Iterable[Restaurant], stdout: OutputWrapper) -> None:
    listed = [f"{restaurant.slug}{' (beta partner)' if restaurant.beta_partner else ''}" for restaurant in restaurants]
    stdout.write(f"  {said}: {', '.join(listed) or 'nobody'}")


def _slug_of(restaurant: Restaurant | None) -> str:
    return restaurant.slug if restaurant else "-"
