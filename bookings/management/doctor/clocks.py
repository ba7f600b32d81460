"""The clocks and zones of this machine and of the database, with every restaurant's wall clock."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connection

from bookings.management.doctor.findings import Deployment, Finding, ok, problem, some_of, warning
from capacity.selectors import read_clock
from tables.models import Restaurant
from tables.zones import zone_names

NOTABLE_SECONDS = 1.0
GRAVE_SECONDS = 30.0
SYNCHRONISE = "Keep both machines on NTP: chronyc tracking, or timedatectl."
# Every rule of summer time of a year shows at one of these.
QUARTERS = tuple(timedelta(days=days) for days in (0, 91, 182, 273))


def _now() -> datetime:
    return datetime.now(UTC)


def check_clock(deployment: Deployment, now: Callable[[], datetime] = _now) -> Iterator[Finding]:
    """Check that this machine and the database agree on the time.

    The database's clock decides bookings, this machine's decides sessions and throttles.
    """
    before = now()
    there = read_clock()
    after = now()
    # The answer was given at some moment between the two.
    apart = max(before - there, there - after, timedelta()).total_seconds()
    if apart >= GRAVE_SECONDS:
        yield problem("clock", f"this machine and the database are {apart:.1f} s apart", SYNCHRONISE)
    elif apart >= NOTABLE_SECONDS:
        yield warning("clock", f"this machine and the database are {apart:.1f} s apart", SYNCHRONISE)
    else:
        yield ok("clock", f"this machine and the database are less than {NOTABLE_SECONDS:g} s apart")


def check_zones(deployment: Deployment) -> Iterator[Finding]:
    """Check that the database knows the zone of every restaurant, with the hours of this machine."""
    zones = sorted(set(Restaurant.objects.values_list("timezone", flat=True)))
    unknown_here = [zone for zone in zones if not is_known_here(zone)]
    if unknown_here:
        advice = "Correct the zone in the restaurant's file or in the admin, or update tzdata here (pip)."
        yield problem("zones", f"this machine does not know: {some_of(unknown_here)}", advice)
    known = _known_to_database(zones)
    unknown = [zone for zone in zones if zone not in known]
    if unknown:
        advice = "Update the time zone data of the PostgreSQL server (the system's tzdata package) and restart it."
        yield problem("zones", f"the database does not know: {some_of(unknown)}", advice)
    different = _differing([zone for zone in zones if zone in known and zone not in unknown_here])
    if different:
        advice = "Update tzdata here (pip) and on the PostgreSQL server: one of them is old."
        yield problem("zones", f"other hours in the database than here: {some_of(different)}", advice)
    if not unknown and not unknown_here and not different:
        yield ok("zones", f"the database knows all {len(zones)} zones, with the same hours")


def is_known_here(zone: str) -> bool:
    """Say whether a zone is of the IANA list, and Python knows it. No query."""
    if zone not in zone_names():
        return False
    try:
        ZoneInfo(zone)
    # The other one of a name that could be no zone's, as one that begins with a slash.
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def _known_to_database(zones: list[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names WHERE name = ANY(%s)", [zones])
        return {name for (name,) in cursor.fetchall()}


def _differing(zones: list[str]) -> list[str]:
    """Return the zones in which database and Python show another wall clock in some quarter of the coming year."""
    instants = [(_now() + quarter).replace(microsecond=0) for quarter in QUARTERS]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT zone, instant, instant AT TIME ZONE zone FROM unnest(%s::text[]) AS zone, "
            "unnest(%s::timestamptz[]) AS instant",
            [zones, instants],
        )
        shown = cursor.fetchall()
    return sorted(
        {zone for zone, instant, wall in shown if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall}
    )
