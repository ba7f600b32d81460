"""A dining room to work in: booked through the engine, read from the rows, audited."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from bookings.models import Booking, BookingEvent, TableAssignment
from bookings.services import GuestDetails, create_booking_with_capacity_check
from tables.models import Restaurant, Table
from tables.seating import natural_key
from tests.helpers.factories import (
    BookingFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TableFactory,
    TurnTimeFactory,
    days_ahead,
    materialize,
)
from tests.helpers.planted_faults import run_audit
from tests.helpers.recount import list_faults

ANN = GuestDetails("Ann Lee", "ann@example.com", "+442071838750")


def room(*seats: int, **columns: Any) -> Restaurant:
    """Make a restaurant with tables T1, T2, ... of so many seats, dinner from 17:00 to 21:30, turns of 90 minutes."""
    restaurant: Restaurant = RestaurantFactory(**{"timezone": "Etc/UTC", **columns})
    ServicePeriodFactory(restaurant=restaurant, seating_mode="tables")
    TurnTimeFactory(restaurant=restaurant)
    for number, capacity in enumerate(seats, start=1):
        TableFactory(restaurant=restaurant, number=f"T{number}", capacity=capacity)
    return restaurant


def room_at_noon(*seats: int, **columns: Any) -> Restaurant:
    """Make such a restaurant where it is between 12:00 and 13:00 now, with a service from 09:00 to 16:00."""
    ahead = datetime.now(UTC).hour - 12
    restaurant = room(*seats, timezone=f"Etc/GMT{ahead:+d}" if ahead else "Etc/UTC", **columns)
    restaurant.service_periods.update(start_time=time(9), last_seating=time(16), end_time=time(18))
    return restaurant


def book(restaurant: Restaurant, at: str = "19:00", party_size: int = 2, **changes: Any) -> Booking:
    """Book through the engine, a month ahead unless told otherwise."""
    asked: dict[str, Any] = {
        "restaurant_id": restaurant.pk,
        "business_date": days_ahead(),
        "wall_time": time.fromisoformat(at),
        "party_size": party_size,
        "guest": ANN,
    }
    return create_booking_with_capacity_check(**{**asked, **changes}).booking


def began(restaurant: Restaurant, minutes_ago: int, party_size: int = 2, *numbers: str, **row: Any) -> Booking:
    """Make a party that began its stay of 90 minutes today, at tables."""
    today = datetime.now(restaurant.zone).date()
    starts_at = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=minutes_ago)
    booking: Booking = BookingFactory(
        service_day=materialize(restaurant, today)[-1],
        starts_at=starts_at,
        wall_time=starts_at.astimezone(restaurant.zone).time(),
        party_size=party_size,
        **row,
    )
    for number in numbers:
        sit(booking, number)
    return booking


def sit(booking: Booking, number: str, *, pinned: bool = False) -> None:
    """Put a booking at a table for its stay, behind the engine's back."""
    TableAssignment.objects.create(
        restaurant=booking.restaurant,
        booking=booking,
        table=table(booking.restaurant, number),
        during=(booking.starts_at, booking.ends_at + timedelta(minutes=booking.buffer_minutes)),
        pinned=pinned,
        assigned_by="test",
    )


def table(restaurant: Restaurant, number: str) -> Table:
    return Table.objects.get(restaurant=restaurant, number=number)


def ids(restaurant: Restaurant, *numbers: str) -> list[int]:
    """Return the ids of tables."""
    return [table(restaurant, number).pk for number in numbers]


def at_tables(booking: Booking) -> list[str]:
    """Return the numbers of the tables that a booking has."""
    rows = TableAssignment.objects.filter(booking=booking).select_related("table")
    return sorted((row.table.number for row in rows), key=natural_key)


def pins(booking: Booking) -> set[bool]:
    """Return whether the tables of a booking are pinned."""
    return set(TableAssignment.objects.filter(booking=booking).values_list("pinned", flat=True))


def history(booking: Booking) -> list[str]:
    """Return the kinds of a booking's events, the first one first."""
    return list(BookingEvent.objects.filter(booking=booking).order_by("pk").values_list("kind", flat=True))


def latest(booking: Booking) -> BookingEvent:
    """Return the last event of a booking."""
    return BookingEvent.objects.filter(booking=booking).order_by("-pk")[0]


def faults(restaurant: Restaurant) -> list[str]:
    """Say everything that is wrong with counters and tables, by a recount and by the auditor."""
    report = run_audit(restaurant)
    return [*list_faults(restaurant.pk), *(each.message for each in [*report.overbookings, *report.problems])]


def everything_written(restaurant: Restaurant) -> dict[str, list[dict[str, Any]]]:
    """Return all rows that an operation on bookings could change, but the versions that every lock raises."""
    return {
        "bookings": list(restaurant.bookings.order_by("pk").values()),
        "tables": list(TableAssignment.objects.filter(restaurant=restaurant).order_by("pk").values()),
        "events": list(BookingEvent.objects.filter(restaurant=restaurant).order_by("pk").values()),
        "overrides": list(restaurant.capacity_overrides.order_by("pk").values()),
        "slots": list(restaurant.booking_slots.order_by("pk").values()),
        "days": [
            {name: value for name, value in day.items() if name != "version"}
            for day in restaurant.service_days.order_by("pk").values()
        ],
    }
