"""The restaurant of the endpoint tests, its requests, and what is in the database."""

from datetime import date
from typing import Any

from django.db.models import Model

from bookings.models import Booking, BookingEvent, CapacityOverride, TableAssignment
from capacity.models import BookingSlot, ServiceDay
from tables.models import Restaurant
from tests.helpers.factories import CapacityRuleFactory, TurnTimeFactory, open_restaurant

# Far enough to be fixed, inside the years that the API takes: bodies can be written out.
A_DATE = date(2090, 6, 14)
BOOKING_TABLES: tuple[type[Model], ...] = (Booking, BookingEvent, TableAssignment, CapacityOverride)


def bistro(*, tables: int = 0, **limits: int) -> Restaurant:
    """Make a restaurant in London with Dinner from 17:00 to 21:30, turns of 90 minutes and these limits."""
    restaurant = open_restaurant(tables=tables, slug="bistro", name="Bistro", max_days_ahead=30_000)
    TurnTimeFactory(restaurant=restaurant)
    if limits:
        CapacityRuleFactory(restaurant=restaurant, **limits)
    return restaurant


def order(**changes: Any) -> dict[str, Any]:
    """Return the body of a booking request for four at 19:00; a change to None leaves a field out."""
    body = {
        "restaurantId": "bistro",
        "date": A_DATE.isoformat(),
        "time": "19:00",
        "partySize": 4,
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": "+44 20 7946 0000",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def count_rows() -> dict[str, int]:
    """Count the rows of every table that a booking writes."""
    return {model.__name__: model._default_manager.count() for model in BOOKING_TABLES}


def service_counters() -> list[tuple[int, int]]:
    """Return covers and parties of every service day."""
    return list(ServiceDay.objects.order_by("starts_at").values_list("booked_covers", "booked_parties"))


def slot_counters(starts_at: str) -> tuple[int, int, int, int]:
    """Return covers and parties that start in a slot, then those that are present."""
    columns = ("starting_covers", "starting_parties", "present_covers", "present_parties")
    counters: tuple[int, int, int, int] = BookingSlot.objects.values_list(*columns).get(starts_at=starts_at)
    return counters
