"""Bookings as their guests see them."""

from collections.abc import Sequence

from bookings.answers.values import Answer, instant_answer, wall_time_answer
from bookings.models import Booking
from capacity.calendar import local_wall_time
from tables.models import Restaurant
from tables.seating import natural_key


def booking_answer(booking: Booking, restaurant: Restaurant, table_numbers: Sequence[str]) -> Answer:
    """Shape a booking for its guest; tables only if the restaurant shows them."""
    return {
        "id": str(booking.public_id),
        "reference": booking.reference,
        "status": str(booking.status),
        "restaurantId": str(restaurant.public_id),
        "date": booking.business_date.isoformat(),
        "timezone": restaurant.timezone,
        "startTime": wall_time_answer(booking.wall_time),
        "endTime": wall_time_answer(local_wall_time(booking.ends_at, restaurant.zone)),
        "startsAt": instant_answer(booking.starts_at),
        "endsAt": instant_answer(booking.ends_at),
        "partySize": booking.party_size,
        "name": booking.guest_name,
        "tables": list(table_numbers) if restaurant.shows_tables else [],
    }


def managed_booking_answer(booking: Booking) -> Answer:
    """Shape a booking for whoever holds its manage token."""
    restaurant = booking.restaurant
    numbers = [it.table.number for it in booking.assignments.all()] if restaurant.shows_tables else []
    return {"booking": booking_answer(booking, restaurant, sorted(numbers, key=natural_key))}
