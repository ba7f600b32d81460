"""The banners at the top of every page of the admin: limits are off, or an audit found something."""

from datetime import UTC
from typing import Any

from django.http import HttpRequest

from bookings.admin.parts.house import shown_restaurant_ids
from bookings.admin.parts.owners import is_owner
from bookings.admin.parts.shown import local_time
from bookings.selectors.bookings import get_telling_audit, list_running_pauses
from bookings.selectors.modes import EnforcementStanding, get_enforcement_standing
from capacity.calendar.wall_clock import shown_time
from capacity.models import OnlinePause

# As `bookings.admin.operations` has it, which stands above.
MAY_CHANGE_BOOKINGS = ("bookings.change_booking",)


def add_banners(request: HttpRequest) -> dict[str, Any]:
    """Return the sentences of the banners, in 3 queries where nothing is paused; none without a signed-in user."""
    if not (request.user.is_active and request.user.is_staff):
        return {}
    standing, audit = get_enforcement_standing(), get_telling_audit(request.user)
    return {
        "enforcement_banner": None if standing.is_on else _off(standing),
        "audit_banner": audit if audit and (audit.has_overbooking or audit.problems) else None,
        "may_roll_out": is_owner(request),
        "pauses": [_paused(request, pause) for pause in _list_pauses(request)],
        # A run over all restaurants names those of others too.
        "may_see_audit": is_owner(request),
    }


def _list_pauses(request: HttpRequest) -> list[OnlinePause]:
    """List the running pauses of the restaurant that the user looks at, or of all that are the user's."""
    return list_running_pauses(shown_restaurant_ids(request))


def _paused(request: HttpRequest, pause: OnlinePause) -> dict[str, Any]:
    return {
        "pause": pause,
        "until": shown_time(pause.ends_at, pause.restaurant.zone),
        "by": pause.paused_by or "somebody",
        "may_lift": request.user.has_perms(MAY_CHANGE_BOOKINGS, pause),
    }


def _off(standing: EnforcementStanding) -> dict[str, Any]:
    return {
        "standing": standing,
        "since": local_time(standing.changed_at, UTC),
    }
