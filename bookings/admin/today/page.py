"""The first page of the admin: today of the restaurant that is looked at, else a line for each restaurant."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.timesince import timesince

from bookings.admin.filters import SEE_BOOKINGS
from bookings.admin.parts.house import house_of
from bookings.admin.parts.owners import is_owner
from bookings.admin.today.group import group_context
from bookings.admin.today.house import SEE_TODAY, house_context
from bookings.models import AuditRun
from bookings.selectors.bookings import get_telling_audit
from bookings.selectors.jobs import count_dead_jobs
from bookings.selectors.memberships import list_memberships, restaurants_of
from capacity.selectors import read_clock
from config.values import FIRST_DATE, LAST_DATE, ValueInvalid, read_date
from tables.models import Restaurant

# An older verdict says little about now.
AUDIT_IS_OLD_AFTER_SECONDS = 24 * 3600


def add_today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the first page what of today the user may see."""
    if not is_owner(request) and not list_memberships(request.user):
        context = context | {"has_no_role": True}
    if request.user.has_perm("procrastinate.view_procrastinatejob"):
        context = context | {"dead_jobs": count_dead_jobs()}
    if not any(request.user.has_perm(permission) for permission in (SEE_TODAY, SEE_BOOKINGS)):
        return context
    house = _find_house(request)
    shown = house_context(request, house, _read_date(request)) if house else group_context(request)
    return context | shown | {"audit": _audit(request)}


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
