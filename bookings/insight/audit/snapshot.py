"""Read one snapshot of the database, one time zone after the other."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.db import DataError, connection, transaction

from bookings.insight.audit.judgement import (
    judge_lines,
    judge_tables,
    misplaced_booking,
    other_wall_clock,
    stranded_booking,
    unknown_zone,
    unseated_bookings,
)
from bookings.insight.audit.lines import Line
from bookings.insight.audit.report import AuditReport

Row = dict[str, Any]

SQL = Path(__file__).parent / "sql"
LAST_DATE = date(9999, 12, 31)
# Far more than an audit takes, so that a lost one ends by itself.
TIMEOUT = "5min"


@dataclass(frozen=True)
class AuditScope:
    """The scope of an audit: one restaurant or all; business dates, inclusive, by default from yesterday on."""

    restaurant_id: int | None = None
    from_date: date | None = None
    to_date: date | None = None


@dataclass(frozen=True)
class ChangedDays:
    """The report on service days that have changed; `clean` holds the audited version of those without a finding.

    `found` are the ids of all others.
    """

    report: AuditReport
    clean: dict[int, int]
    found: set[int]


@dataclass(frozen=True)
class _Zone:
    """Restaurants whose clocks show the same, and the date that they show at the moment of the snapshot."""

    restaurant_ids: list[int]
    today: date
    is_known: bool


def audit(scope: AuditScope) -> AuditReport:
    """Audit a scope in one REPEATABLE READ, READ ONLY transaction: no write can come in between.

    The audit takes no lock and waits for none. It runs 10 queries for each time zone, and 1 more where a line
    is overbooked.
    """
    with _snapshot() as as_of:
        ids = None if scope.restaurant_id is None else [scope.restaurant_id]
        return _audit_restaurants(_list_restaurants(ids), scope, as_of, service_day_ids=None)


def list_changed_restaurants(except_ids: Sequence[int]) -> list[int]:
    """List the restaurants, but for some, that have a service day to look at again, in 1 query."""
    changed = f"SELECT DISTINCT restaurant_id FROM ({_read_sql('changed_days')}) AS changed ORDER BY 1"  # noqa: S608 - our own file
    with _snapshot() as as_of:
        rows = _rows(changed, {"restaurant_ids": None, "is_whole": False, "as_of": as_of})
    known = set(except_ids)
    return [row["restaurant_id"] for row in rows if row["restaurant_id"] not in known]


def audit_changed_days(restaurant_ids: Sequence[int], *, is_whole: bool) -> ChangedDays:
    """Audit the service days of some restaurants that have changed since they were audited, or all; see `audit`."""
    with _snapshot() as as_of:
        parameters = {"restaurant_ids": restaurant_ids, "is_whole": is_whole, "as_of": as_of}
        rows = _query("changed_days", parameters)
        # Whole restaurants are found by their dates: a list of all their days would be the slower way.
        ids = None if is_whole else [row["id"] for row in rows]
        report = _audit_restaurants(_list_restaurants(restaurant_ids), AuditScope(), as_of, service_day_ids=ids)
    # A finding without a service day, as of an unknown time zone, is of all days of its restaurant.
    unclear = {finding.restaurant_id for finding in report.findings if not finding.service_day_ids}
    found = {day for finding in report.findings for day in finding.service_day_ids}
    found |= {row["id"] for row in rows if row["restaurant_id"] in unclear}
    return ChangedDays(report, {row["id"]: row["version"] for row in rows if row["id"] not in found}, found)


def _audit_restaurants(
    restaurants: Sequence[Row], scope: AuditScope, as_of: datetime, service_day_ids: list[int] | None
) -> AuditReport:
    report = AuditReport(
        as_of=as_of,
        finished_at=as_of,
        restaurants={row["id"]: row["slug"] for row in restaurants},
        names={row["id"]: row["name"] for row in restaurants},
        checked={"restaurants": len(restaurants)},
    )
    for zone in _enter_zones(restaurants, report):
        _audit_zone(zone, scope, report, service_day_ids)
    report.finished_at = _read_clock()
    return report


@contextmanager
def _snapshot() -> Iterator[datetime]:
    """Open the transaction of an audit, and yield the instant of its snapshot by the database's clock."""
    with transaction.atomic(durable=True):
        _begin_snapshot()
        yield _read_clock()


