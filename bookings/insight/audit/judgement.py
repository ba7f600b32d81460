"""Turn rows of the queries into findings."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import ngettext

from bookings.insight.audit.lines import Line
from bookings.insight.audit.report import AuditReport, Finding, instant

Row = dict[str, Any]

DOUBLE_BOOKED = "TABLE_DOUBLE_BOOKED"
STAYS_PAST_TABLE = "STAYS_PAST_TABLE"
_TABLE_MESSAGES = {
    DOUBLE_BOOKED: "{reference} and {other_reference} both have table {table_number} from {from_at} to {to_at}",
    "ASSIGNMENT_NOT_LIVE": "table {table_number} is kept for {reference}, which is {status}",
    "ASSIGNMENT_TOO_SHORT": (
        "{reference} has table {table_number} from {from_at} to {to_at}, needs it from {starts_at} to {needed_until}"
    ),
    STAYS_PAST_TABLE: (
        "{reference} sits at table {table_number} until {needed_until} and has it from {from_at} to {to_at}"
    ),
    "ASSIGNMENT_MISPLACED": "{reference} has table {table_number}, which is not of its restaurant",
    "TABLE_TOO_SMALL": (
        "{reference} is a party of {party_size} at table {table_numbers}, which takes {max_party_size} at most"
    ),
    "PARTY_ON_BLOCKED_TABLE": (
        "{reference} was given table {table_number} from {from_at} to {to_at}, "
        "blocked already from {blocked_from} to {blocked_until}"
    ),
    "CHOSEN_TABLE_TOO_SMALL": (
        "{reference}, a party of {party_size}, is pinned to table {table_numbers}, which takes {max_party_size} at most"
    ),
    "LEFT_ON_BLOCKED_TABLE": (
        "{reference} keeps table {table_number} from {from_at} to {to_at}, "
        "blocked from {blocked_from} to {blocked_until}"
    ),
    "LEFT_ON_UNUSABLE_TABLE": (
        "{reference} keeps table {table_number}, which is {table_status}, from {from_at} to {to_at}"
    ),
    "TABLES_NOT_COMBINED": "{reference} has tables {table_numbers}, which are no declared combination",
}
# What a person has decided, or has to: nothing is wrong with the rows.
_NOTES = frozenset(
    {
        STAYS_PAST_TABLE,
        "CHOSEN_TABLE_TOO_SMALL",
        "LEFT_ON_BLOCKED_TABLE",
        "LEFT_ON_UNUSABLE_TABLE",
        "TABLES_NOT_COMBINED",
    }
)


def judge_lines(lines: Sequence[Line], bookings: Sequence[list[Row]], report: AuditReport) -> None:
    """Add the findings of the recount to a report; `bookings` belong to the overbooked lines, in order."""
    overbooked = (line for line in lines if line.beyond)
    report.overbookings += [line.overbooking(crowd) for line, crowd in zip(overbooked, bookings, strict=True)]
    report.authorised_excess += [line.authorised_excess() for line in lines if line.above > line.beyond]
    report.problems += [problem for line in lines for problem in line.problems()]
    report.notes += _changed_limits(lines)


def _changed_limits(lines: Sequence[Line]) -> Iterator[Finding]:
    old: defaultdict[int, list[Line]] = defaultdict(list)
    for line in lines:
        if line.has_old_limit:
            old[line.restaurant_id].append(line)
    for restaurant_id, found in old.items():
        message = f"{len(found)} limits of services that are over are not those of the rules of today"
        yield Finding(
            restaurant_id,
            "RULES_CHANGED_SINCE",
            message,
            {"limits": len(found)},
            service_day_ids=tuple({line.service_day_id for line in found}),
        )


def judge_tables(rows: Sequence[Row], report: AuditReport) -> None:
    """Add faults of assignments: two parties at one table are an overbooking, a person's word is a note."""
    for finding in map(_table_finding, rows):
        if finding.is_overbooking:
            report.overbookings.append(finding)
        else:
            (report.notes if finding.kind in _NOTES else report.problems).append(finding)


