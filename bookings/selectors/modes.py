"""The mode in which a restaurant decides: the weakest of environment, switch and its own mode wins."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, Subquery

from bookings.models import RolloutChange
from capacity.models import EnforcementSwitch
from config.statements import Statement
from tables.choices import EnforcementMode
from tables.models import Restaurant

SOMEBODY = "a command"


@dataclass(frozen=True)
class EnforcementStanding:
    """The standing of environment and switch for all restaurants.

    `reason`, `changed_by` and `changed_at` are of the last turn of the switch; a switch that was never turned is on.
    """

    is_on_in_environment: bool
    is_switched_on: bool = True
    reason: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None

    @property
    def is_on(self) -> bool:
        """Say whether the mode of a restaurant decides."""
        return self.is_on_in_environment and self.is_switched_on

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Return the obstacles to enforcement in every restaurant, the weakest first."""
        said = []
        if not self.is_on_in_environment:
            said.append("ENABLE_CAPACITY_ENFORCEMENT is false in the environment")
        if not self.is_switched_on:
            said.append(f"the enforcement switch is off: {self.reason or 'no reason given'}")
        return tuple(said)

    @property
    def caution(self) -> str:
        """Return the sentence that the restaurants' settings do not act, with the obstacles; empty where they act."""
        if not self.obstacles:
            return ""
        return f"Nothing of this acts yet, limits refuse nobody: {'; '.join(self.obstacles)}."


@dataclass(frozen=True)
class Mode:
    """The mode of a restaurant: limits are enforced or not, by one of the three switches."""

    is_enforced: bool
    decided_by: str


def get_enforcement_standing() -> EnforcementStanding:
    """Get the standing of environment and switch, with the last turn of the switch, in 1 query: every screen asks."""
    rows = _SWITCH.run()
    if not rows:
        return EnforcementStanding(settings.ENABLE_CAPACITY_ENFORCEMENT)
    ((is_switched_on, reason, changed_at, label, username),) = rows
    return EnforcementStanding(
        is_on_in_environment=settings.ENABLE_CAPACITY_ENFORCEMENT,
        is_switched_on=is_switched_on,
        reason=reason,
        changed_by=label or username or SOMEBODY,
        changed_at=changed_at,
    )


def _switch_query() -> QuerySet[EnforcementSwitch, Any]:
    labels = RolloutChange.objects.filter(restaurant=None).order_by("-created_at", "-pk").values("actor_label")
    columns = ("enforced", "reason", "changed_at", "label", "changed_by__username")
    return EnforcementSwitch.objects.filter(pk=1).annotate(label=Subquery(labels[:1])).values_list(*columns)


_SWITCH = Statement.of("enforcement_switch", _switch_query)


def mode_of(restaurant: Restaurant, standing: EnforcementStanding) -> Mode:
    """Name the first of the three that is off."""
    if standing.obstacles:
        return Mode(False, standing.obstacles[0])
    if restaurant.enforcement == EnforcementMode.SHADOW:
        return Mode(False, "the restaurant is set to shadow")
    return Mode(True, "environment, switch and restaurant all enforce")
