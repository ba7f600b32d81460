"""Ways to put things wrong behind the engine's back, and to see what the auditor says."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from typing import Any

from django.db import connection

from bookings.insight.audit import AuditReport, AuditScope, Finding, audit
from bookings.models import Booking
from bookings.services import GuestDetails, create_booking_with_capacity_check
from tables.models import Restaurant

GUEST = GuestDetails(name="Ada Lovelace", email="ada@example.com", phone="+442079460000")


def book(restaurant: Restaurant, business_date: date, at: str = "19:00", party_size: int = 2, **rest: Any) -> Booking:
    """Book through the engine."""
    return create_booking_with_capacity_check(
        restaurant_id=restaurant.pk,
        business_date=business_date,
        wall_time=time.fromisoformat(at),
        party_size=party_size,
        guest=GUEST,
        **rest,
    ).booking


def run_audit(restaurant: Restaurant | None = None, **scope: Any) -> AuditReport:
    """Audit without storing the run."""
    return audit(AuditScope(restaurant_id=restaurant.pk if restaurant else None, **scope))


def write(sql: str, *parameters: Any) -> None:
    """Write behind the engine's back; exactly one row, so that no test passes by changing nothing."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        assert cursor.rowcount == 1


def brief(findings: list[Finding]) -> list[str]:
    """Return the kinds of findings."""
    return [finding.kind for finding in findings]


def ids(finding: Finding) -> list[int]:
    """Return the ids of a finding's bookings."""
    return [booking["id"] for booking in finding.facts["bookings"]]


@contextmanager
def constraint_dropped(table: str, name: str) -> Iterator[None]:
    """Take a constraint away; afterwards the rows of its table go, and it comes back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s",
            [table, name],
        )
        (definition,) = cursor.fetchone()
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        try:
            yield
        finally:
            cursor.execute(f"TRUNCATE {table} CASCADE")
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
