"""The checks of active restaurants whose settings take no party, or more than anybody meant."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, QuerySet

from bookings.management.doctor.findings import Deployment, Finding, ok, problem, some_of, warning
from capacity.misconfigurations import MisconfigurationCode
from capacity.models import CapacityRule, ServicePeriod
from capacity.selectors import list_misconfigurations
from tables.models import Restaurant


def check_restaurants(deployment: Deployment) -> Iterator[Finding]:
    """Check that there is a restaurant, and that each is open at some time."""
    active = Restaurant.objects.filter(active=True)
    if not active.exists():
        yield warning("restaurants", "none is active", "manage.py import_restaurant FILE.yaml")
        return
    closed = _slugs(active.exclude(Exists(_live_periods())))
    if closed:
        advice = "Give it a service period in the admin or its file, or set active to false."
        yield warning("restaurants", f"never open, no service period: {some_of(closed)}", advice)
    else:
        yield ok("restaurants", f"{active.count()} active, each with a service period")


def check_rules(deployment: Deployment) -> Iterator[Finding]:
    """Check that every active restaurant has a capacity rule."""
    rules = CapacityRule.objects.filter(restaurant=OuterRef("pk"))
    without = _slugs(Restaurant.objects.filter(active=True).exclude(Exists(rules)))
    if without:
        advice = "Configure capacity rules in the admin, or capacity_rules in the restaurant's file."
        yield warning("capacity-rules", f"no limit at all: {some_of(without)}", advice)
    else:
        yield ok("capacity-rules", "every active restaurant has one")


def check_tables(deployment: Deployment) -> Iterator[Finding]:
    """Check that every active restaurant with seating at tables has one that takes parties."""
    without = list(dict.fromkeys(slug for slug, _ in _list_misconfigured("PERIOD_WITHOUT_TABLES")))
    if without:
        advice = "Add tables in the admin or the restaurant's file, or set seating_mode of its services to covers."
        yield problem("tables", f"seats at tables and has none, every party is refused: {some_of(without)}", advice)
    else:
        yield ok("tables", "every restaurant that seats at tables has some")


def check_advice(deployment: Deployment) -> Iterator[Finding]:
    """Find settings that are allowed, but probably not meant."""
    found = _list_misconfigured("LIMIT_CLOSES", "LIMIT_QUESTIONABLE", "TURN_TIME_GAP")
    is_quiet = True
    for slug, message in dict.fromkeys(found):
        is_quiet = False
        advice = f"In the admin, or: manage.py export_restaurant {slug}, change, import_restaurant."
        yield warning("settings", f"{slug}: {message}", advice)
    if is_quiet:
        yield ok("settings", "no limit or turn time that is probably not meant")


def _list_misconfigured(*codes: MisconfigurationCode) -> Iterator[tuple[str, str]]:
    """Yield slug and wrong settings of every active restaurant, in 7 queries."""
    for pk, slug in Restaurant.objects.filter(active=True).order_by("slug").values_list("pk", "slug"):
        yield from ((slug, found.advice) for found in list_misconfigurations(pk, *codes))


def _live_periods() -> QuerySet[ServicePeriod]:
    return ServicePeriod.objects.filter(restaurant=OuterRef("pk"), retired_at=None)


def _slugs(restaurants: QuerySet[Restaurant]) -> list[str]:
    return list(restaurants.order_by("slug").values_list("slug", flat=True))
