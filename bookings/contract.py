"""The parts that answers and refusals are made of."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any, Protocol

from bookings.models import Booking
from capacity.calendar import local_wall_time
from capacity.policy import LimitUse, Reason, ServiceState, percent_of
from tables.models import Restaurant
from tables.seating import natural_key

Answer = dict[str, Any]


def instant_answer(instant: datetime) -> str:
    """Write an instant in ISO 8601 UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def wall_time_answer(wall_time: time) -> str:
    """Write a wall-clock time as HH:MM."""
    return f"{wall_time:%H:%M}"


def reason_answer(reason: Reason) -> Answer:
    """Shape one reason of a refusal."""
    return {
        "code": str(reason.code),
        "limit": reason.limit,
        "used": reason.used,
        "asked": reason.asked,
    }


def reasons_answer(reasons: Iterable[Reason]) -> list[Answer]:
    """Shape the reasons of a refusal, in their order."""
    return [reason_answer(reason) for reason in reasons]


class Start(Protocol):
    """A start time that may be offered."""

    @property
    def wall_time(self) -> time: ...

    @property
    def starts_at(self) -> datetime: ...


def alternatives_answer(alternatives: Iterable[Start]) -> Answer:
    """Shape other times that are really bookable."""
    slots = [
        {"time": wall_time_answer(start.wall_time), "startsAt": instant_answer(start.starts_at)}
        for start in alternatives
    ]
    return {"alternatives": [slot["time"] for slot in slots], "alternativeSlots": slots}


def capacity_answer(service: ServiceState | None, fullest: LimitUse | None) -> Answer | None:
    """Shape how full a service day is; None outside service."""
    if service is None:
        return None
    remaining = None if service.max_covers is None else max(0, service.max_covers - service.booked_covers)
    return {
        "periodName": service.period_name,
        "maxCovers": service.max_covers,
        "bookedCovers": service.booked_covers,
        "remainingCovers": remaining,
        "utilizationPercent": percent_of(service.booked_covers, service.max_covers),
        "fullest": _fullest_answer(fullest),
    }


def _fullest_answer(fullest: LimitUse | None) -> Answer | None:
    if fullest is None:
        return None
    return {
        "code": str(fullest.code),
        "limit": fullest.limit,
        "used": fullest.used,
        "percent": fullest.percent,
    }


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
