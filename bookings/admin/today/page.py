"""The first page of the admin, which goes on by itself: today of a restaurant, else a line for each of several."""

from datetime import date, datetime
from hashlib import sha256
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.timesince import timesince

from bookings.admin.filters import SEE_BOOKINGS
from bookings.admin.parts.banners import add_banners
from bookings.admin.parts.house import house_of, house_query
from bookings.admin.parts.navigation import waiting_badge
from bookings.admin.parts.owners import is_owner
from bookings.admin.today.group import group_context, group_query
from bookings.admin.today.house import SEE_TODAY, house_context
from bookings.models import AuditRun
from bookings.selectors.bookings import get_telling_audit
from bookings.selectors.jobs import count_dead_jobs
from bookings.selectors.memberships import list_memberships, restaurants_of
from bookings.selectors.timeline import get_business_date, read_evening_tag
from capacity.selectors import read_clock
from config.values import FIRST_DATE, LAST_DATE, ValueInvalid, read_date
from tables.models import Restaurant

# An older verdict says little about now.
AUDIT_IS_OLD_AFTER_SECONDS = 24 * 3600


def add_today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the first page what of today the user may see."""
    if not is_owner(request) and not list_memberships(request.user):
        context = context | {"has_no_role": True}
    if not _may_look(request):
        return context | _jobs(request)
    house = _find_house(request)
    # The tag first: what is written meanwhile is then told by the next look.
    tag = _entity_tag(request, house) if house else ""
    return context | {"entity_tag": tag, "board_url": _board_url(request, house)} | _board_context(request, house)


def serve_board(request: HttpRequest) -> HttpResponse:
    """Return all that goes on with the page: today of a restaurant or of several, the banners, the sidebar's count.

    One answer has it all, so that no red banner stands above the green note of an audit before. Of a restaurant: 304 in
    2 queries, or 3, beside those of the user where nothing has changed since the caller's look; audits and jobs go with
    the minute. The lines of several are read each time, and sent where they are others.
    """
    if not _may_look(request):
        raise PermissionDenied
    house = _find_house(request)
    tag = _entity_tag(request, house) if house else ""
    response = get_conditional_response(request, etag=tag) if tag else None
    if response is None:
        response = _draw(request, house)
        tag = tag or quote_etag(sha256(response.content).hexdigest()[:32])
        response = get_conditional_response(request, etag=tag, response=response) or response
    response["ETag"] = tag
    return response


def _draw(request: HttpRequest, house: Restaurant | None) -> HttpResponse:
    context = {**_board_context(request, house), **add_banners(request)}
    if "to_decide" in context:
        context["waiting"] = waiting_badge("undecided", context["to_decide"])
    return render(request, "admin/today/look.html", context)


def _may_look(request: HttpRequest) -> bool:
    return any(request.user.has_perm(permission) for permission in (SEE_TODAY, SEE_BOOKINGS))


def _entity_tag(request: HttpRequest, house: Restaurant) -> str:
    business_date = _read_date(request) or get_business_date(house)
    return f'"{read_evening_tag(restaurant_id=house.pk, business_date=business_date)}"'


def _board_url(request: HttpRequest, house: Restaurant | None) -> str:
    """Return the address of the board; without a date it goes on to the next one by itself."""
    asked = house_query(house.slug, _read_date(request)) if house else group_query(request)
    return f"{reverse('today_board')}?{asked}"


def _board_context(request: HttpRequest, house: Restaurant | None) -> dict[str, Any]:
    own = house_context(request, house, _read_date(request)) if house else group_context(request)
    return own | {"audit": _audit(request)} | _jobs(request)


def _jobs(request: HttpRequest) -> dict[str, Any]:
    may_see = request.user.has_perm("procrastinate.view_procrastinatejob")
    return {"dead_jobs": count_dead_jobs()} if may_see else {}


def _find_house(request: HttpRequest) -> Restaurant | None:
    """Return the restaurant that is looked at, or the only one that is there to look at."""
    house = house_of(request)
    if house is not None or "q" in request.GET:
        return house
    found = restaurants_of(request.user, SEE_TODAY, SEE_BOOKINGS).filter(active=True)[:2]
    return found[0] if len(found) == 1 else None


def _read_date(request: HttpRequest) -> date | None:
    """Return the date of the address; what makes no sense is the date that runs."""
    try:
        asked = read_date(request.GET.get("date", ""))
    except ValueInvalid:
        return None
    return asked if FIRST_DATE < asked < LAST_DATE else None


def _audit(request: HttpRequest) -> dict[str, Any] | None:
    """Return the verdict of the auditor for who sees the numbers; none has been given before the first audit."""
    if not request.user.has_perm(SEE_TODAY):
        return None
    run, now = get_telling_audit(request.user), read_clock()
    return {"run": run, **(_verdict(run, now) if run else {})}


def _verdict(run: AuditRun, now: datetime) -> dict[str, Any]:
    return {
        "scope": run.restaurant or "all restaurants",
        "age": timesince(run.finished_at, now),
        "is_old": (now - run.finished_at).total_seconds() > AUDIT_IS_OLD_AFTER_SECONDS,
    }
