"""`rollout status` prints the standing of every restaurant, and the switch that decides it."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from bookings.insight.verdict.standing_answer import rollout_answer
from bookings.management.rollout.base import Subcommand
from bookings.selectors.modes import EnforcementStanding
from bookings.selectors.rollout import RestaurantRollout, RolloutStatus, get_rollout_status
from capacity.calendar import iso_utc
from config.values import counted


class ShowStatus(Subcommand):
    """The subcommand only reads."""

    name = "status"
    help = "show environment, switch, and the mode of every active restaurant with what decides it"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", dest="is_json", action="store_true", help="print one JSON object")

    def run(self, options: Mapping[str, Any], stdout: OutputWrapper, stderr: OutputWrapper) -> None:
        status = get_rollout_status()
        if options["is_json"]:
            stdout.write(json.dumps(rollout_answer(status), indent=2))
        else:
            stdout.write("\n".join(_lines(status)))


def _lines(status: RolloutStatus) -> Iterator[str]:
    standing, total = status.standing, len(status.restaurants)
    yield f"Environment: ENABLE_CAPACITY_ENFORCEMENT is {'true' if standing.is_on_in_environment else 'false'}"
    yield f"Switch: {_switch_text(standing)}"
    houses = counted(total, "restaurant")
    yield f"Enforced: {status.enforcing} of {houses}, {status.percent} %; set to: {status.set_to_enforce}"
    for restaurant in status.restaurants:
        yield ""
        yield from _restaurant_lines(restaurant)


def _switch_text(standing: EnforcementStanding) -> str:
    state = "on" if standing.is_switched_on else "off"
    if standing.changed_at is None:
        return f"{state}, never turned"
    return f"{state} since {iso_utc(standing.changed_at)} by {standing.changed_by}: {standing.reason}"


def _restaurant_lines(at: RestaurantRollout) -> Iterator[str]:
    name = f"{at.restaurant.slug}{' (beta partner)' if at.restaurant.beta_partner else ''}"
    acts = "enforced" if at.mode.is_enforced else "shadow"
    yield f"{name}: {acts}, set to {at.restaurant.enforcement}; {at.mode.decided_by}"
    if at.last_change is not None:
        change = at.last_change
        when, who = iso_utc(change.created_at), change.actor_label
        yield f"  {change.from_value} -> {change.to_value} at {when} by {who}: {change.reason}"
    seen = f"{counted(at.decisions, 'decision')}, of which limits would have refused {at.would_be_refusals}"
    yield f"  last 7 days: {seen}; support tickets ever: {at.tickets}"
