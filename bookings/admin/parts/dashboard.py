"""The first page of the admin: an overview of today."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince

from bookings.admin.filters import SEE_BOOKINGS, TO_DECIDE_URL
from bookings.admin.parts.house import shown_restaurant_ids
from bookings.admin.parts.owners import is_owner
from bookings.admin.parts.shown import used_of_limit
from bookings.decision.occupied import grace_ends_at
from bookings.selectors.jobs import count_dead_jobs
from bookings.selectors.memberships import list_memberships
from bookings.selectors.overview import Overview, RestaurantToday, get_overview
from bookings.selectors.undecided import count_undecided
from capacity.calendar.wall_clock import shown_time

SEE_TODAY = "capacity.view_serviceday"
# An older verdict says little about now.
AUDIT_IS_OLD_AFTER_SECONDS = 24 * 3600


def add_overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the first page dead jobs, decisions that wait and today's services, for users who may see them."""
    if not is_owner(request) and not list_memberships(request.user):
        context = context | {"has_no_role": True}
    if request.user.has_perm("procrastinate.view_procrastinatejob"):
        context = context | {"dead_jobs": count_dead_jobs()}
    if request.user.has_perm(SEE_BOOKINGS):
        waiting = count_undecided(shown_restaurant_ids(request, SEE_BOOKINGS))
        context = context | {"to_decide": waiting, "to_decide_url": TO_DECIDE_URL}
    if not request.user.has_perm(SEE_TODAY):
        return context
    overview = get_overview(shown_restaurant_ids(request, SEE_TODAY), viewer=request.user)
    cards = [_card(restaurant, overview.now) for restaurant in overview.restaurants]
    return context | {"overview": overview, "cards": cards, "audit": _audit(overview)}


def _audit(overview: Overview) -> dict[str, Any] | None:
    run = overview.latest_audit
    if run is None:
        return None
    age_seconds = (overview.now - run.finished_at).total_seconds()
    return {
        "run": run,
        "scope": run.restaurant or "all restaurants",
        "age": timesince(run.finished_at, overview.now),
        "is_old": age_seconds > AUDIT_IS_OLD_AFTER_SECONDS,
    }


def _card(restaurant: RestaurantToday, now: datetime) -> dict[str, Any]:
    return {
        "at": restaurant,
        "services": [
            {
                "at": service,
                "covers": used_of_limit(service.booked_covers, service.max_covers, service.excess_covers),
                "parties": used_of_limit(service.booked_parties, service.max_parties),
                "is_of_yesterday": service.business_date != restaurant.today,
            }
            for service in restaurant.services
        ],
        "online_from": _wall_time(grace_ends_at(restaurant.restaurant, now), restaurant.restaurant.zone),
        "running_over": [
            {"at": late, "next_at": _wall_time(late.next_starts_at, restaurant.restaurant.zone)}
            for late in restaurant.running_over
        ],
        "unlimited": [
            {"name": name, "url": _new_rule(restaurant.restaurant.pk, period_id)}
            for period_id, name in restaurant.unlimited
        ],
        "rules_url": _new_rule(restaurant.restaurant.pk),
        "has_no_limit": 0 < restaurant.period_count == len(restaurant.unlimited),
        "periods_url": f"{reverse('admin:capacity_serviceperiod_add')}?restaurant={restaurant.restaurant.pk}",
    }


def _wall_time(instant: datetime | None, zone: ZoneInfo) -> str:
    return shown_time(instant, zone) if instant else ""


def _new_rule(restaurant_id: int, period_id: int | None = None) -> str:
    """Return the address of a new rule for a restaurant, or one of its periods."""
    scope = {"restaurant": restaurant_id} | ({"service_period": period_id} if period_id else {})
    return f"{reverse('admin:capacity_capacityrule_add')}?{urlencode(scope)}"
