"""An evening to look at: Dinner at a house with tables, bookings that sit at them."""

from datetime import date, datetime, time, timedelta
from typing import Any

from psycopg.types.range import Range

from bookings.models import Booking, TableAssignment
from tables.models import Restaurant, Table
from tests.helpers.factories import BookingFactory, TableFactory, TurnTimeFactory, days_ahead, open_restaurant


def bistro(*seats: int, **row: Any) -> Restaurant:
    """Make a restaurant that seats Dinner at T1, T2, ... with so many seats; everybody stays 90 minutes."""
    restaurant = open_restaurant(slug="bistro", name="Bistro", **row)
    restaurant.service_periods.update(seating_mode="tables")
    for number, capacity in enumerate(seats, start=1):
        TableFactory(restaurant=restaurant, number=f"T{number}", capacity=capacity)
    TurnTimeFactory(restaurant=restaurant)
    return restaurant


def seat(restaurant: Restaurant, wall_time: str, *numbers: str, is_pinned: bool = False, **row: Any) -> Booking:
    """Book a party of two (unless `party_size` is given) a month ahead, at these tables."""
    booking: Booking = BookingFactory(
        **{"restaurant": restaurant, "business_date": days_ahead(), "wall_time": time.fromisoformat(wall_time)} | row
    )
    give(booking, *numbers, is_pinned=is_pinned)
    return booking


def give(booking: Booking, *numbers: str, is_pinned: bool = False) -> None:
    """Give tables to a booking, for its stay and buffer."""
    until = booking.ends_at + timedelta(minutes=booking.buffer_minutes)
    for number in numbers:
        TableAssignment.objects.create(
            restaurant=booking.restaurant,
            booking=booking,
            table=Table.objects.get(restaurant=booking.restaurant, number=number),
            during=Range(booking.starts_at, until),
            pinned=is_pinned,
            assigned_by="test",
        )


def instant(restaurant: Restaurant, wall_time: str, on: date | None = None) -> datetime:
    """Return the instant of a time on the restaurant's wall, a month ahead unless a date is given."""
    return datetime.combine(on or days_ahead(), time.fromisoformat(wall_time), tzinfo=restaurant.zone)
