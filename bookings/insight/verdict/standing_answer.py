"""The standing of the rollout, for programs."""

from typing import Any

from bookings.models import RolloutChange
from bookings.selectors.modes import EnforcementStanding
from bookings.selectors.rollout import RestaurantRollout, RolloutStatus
from capacity.calendar import iso_utc


def rollout_answer(status: RolloutStatus) -> dict[str, Any]:
    """Shape environment, switch and every active restaurant."""
    return {
        "now": iso_utc(status.now),
        "environment": status.standing.is_on_in_environment,
        "switch": _switch_answer(status.standing),
        "enforcing": status.enforcing,
        "setToEnforce": status.set_to_enforce,
        "total": len(status.restaurants),
        "percent": status.percent,
        "restaurants": [_restaurant_answer(restaurant) for restaurant in status.restaurants],
    }


def _switch_answer(standing: EnforcementStanding) -> dict[str, Any]:
    return {
        "on": standing.is_switched_on,
        "changedAt": iso_utc(standing.changed_at) if standing.changed_at else None,
        "changedBy": standing.changed_by or None,
        "reason": standing.reason or None,
    }


def _restaurant_answer(at: RestaurantRollout) -> dict[str, Any]:
    return {
        "slug": at.restaurant.slug,
        "restaurantId": str(at.restaurant.public_id),
        "betaPartner": at.restaurant.beta_partner,
        "mode": at.restaurant.enforcement,
        "enforced": at.mode.is_enforced,
        "decidedBy": at.mode.decided_by,
        "lastChange": _change_answer(at.last_change) if at.last_change else None,
        "decisionsLast7Days": at.decisions,
        "wouldBeRefusalsLast7Days": at.would_be_refusals,
        "tickets": at.tickets,
    }


def _change_answer(change: RolloutChange) -> dict[str, Any]:
    return {
        "action": change.action,
        "from": change.from_value,
        "to": change.to_value,
        "percent": change.percent,
        "by": change.actor_label,
        "at": iso_utc(change.created_at),
        "reason": change.reason,
    }