def _begin_snapshot() -> None:
    with connection.cursor() as cursor:
        # Compiling these long queries takes longer than running them.
        cursor.execute(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;"
            f"SET LOCAL statement_timeout = '{TIMEOUT}'; SET LOCAL jit = off; SET LOCAL work_mem = '64MB'"
        )


def _read_clock() -> datetime:
    moment: datetime = _rows("SELECT clock_timestamp() AT TIME ZONE 'UTC' AS moment")[0]["moment"]
    return moment


def _list_restaurants(restaurant_ids: Sequence[int] | None) -> list[Row]:
    return _rows(
        "SELECT id, slug, name, timezone FROM tables_restaurant"
        " WHERE %(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s) ORDER BY timezone, slug",
        {"ids": restaurant_ids},
    )


def _enter_zones(restaurants: Iterable[Row], report: AuditReport) -> Iterator[_Zone]:
    """Set the session's time zone to each zone in turn, so that `::date` and `::time` read the wall.

    `AT TIME ZONE` would not do: it takes CET, EET, MET and WET for abbreviations without summer time.
    """
    for name, group in groupby(restaurants, key=lambda row: row["timezone"]):
        restaurant_ids = [row["id"] for row in group]
        # What the database alone calls a zone has another clock in the application.
        is_known = name in _zone_names() and _set_zone(name)
        if not is_known:
            _set_zone("UTC")
            report.problems += [unknown_zone(restaurant_id, name) for restaurant_id in restaurant_ids]
        today: date = _rows("SELECT %(as_of)s::timestamptz::date AS today", {"as_of": report.as_of})[0]["today"]
        yield _Zone(restaurant_ids, today, is_known)


@cache
def _zone_names() -> set[str]:
    return available_timezones()


def _set_zone(name: str) -> bool:
    try:
        with transaction.atomic():
            _rows("SELECT set_config('TimeZone', %(name)s, true)", {"name": name})
    except DataError:
        return False
    return True


def _audit_zone(zone: _Zone, scope: AuditScope, report: AuditReport, service_day_ids: list[int] | None) -> None:
    parameters = {
        "restaurant_ids": zone.restaurant_ids,
        "service_day_ids": service_day_ids,
        "as_of": report.as_of,
        "today": zone.today,
        "from_date": scope.from_date or zone.today - timedelta(days=1),
        "to_date": scope.to_date or LAST_DATE,
    }
    lines = [Line.of_row(row, knows_wall_clock=zone.is_known) for row in _query("recount", parameters)]
    overbooked = [line for line in lines if line.beyond]
    judge_lines(lines, _list_counted_bookings(overbooked, report.as_of), report)
    judge_tables(_query("tables", parameters), report)
    report.problems += [misplaced_booking(row) for row in _query("misplaced_bookings", parameters)]
    if zone.is_known:
        report.problems += [other_wall_clock(row) for row in _query("other_wall_clocks", parameters)]
    report.notes += [unseated_bookings(row) for row in _query("unseated_bookings", parameters)]
    if zone.is_known:
        report.notes += [stranded_booking(row) for row in _query("stranded_bookings", parameters)]
    report.count(_query("figures", parameters)[0])


def _list_counted_bookings(lines: Sequence[Line], as_of: datetime) -> list[list[Row]]:
    """List the live bookings of each line, in order of creation."""
    found: list[list[Row]] = [[] for _ in lines]
    if not lines:
        return found
    parameters = {
        "as_of": as_of,
        "numbers": list(range(len(lines))),
        "scopes": [line.scope for line in lines],
        "restaurant_ids": [line.restaurant_id for line in lines],
        "service_day_ids": [line.service_day_id for line in lines],
        "starts_at": [line.starts_at for line in lines],
        "ends_at": [line.ends_at for line in lines],
    }
    for row in _query("counted_bookings", parameters):
        found[row.pop("number")].append(row)
    return found


def _query(name: str, parameters: Row) -> list[Row]:
    return _rows(_read_sql(name), parameters)


@cache
def _read_sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()


def _rows(sql: str, parameters: Row | None = None) -> list[Row]:
    """Run a query that returns instants `AT TIME ZONE 'UTC'`, in any time zone of the session."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, map(_aware, row), strict=True)) for row in cursor.fetchall()]


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