def _table_finding(row: Row) -> Finding:
    kind = row["kind"]
    shown = {name: instant(row[name]) if row[name] else "ever" for name in _INSTANTS}
    return Finding(
        restaurant_id=row["restaurant_id"],
        kind=kind,
        message=f"{row['business_date']}: {_TABLE_MESSAGES[kind].format_map(row | shown)}",
        facts={
            "businessDate": row["business_date"],
            "table": row["table_number"],
            "tableId": row["table_id"],
            "assignmentId": row["assignment_id"],
            "from": row["from_at"],
            "to": row["to_at"],
            "bookings": list(_parties(row)),
        },
        is_overbooking=kind == DOUBLE_BOOKED,
        service_day_ids=tuple(day for day in (row["service_day_id"], row["other_service_day_id"]) if day is not None),
    )


_INSTANTS = ("from_at", "to_at", "starts_at", "needed_until", "blocked_from", "blocked_until")


def _parties(row: Row) -> Iterator[Row]:
    for prefix in ("", "other_") if row["kind"] == DOUBLE_BOOKED else ("",):
        yield {
            "id": row[f"{prefix}booking_id"],
            "reference": row[f"{prefix}reference"],
            "partySize": row[f"{prefix}party_size"],
        }


def misplaced_booking(row: Row) -> Finding:
    """Return a booking that counts in a service day of another date or restaurant."""
    return Finding(
        restaurant_id=row["restaurant_id"],
        kind="BOOKING_MISPLACED",
        message=(
            f"{row['reference']} of {row['business_date']} counts in service day {row['service_day_id']} "
            f"of {row['service_day_date']}, restaurant id {row['service_day_restaurant_id']}"
        ),
        facts={
            "businessDate": row["business_date"],
            "serviceDayId": row["service_day_id"],
            "bookings": list(_parties(row | {"kind": None})),
        },
        service_day_ids=(row["service_day_id"],),
    )


def other_wall_clock(row: Row) -> Finding:
    """Return a booking whose instant is another one than its date and time on the restaurant's wall."""
    return Finding(
        restaurant_id=row["restaurant_id"],
        kind="BOOKING_AT_ANOTHER_TIME",
        message=(
            f"{row['reference']} is booked for {row['business_date']} {row['wall_time']:%H:%M}, and its instant is "
            f"{row['shown']} on the wall of the restaurant"
        ),
        facts={
            "businessDate": row["business_date"],
            "time": f"{row['wall_time']:%H:%M}",
            "bookings": list(_parties(row | {"kind": None})),
        },
        service_day_ids=(row["service_day_id"],),
    )


def _bookings(count: int) -> str:
    return ngettext("%d booking", "%d bookings", count) % count


def unseated_bookings(row: Row) -> Finding:
    """Return the number of parties without a table where the service seats at tables."""
    some = ", ".join(row["refs"])
    message = f"{_bookings(row['bookings'])} without a table where parties are seated at tables: {some}"
    return Finding(
        row["restaurant_id"],
        "WITHOUT_TABLE",
        message,
        {"count": row["bookings"], "references": row["refs"]},
        service_day_ids=tuple(row["service_day_ids"]),
    )


def stranded_booking(row: Row) -> Finding:
    """Return a booking that could not be made again as it is: a person has to decide."""
    why = ", ".join(code.replace("_", " ") for code in row["codes"])
    return Finding(
        restaurant_id=row["restaurant_id"],
        kind="COULD_NOT_BE_MADE_AGAIN",
        message=f"{row['business_date']}: {row['reference']} at {row['wall_time']:%H:%M}: {why}",
        facts={
            "businessDate": row["business_date"],
            "time": row["wall_time"],
            "problems": row["codes"],
            "bookings": list(_parties(row | {"kind": None})),
        },
        service_day_ids=(row["service_day_id"],),
    )


def unknown_zone(restaurant_id: int, name: str) -> Finding:
    """Return a time zone that the application knows and the database does not."""
    message = f"the database does not know the time zone {name}: limits were not compared with the rules"
    return Finding(restaurant_id, "TIMEZONE_UNKNOWN", message, {"timezone": name})
