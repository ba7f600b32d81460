"""Availability and utilization."""

from collections.abc import Iterable

from bookings.contract import (
    Answer,
    alternatives_answer,
    capacity_answer,
    instant_answer,
    reasons_answer,
    wall_time_answer,
)
from bookings.decision import Assessment
from bookings.selectors import DayAvailability, DayVerdict, TimeAvailability, Utilization
from capacity.calendar import local_wall_time
from capacity.policy import ServiceState, SlotState, percent_of
from capacity.selectors import ServiceSettings


def time_availability_answer(availability: TimeAvailability) -> Answer:
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
        **alternatives_answer(other.wish for other in availability.alternatives),
    }


def day_availability_answer(availability: DayAvailability, *, party_size: int) -> Answer:
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


def _date_answer(settings: ServiceSettings, business_date: str) -> Answer:
    return {
        "restaurantId": str(settings.restaurant.public_id),
        "date": business_date,
        "timezone": settings.restaurant.timezone,
    }


def _start_answer(assessment: Assessment) -> Answer:
    service = assessment.service
    percent = percent_of(service.booked_covers, service.max_covers) if service else None
    return {
        "time": wall_time_answer(assessment.wish.wall_time),
        "startsAt": instant_answer(assessment.wish.starts_at),
        "available": not assessment.is_refused,
        "utilizationPercent": percent,
        "reasons": reasons_answer(assessment.decision.reasons),
    }


def _period_state_answer(settings: ServiceSettings, service: ServiceState) -> Answer:
    hours = next((it for it in settings.periods if it.period_id == service.period_id), None)
    return {
        "name": service.period_name,
        "startTime": wall_time_answer(hours.start_time) if hours else None,
        "endTime": wall_time_answer(hours.end_time) if hours else None,
        "maxCovers": service.max_covers,
        "bookedCovers": service.booked_covers,
        "bookedParties": service.booked_parties,
    }


def available_days_answer(verdicts: Iterable[DayVerdict]) -> Answer:
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


def utilization_answer(utilization: Utilization) -> Answer:
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


def _utilized_period_answer(settings: ServiceSettings, service: ServiceState) -> Answer:
    return {
        **_period_state_answer(settings, service),
        "maxParties": service.max_parties,
        "utilizationPercent": percent_of(service.booked_covers, service.max_covers),
    }


def _utilized_slot_answer(settings: ServiceSettings, service: ServiceState, slot: SlotState) -> Answer:
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
