"""Restaurants as guests see them."""

from datetime import date

from bookings.contract import Answer, wall_time_answer
from capacity.models import ServicePeriod
from tables.models import Restaurant

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def restaurant_answer(restaurant: Restaurant) -> Answer:
    """Shape a restaurant for guests."""
    return {
        "id": str(restaurant.public_id),
        "slug": restaurant.slug,
        "name": restaurant.name,
        "timezone": restaurant.timezone,
        "slotMinutes": restaurant.slot_minutes,
        "partySize": {"min": restaurant.party_size_min, "max": restaurant.party_size_max},
    }


def service_period_answer(period: ServicePeriod) -> Answer:
    """Shape when a restaurant seats guests: on weekdays, or (`date`) special hours of one date."""
    return {
        "name": period.name,
        "days": [WEEKDAYS[day - 1] for day in sorted(period.weekdays)],
        "date": _iso_date(period.on_date),
        "validFrom": _iso_date(period.valid_from),
        "validTo": _iso_date(period.valid_to),
        "startTime": wall_time_answer(period.start_time),
        "lastSeating": wall_time_answer(period.last_seating),
        "endTime": wall_time_answer(period.end_time),
    }


def _iso_date(value: date | None) -> str | None:
    return value.isoformat() if value else None
