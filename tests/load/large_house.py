"""The restaurant that the screens are measured on. Django has to be set up before this is imported."""

from datetime import date, time
from typing import Any

from django.db import connection
from django.db.models import Model

from bookings.errors import RequestRefused
from bookings.models import Booking, TableAssignment
from bookings.services import materialize_service_days
from capacity.models import BookingSlot, ServiceDay
from tables.models import Restaurant, Section, Table, TableCombination
from tests.helpers.dining_room import book, room
from tests.helpers.factories import CapacityRuleFactory, days_ahead

TABLES, SECTIONS, COMBINATIONS, BOOKINGS, REFUSALS, IN_ALL = 110, 4, 200, 500, 30, 100_000
# The evening is copied onto so many dates after it, and onto all that are needed before it.
DATES_AFTER = 6
PARTIES = (2, 2, 3, 4, 2, 5)
TOO_LARGE = 9
STARTS = [f"{hour}:{minute:02}" for hour in range(12, 22) for minute in (0, 15, 30, 45)]


def open_large_house() -> tuple[Restaurant, date]:
    """Make the restaurant, book its evening through the engine, and copy that onto other dates as rows."""
    house = room(name="Large", slug="large")
    house.service_periods.update(start_time=time(12), last_seating=time(22), end_time=time(23, 30))
    CapacityRuleFactory(restaurant=house, max_covers=2000, pacing_covers=120)
    _lay_tables(house)
    on: date = days_ahead(1)
    materialize_service_days(restaurant_id=house.pk, from_date=on, to_date=on)
    _book_evening(house, on)
    with connection.cursor() as cursor:
        _copy_evening(cursor, house)
        cursor.execute("VACUUM ANALYZE")
    return house, on


def _lay_tables(house: Restaurant) -> None:
    sections = [Section.objects.create(restaurant=house, name=f"Room {n}", position=n) for n in range(SECTIONS)]
    tables = Table.objects.bulk_create(
        Table(
            restaurant=house,
            number=f"T{number}",
            capacity=2 if number % 3 else 4,
            max_party_size=2 if number % 3 else 4,
            section=sections[number % SECTIONS],
        )
        for number in range(1, TABLES + 1)
    )
    for number in range(COMBINATIONS):
        pair = tables[number % TABLES], tables[(number + SECTIONS * (1 + number // TABLES)) % TABLES]
        seats = sum(table.capacity for table in pair)
        combined = TableCombination.objects.create(restaurant=house, min_party_size=seats - 1, max_party_size=seats)
        combined.tables.set(pair)


def _book_evening(house: Restaurant, on: date) -> None:
    """Book 500 parties, each of which is seated, and ask for what no table takes."""
    for number in range(BOOKINGS):
        book(house, STARTS[number % len(STARTS)], PARTIES[number % len(PARTIES)], business_date=on)
    for number in range(REFUSALS):
        try:
            book(house, STARTS[number], TOO_LARGE, business_date=on)
        except RequestRefused:
            continue
        raise AssertionError("a party of nine was seated")


def _copy_evening(cursor: Any, house: Restaurant) -> None:
    """Copy service day, slots, bookings and their tables by whole days: each copy is as clean as what it is of."""
    moved = "{} + days * interval '1 day'"
    # No start is after midnight, and the restaurant's zone is UTC.
    day = "(SELECT id FROM capacity_serviceday AS own WHERE own.business_date = old.starts_at::date + days)"
    reference = "'L' || lpad((old.id * 1000 + days)::text, 9, '0')"
    times = {name: moved.format(f"old.{name}") for name in ("starts_at", "ends_at")}
    dated = {**times, "business_date": "old.business_date + days"}
    _copy(cursor, house, ServiceDay, dated)
    _copy(cursor, house, BookingSlot, {**times, "service_day_id": day})
    guest = {
        # A name that thousands have, and one that all others share.
        "guest_name": "CASE mod(days, 20) WHEN 0 THEN 'Ada Lovelace' ELSE 'Guest ' || (old.id * 1000 + days) END",
        "status": "CASE WHEN old.business_date + days < current_date THEN 'completed' ELSE old.status END",
        "reference": reference,
        "public_id": "gen_random_uuid()",
        "service_day_id": day,
    }
    _copy(cursor, house, Booking, {**dated, **guest})
    copied = f"own.reference = {reference.replace('old.id', 'old.booking_id')}"
    held = {
        "booking_id": f"(SELECT id FROM bookings_booking AS own WHERE {copied})",  # noqa: S608 - columns of the model
        "during": "tstzrange({}, {})".format(*(moved.format(f"{end}(old.during)") for end in ("lower", "upper"))),
    }
    _copy(cursor, house, TableAssignment, held)


def _copy(cursor: Any, house: Restaurant, model: type[Model], changes: dict[str, str]) -> None:
    names = [field.attname for field in model._meta.concrete_fields if not field.primary_key and not field.generated]
    table, selected = model._meta.db_table, ", ".join(changes.get(name, f"old.{name}") for name in names)
    cursor.execute(
        f"""
        INSERT INTO {table} ({", ".join(names)})
        SELECT {selected} FROM (SELECT * FROM {table} WHERE restaurant_id = %s) AS old,
            generate_series(%s, %s) AS days WHERE days <> 0
        """,  # noqa: S608 - columns of the model
        [house.pk, DATES_AFTER + 1 - IN_ALL // BOOKINGS, DATES_AFTER],
    )
