"""How long a guest waits for a day's availability on a busy and on a full evening: over HTTP, from a real server.

Django has to be set up before this is imported.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import cycle
from time import perf_counter

import httpx
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import setup_databases, teardown_databases

from bookings.models import TableAssignment
from tables.models import Restaurant
from tables.seating import Floor, SeatedParty, SeatingPlan, SeatingPlanner, TimeBudget
from tests.helpers.factories import (
    BookingFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TableCombinationFactory,
    TableFactory,
    TurnTimeFactory,
    days_ahead,
    materialize,
)
from tests.helpers.web_servers import running_granian
from tests.seating.evenings import OPENING, TURNS, Book, fifty_tables, make_evening

BUSY, FULL = 110, 150
# To fill the book; the server answers with its own budget.
NO_EXACT = TimeBudget(exact_seconds=0.0)
QUESTIONS = 100
QUIETLY = ("--workers", "1", "--blocking-threads", "4", "--log-level", "error")
PARTY_SIZES = (2, 4, 6)
SOURCES = {"online": "web", "in_house": "phone", "walk_in": "walk_in"}


def measure_availability() -> dict[int, list[float]]:
    """Return the seconds of each of a hundred answers, by the number of bookings of the evening."""
    with _test_database():
        evenings = {bookings: load_evening(booked(bookings), bookings) for bookings in (BUSY, FULL)}
        with running_granian(*QUIETLY) as address, httpx.Client(base_url=address, timeout=60) as client:
            return {
                bookings: list(_ask(client, restaurant, business_date))
                for bookings, (restaurant, business_date) in evenings.items()
            }


def booked(bookings: int) -> Book:
    """Seat parties of evenings without buffer, one evening's after the other's, until so many have a table."""
    book = Book(fifty_tables(), [])
    arrivals = (arrival for seed in range(1, 99, 2) for arrival in make_evening(seed).arrivals)
    for booking_id, arrival in enumerate(arrivals, start=1):
        if len(book.parties) == bookings:
            break
        outcome = SeatingPlanner(book.state()).plan(arrival.request, budget=NO_EXACT)
        if isinstance(outcome, SeatingPlan):
            book.keep(replace(arrival, booking_id=booking_id, is_pinned=False), outcome)
    return book


@contextmanager
def _test_database() -> Iterator[None]:
    made = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)


def load_evening(book: Book, bookings: int) -> tuple[Restaurant, date]:
    """Write the house and its bookings; return it and their date."""
    restaurant: Restaurant = RestaurantFactory(slug=f"with-{bookings}-bookings", timezone="UTC")
    ServicePeriodFactory(restaurant=restaurant, last_seating=time(21, 45), end_time=time(23, 30), seating_mode="tables")
    for up_to, minutes in TURNS.items():
        TurnTimeFactory(restaurant=restaurant, up_to=up_to, minutes=minutes)
    rows = _load_floor(restaurant, book.floor)
    business_date = days_ahead()
    day = materialize(restaurant, business_date)[0]
    later = timedelta(days=(business_date - OPENING.date()).days)
    for party in book.parties.values():
        _load_party(day, party, later, rows)
    return restaurant, business_date


def _load_floor(restaurant: Restaurant, floor: Floor) -> dict[int, int]:
    """Write tables and combinations; return the key of each table's row."""
    rows = {
        table.table_id: TableFactory(
            restaurant=restaurant,
            number=table.number,
            capacity=table.capacity,
            min_party_size=table.min_party_size,
            max_party_size=table.max_party_size,
            seating_type=table.seating_type,
            audience=sorted(table.audience),
        )
        for table in floor.tables
    }
    for combined in floor.combinations:
        TableCombinationFactory(
            restaurant=restaurant,
            min_party_size=combined.min_party_size,
            max_party_size=combined.max_party_size,
            tables=[rows[table_id] for table_id in combined.table_ids],
        )
    return {table_id: row.pk for table_id, row in rows.items()}


def _load_party(day: object, party: SeatedParty, later: timedelta, rows: dict[int, int]) -> None:
    starts_at, ends_at = party.starts_at + later, party.ends_at + later
    booking = BookingFactory(
        service_day=day,
        wall_time=starts_at.time(),
        party_size=party.party_size,
        seating=party.seating or "",
        source=SOURCES[party.channel],
    )
    assert (booking.starts_at, booking.ends_at) == (starts_at, ends_at)
    TableAssignment.objects.bulk_create(
        TableAssignment(
            restaurant_id=booking.restaurant_id,
            booking=booking,
            table_id=rows[table_id],
            during=DateTimeTZRange(starts_at, ends_at),
            assigned_by="benchmark",
        )
        for table_id in party.table_ids
    )


def _ask(client: httpx.Client, restaurant: Restaurant, business_date: date) -> Iterator[float]:
    query = {"restaurantId": restaurant.slug, "date": business_date.isoformat()}
    for _, party_size in zip(range(QUESTIONS), cycle(PARTY_SIZES), strict=False):
        started = perf_counter()
        response = client.get("/api/availability", params=query | {"partySize": str(party_size)})
        yield perf_counter() - started
        response.raise_for_status()
        assert response.json()["slots"], "the evening is not offered"
