"""Restaurants made in bulk are as the engine would have made them, and nobody reads a whole table of them."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.models import Booking, TableAssignment
from bookings.services import plan_materialization
from capacity.models import BookingSlot, ServiceDay
from tables.models import Restaurant
from tests.growth.databases import Size, fill
from tests.helpers.planted_faults import run_audit
from tests.helpers.web_servers import test_database_url

pytestmark = pytest.mark.django_db(transaction=True)

# All that grow with the number of restaurants.
GROWING = (
    *("tables_restaurant", "table_inventory", "capacity_serviceperiod", "restaurant_capacity_rules"),
    *("capacity_serviceday", "booking_slots", "bookings_booking", "bookings_bookingevent"),
    "booking_table_assignments",
)
SEQUENTIAL = re.compile(rf"Seq Scan on ({'|'.join(GROWING)})\b")
# What is planned: a prepared statement, whatever is sent before it, or one that stands alone.
PLANNED = re.compile(r"EXECUTE \w+(\(.*\))?$|^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b.*", re.DOTALL)


def fill_database(**size: int) -> None:
    fill(test_database_url(), Size(**size))


def some_date() -> date:
    return datetime.now(UTC).date() + timedelta(days=2)


def booking_of(house: Restaurant) -> dict[str, Any]:
    guest = {"name": "Ada Lovelace", "email": "ada@example.com", "phone": "+442079460018"}
    return guest | {"restaurantId": house.slug, "date": str(some_date()), "time": "19:30", "partySize": 2}


def test_restaurants_made_in_bulk_are_as_the_engine_would_have_made_them() -> None:
    fill_database(restaurants=4, days=4, bookings=12)
    fill_database(restaurants=1, days=4, bookings=0)

    report = run_audit()
    assert (report.findings, report.checked["bookings"], report.checked["assignments"]) == ([], 48, 24)
    assert (ServiceDay.objects.count(), BookingSlot.objects.count()) == (5 * 4 * 3, 5 * 4 * 55)
    today = datetime.now(UTC).date()
    for house in Restaurant.objects.all():
        plan = plan_materialization(restaurant_id=house.pk, from_date=today, to_date=today + timedelta(days=3))
        assert plan.days_created == 0
        made = Client().post("/api/bookings", booking_of(house), content_type="application/json")
        assert made.status_code == 201
    assert (Booking.objects.count(), TableAssignment.objects.count()) == (53, 26)
    assert run_audit().findings == []


def test_neither_availability_nor_a_booking_reads_a_whole_table() -> None:
    # More of each than an index costs; the planner has its statistics, as after any night.
    fill_database(restaurants=800, days=3, bookings=10)

    for seating, house in enumerate(Restaurant.objects.order_by("pk")[:2]):
        with CaptureQueriesContext(connection) as asked:
            ask_for_everything(house, key=f"key-{seating}")
        statements = [query["sql"] for query in asked]

        assert sum("EXECUTE write_bookings" in statement for statement in statements) >= 1
        assert list(sequential_scans(statements)) == []

    # So the test can tell: no index has this column.
    assert len(list(sequential_scans(["SELECT FROM booking_slots WHERE starting_covers = 1"]))) == 1


def ask_for_everything(house: Restaurant, key: str) -> None:
    client, on = Client(), some_date()
    where = {"restaurantId": house.slug, "partySize": 2}
    for path, query in (
        ("/api/availability", where | {"date": on, "time": "19:30"}),
        ("/api/availability", where | {"date": on}),
        ("/api/availability/days", where | {"from": on, "to": on + timedelta(days=61)}),
    ):
        assert client.get(path, query).status_code == 200
    for status in (201, 201):
        answer = client.post(
            "/api/bookings", booking_of(house), content_type="application/json", headers={"Idempotency-Key": key}
        )
        assert answer.status_code == status
    # A refusal looks for other starts.
    refused = client.post("/api/bookings", booking_of(house) | {"partySize": 8}, content_type="application/json")
    assert refused.status_code in (201, 409)
    booking = Booking.objects.get(reference=answer.json()["booking"]["reference"])
    cancel = f"/api/bookings/{booking.reference}/cancel"
    assert client.post(cancel, headers={"X-Manage-Token": answer.json()["manageToken"]}).status_code == 200


def sequential_scans(statements: Iterable[str]) -> Iterator[str]:
    """Yield the plans, made under the settings of their transaction, that read a whole table of those that grow."""
    with connection.cursor() as cursor:
        for statement in statements:
            if found := re.search(r"enable_seqscan = (\w+)", statement):
                cursor.execute(f"SET enable_seqscan = {found[1]}")
            elif statement in ("COMMIT", "ROLLBACK") or "RESET enable_seqscan" in statement:
                cursor.execute("RESET enable_seqscan")
            elif planned := PLANNED.search(statement):
                mode = "force_generic_plan" if "force_generic_plan" in statement else "auto"
                cursor.execute(f"SET plan_cache_mode = {mode}")
                cursor.execute(f"EXPLAIN {planned[0]}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
                if SEQUENTIAL.search(plan):
                    yield f"{statement}\n{plan}"
        cursor.execute("RESET enable_seqscan; RESET plan_cache_mode")
