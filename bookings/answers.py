"""The one place that shapes answers in the names of the HTTP contract: camelCase, instants in UTC."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from capacity.calendar import local_wall_time
from capacity.policy import CAPACITY_REASONS, LimitUse, Reason, ServiceState, SlotState, percent_of
from tables.seating import natural_key

if TYPE_CHECKING:
    from bookings.availability import Assessment
    from bookings.models import Booking
    from bookings.selectors import DayAvailability, DayVerdict, TimeAvailability, Utilization
    from capacity.models import ServicePeriod
    from capacity.selectors import ServiceSettings
    from tables.models import Restaurant

Answer = dict[str, Any]

CAPACITY_NUMBERS = frozenset({"maxCovers", "bookedCovers", "bookedParties", "remainingCovers", "utilizationPercent"})
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


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


def alternatives_answer(alternatives: "Sequence[Assessment]") -> Answer:
    """Shape the other times that are really bookable."""
    return {
        "alternatives": [wall_time_answer(other.wish.wall_time) for other in alternatives],
        "alternativeSlots": [
            {
                "time": wall_time_answer(other.wish.wall_time),
                "startsAt": instant_answer(other.wish.starts_at),
            }
            for other in alternatives
        ],
    }


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


def booking_answer(booking: "Booking", restaurant: "Restaurant", table_numbers: Sequence[str]) -> Answer:
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


def managed_booking_answer(booking: "Booking") -> Answer:
    """Shape a booking for whoever holds its manage token."""
    restaurant = booking.restaurant
    numbers = [it.table.number for it in booking.assignments.all()] if restaurant.shows_tables else []
    return {"booking": booking_answer(booking, restaurant, sorted(numbers, key=natural_key))}


def time_availability_answer(availability: "TimeAvailability") -> Answer:
    """Shape the answer for one start."""
    assessment, wish = availability.assessment, availability.assessment.wish
    return {
        **_date_answer(availability.settings, wish.business_date.isoformat()),
        "time": wall_time_answer(wish.wall_time),
        "startsAt": instant_answer(wish.starts_at),
        "partySize": wish.party_size,
        "available": assessment.is_available,
        "capacity": capacity_answer(assessment.service, assessment.fullest),
        "reasons": reasons_answer(assessment.decision.reasons),
        **alternatives_answer(availability.alternatives),
    }


def day_availability_answer(availability: "DayAvailability", *, party_size: int) -> Answer:
    """Shape the answer for all starts of a business date."""
    settings = availability.settings
    return {
        **_date_answer(settings, availability.business_date.isoformat()),
        "partySize": party_size,
        "available": availability.is_available,
        "slots": [_start_answer(assessment) for assessment in availability.assessments],
        "periods": [_period_state_answer(settings, service) for service in availability.services],
        "alternatives": [],
    }


def _date_answer(settings: "ServiceSettings", business_date: str) -> Answer:
    return {
        "restaurantId": str(settings.restaurant.public_id),
        "date": business_date,
        "timezone": settings.restaurant.timezone,
    }


def _start_answer(assessment: "Assessment") -> Answer:
    service = assessment.service
    percent = percent_of(service.booked_covers, service.max_covers) if service else None
    return {
        "time": wall_time_answer(assessment.wish.wall_time),
        "startsAt": instant_answer(assessment.wish.starts_at),
        "available": assessment.is_available,
        "utilizationPercent": percent,
        "reasons": reasons_answer(assessment.decision.reasons),
    }


def _period_state_answer(settings: "ServiceSettings", service: ServiceState) -> Answer:
    hours = next((it for it in settings.periods if it.period_id == service.period_id), None)
    return {
        "name": service.period_name,
        "startTime": wall_time_answer(hours.start_time) if hours else None,
        "endTime": wall_time_answer(hours.end_time) if hours else None,
        "maxCovers": service.max_covers,
        "bookedCovers": service.booked_covers,
        "bookedParties": service.booked_parties,
    }


def available_days_answer(verdicts: "Iterable[DayVerdict]") -> Answer:
    """Shape which business dates take the party."""
    return {
        "days": [
            {
                "date": verdict.business_date.isoformat(),
                "available": verdict.is_available,
                "reasons": reasons_answer(verdict.reasons),
            }
            for verdict in verdicts
        ]
    }


def utilization_answer(utilization: "Utilization") -> Answer:
    """Shape how full the services of a business date are, for the staff."""
    settings = utilization.settings
    return {
        **_date_answer(settings, utilization.business_date.isoformat()),
        "hasOverbooking": utilization.has_overbooking,
        "periods": [_utilized_period_answer(settings, service) for service in utilization.services],
        "slots": [
            _utilized_slot_answer(settings, service, slot) for service in utilization.services for slot in service.slots
        ],
    }


def _utilized_period_answer(settings: "ServiceSettings", service: ServiceState) -> Answer:
    return {
        **_period_state_answer(settings, service),
        "maxParties": service.max_parties,
        "utilizationPercent": percent_of(service.booked_covers, service.max_covers),
    }


def _utilized_slot_answer(settings: "ServiceSettings", service: ServiceState, slot: SlotState) -> Answer:
    return {
        "time": wall_time_answer(local_wall_time(slot.starts_at, settings.zone)),
        "startsAt": instant_answer(slot.starts_at),
        "periodName": service.period_name,
        "bookable": slot.bookable,
        "startingCovers": slot.starting_covers,
        "startingParties": slot.starting_parties,
        "presentCovers": slot.present_covers,
        "presentParties": slot.present_parties,
        "pacingCovers": slot.pacing_covers,
        "pacingParties": slot.pacing_parties,
        "occupancyCovers": slot.occupancy_covers,
        "occupancyParties": slot.occupancy_parties,
    }


def restaurant_answer(restaurant: "Restaurant") -> Answer:
    """Shape a restaurant for guests."""
    return {
        "id": str(restaurant.public_id),
        "slug": restaurant.slug,
        "name": restaurant.name,
        "timezone": restaurant.timezone,
        "slotMinutes": restaurant.slot_minutes,
        "partySize": {"min": restaurant.party_size_min, "max": restaurant.party_size_max},
    }


def service_period_answer(period: "ServicePeriod") -> Answer:
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


def without_capacity_numbers(answer: Any) -> Any:
    """Return an answer with the numbers that tell how full a restaurant is set to null."""
    if isinstance(answer, list):
        return [without_capacity_numbers(item) for item in answer]
    if not isinstance(answer, dict):
        return answer
    if answer.get("code") in CAPACITY_REASONS:
        return {name: value if name == "code" else None for name, value in answer.items()}
    return {
        name: None if name in CAPACITY_NUMBERS else without_capacity_numbers(value) for name, value in answer.items()
    }
