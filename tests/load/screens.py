"""Measure the console on a large evening: `make bench-screens`.

A restaurant has 110 tables, 200 combinations and 500 bookings on one date, of 100,000 in all, on a durable PostgreSQL
of its own. One process asks for each screen in turn, as an owner, without sockets; between them it asks for an empty
answer, so that the ratio says what the machine does not. The bars: 300 ms at the 95th percentile for every screen, and
5 % of a core for thirty screens that look again every four seconds and find nothing new. Exit code 1 if one is missed.
"""

import math
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from time import perf_counter, process_time
from typing import Any

import django

from tests.load.bench_servers import ENVIRONMENT, database_server

ROUNDS = 30
MOST_MILLISECONDS = 300.0
SCREENS, LOOK_SECONDS, MOST_OF_A_CORE = 30, 4, 0.05
TABLES, COMBINATIONS, BOOKINGS, IN_ALL = 110, 200, 500, 100_000
EMPTY = "an empty answer"
LOOK = "the timeline, nothing new"


def main() -> None:
    """Fill, measure and print; see above."""
    os.environ |= {**ENVIRONMENT, "LOG_LEVEL": "CRITICAL", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with database_server():
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        house, on = _open_house()
        walls, cores = _measure(house, on)
    sys.exit(0 if _report(walls, cores) else 1)


def _open_house() -> tuple[Any, date]:
    """Make the restaurant with its bookings."""

    from django.db import connection

    from bookings.errors import RequestRefused
    from bookings.services import materialize_service_days
    from tables.models import Section, Table, TableCombination
    from tests.helpers.dining_room import book, room
    from tests.helpers.factories import CapacityRuleFactory, days_ahead

    house = room(name="Large", slug="large")
    house.service_periods.update(start_time="12:00", last_seating="22:00", end_time="23:30")
    CapacityRuleFactory(restaurant=house, max_covers=2000, pacing_covers=120)
    sections = [Section.objects.create(restaurant=house, name=f"Room {number}", position=number) for number in range(4)]
    tables = Table.objects.bulk_create(
        Table(
            restaurant=house,
            number=f"T{number}",
            capacity=2 if number % 3 else 4,
            max_party_size=2 if number % 3 else 4,
            section=sections[number % 4],
        )
        for number in range(1, TABLES + 1)
    )
    for number in range(COMBINATIONS):
        pair = tables[number % TABLES], tables[(number + 4 * (1 + number // TABLES)) % TABLES]
        capacity = sum(table.capacity for table in pair)
        combination = TableCombination.objects.create(
            restaurant=house, min_party_size=capacity - 1, max_party_size=capacity
        )
        combination.tables.set(pair)
    on = days_ahead(1)
    materialize_service_days(restaurant_id=house.pk, from_date=on, to_date=on + timedelta(days=61))
    starts = [f"{hour}:{minute:02}" for hour in range(12, 22) for minute in (0, 15, 30, 45)]
    booked = 0
    for number in range(2 * BOOKINGS):
        try:
            book(house, starts[number % len(starts)], 2 + number % 2, business_date=on)
        except RequestRefused:
            continue
        booked += 1
        if booked == BOOKINGS:
            break
    _copy_bookings(house, on)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return house, on


def _copy_bookings(house: Any, on: date) -> None:
    """Add bookings without tables on the dates after, as rows alone: the lists and searches have them to read."""
    from bookings.models import Booking
    from capacity.models import ServiceDay

    pattern = Booking.objects.filter(restaurant=house).order_by("pk")[0]
    days = list(ServiceDay.objects.filter(restaurant=house, business_date__gt=on + timedelta(days=20)))
    names = [field.attname for field in Booking._meta.concrete_fields if not field.primary_key and not field.generated]
    values = {name: getattr(pattern, name) for name in names}
    for own in (
        name for name in ("public_id", "idempotency_key", "request_hash", "manage_token_hash") if name in values
    ):
        values.pop(own)

    def rows() -> Iterator[Any]:
        for number in range(IN_ALL - BOOKINGS):
            day = days[number % len(days)]
            own = {"service_day_id": day.pk, "business_date": day.business_date, "reference": f"L{number:09}"}
            moved = day.business_date - on
            times = {"starts_at": pattern.starts_at + moved, "ends_at": pattern.ends_at + moved}
            yield Booking(**{**values, **own, **times, "guest_name": f"Guest {number}"})

    Booking.objects.bulk_create(rows(), batch_size=5000)


def _measure(house: Any, on: date) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return the milliseconds of each request by screen: those that passed, and those of a core."""
    from django.test import Client

    from tests.helpers.factories import UserFactory

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    evening, of = f"/admin/timeline/{house.slug}/{on}/", f"restaurant={house.slug}"
    tag = client.get(f"{evening}board/")["ETag"]
    addresses = {
        EMPTY: "/healthz",
        "today": f"/admin/?{of}&date={on}",
        "timeline": evening,
        "the timeline's board": f"{evening}board/",
        LOOK: f"{evening}board/",
        "floor plan": f"/admin/floor-plan/?{of}&date={on}",
        "heatmap of a day": f"/admin/capacity/bookingslot/heatmap/?{of}&date={on}",
        "heatmap of a week": f"/admin/capacity/bookingslot/heatmap/?{of}&date={on}&view=week",
        "bookings of a date": f"/admin/bookings/booking/?{of}&business_date__gte={on}&business_date__lte={on}",
        "search by a name": "/admin/search/?s=Guest+4711",
        "shift sheet": f"/admin/bookings/booking/shift-sheet/?{of}&date={on}",
        "reports": f"/admin/reports/?{of}",
    }
    walls, cores = defaultdict(list), defaultdict(list)
    for number in range(ROUNDS + 2):
        for name, address in addresses.items():
            headers = {"If-None-Match": tag} if name == LOOK else {}
            began, used = perf_counter(), process_time()
            answer = client.get(address, headers=headers)
            wall, core = perf_counter() - began, process_time() - used
            if name == LOOK and answer.status_code == 200:
                # A new minute: that look is a board like any other.
                tag = answer["ETag"]
                continue
            assert answer.status_code == (304 if name == LOOK else 200), (name, answer.status_code)
            if number > 1:
                walls[name].append(1000 * wall)
                cores[name].append(1000 * core)
    return walls, cores


def _report(walls: dict[str, list[float]], cores: dict[str, list[float]]) -> bool:
    """Print a line for each screen, and say whether every bar is met."""
    empty = statistics.median(walls[EMPTY])
    is_met = True
    sys.stdout.write("| Screen | p50 | p95 | of a core | times an empty answer |\n|---|---|---|---|---|\n")
    for name, found in walls.items():
        p50, p95 = statistics.median(found), sorted(found)[math.ceil(0.95 * len(found)) - 1]
        is_met &= p95 <= MOST_MILLISECONDS
        core = statistics.median(cores[name])
        sys.stdout.write(f"| {name} | {p50:.1f} ms | {p95:.1f} ms | {core:.1f} ms | {p50 / empty:.0f} |\n")
    share = SCREENS / LOOK_SECONDS * statistics.median(cores[LOOK]) / 1000
    sys.stdout.write(f"Thirty screens that look and find nothing new: {share:.1%} of a core, beside PostgreSQL.\n")
    return is_met and share <= MOST_OF_A_CORE


if __name__ == "__main__":
    main()
