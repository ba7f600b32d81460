"""The results of selectors as answers of the contract."""

from collections.abc import Iterable
from datetime import time
from typing import Any

from bookings.contract.guests import (
    AvailableDayAnswer,
    AvailableDaysAnswer,
    DayAvailabilityAnswer,
    ManagedBookingAnswer,
    PartySizeRangeAnswer,
    PeriodStateAnswer,
    RestaurantAnswer,
    RestaurantDetailAnswer,
    ServiceHoursAnswer,
    StartAnswer,
    TimeAvailabilityAnswer,
    Weekday,
    booking_answer,
    capacity_answer,
)
from bookings.contract.staff import TableCountsAnswer, UtilizationAnswer, UtilizedPeriodAnswer, UtilizedSlotAnswer
from bookings.decision import Assessment
from bookings.models import Booking
from bookings.selectors import DayAvailability, DaysAvailability, TimeAvailability, Utilization
from bookings.selectors.table_counts import TableCounts
from capacity.calendar import local_wall_time
from capacity.models import ServicePeriod
from capacity.policy import ONLINE, ServiceState, percent_of
from capacity.selectors import ServiceSettings
from tables.models import Restaurant
from tables.seating import natural_key

WEEKDAYS = tuple(Weekday)


def time_availability_answer(availability: TimeAvailability) -> TimeAvailabilityAnswer:
    """Shape the answer for one start."""
    assessment, others = availability.assessment, [other.wish for other in availability.alternatives]
    return TimeAvailabilityAnswer.of(
        assessment.wish,
        **_place(availability.settings),
        is_available=assessment.is_available,
        capacity=capacity_answer(assessment.service, assessment.fullest),
        reasons=assessment.decision.reasons,
        alternatives=[wish.wall_time for wish in others],
        alternative_slots=others,
    )


def _place(settings: ServiceSettings) -> dict[str, Any]:
    return {"restaurant_id": settings.restaurant.public_id, "timezone": settings.restaurant.timezone}


def day_availability_answer(availability: DayAvailability, *, party_size: int) -> DayAvailabilityAnswer:
    """Shape the answer for all starts of a business date."""
    settings = availability.settings
    return DayAvailabilityAnswer.of(
        availability,
        **_place(settings),
        party_size=party_size,
        slots=[_start_answer(assessment) for assessment in availability.assessments],
        periods=[PeriodStateAnswer.of(service, **_hours(settings, service)) for service in availability.services],
        alternatives=[],
    )


def _start_answer(assessment: Assessment) -> StartAnswer:
    service = assessment.service
    return StartAnswer.of(
        assessment.wish,
        is_available=not assessment.is_refused,
        utilization_percent=percent_of(service.booked_covers, service.max_covers) if service else None,
        reasons=assessment.decision.reasons,
    )


def _hours(settings: ServiceSettings, service: ServiceState) -> dict[str, time | None]:
    period = next((period for period in settings.periods if period.period_id == service.period_id), None)
    return {"start_time": period.start_time if period else None, "end_time": period.end_time if period else None}


def available_days_answer(availability: DaysAvailability) -> AvailableDaysAnswer:
    """Shape which business dates take the party."""
    return AvailableDaysAnswer([AvailableDayAnswer.of(verdict) for verdict in availability.verdicts])


def managed_booking_answer(booking: Booking) -> ManagedBookingAnswer:
    """Shape a booking for whoever holds its manage token."""
    restaurant = booking.restaurant
    numbers = [row.table.number for row in booking.assignments.all()] if restaurant.shows_tables else []
    return ManagedBookingAnswer(booking_answer(booking, restaurant, sorted(numbers, key=natural_key)))


def restaurant_answer(restaurant: Restaurant) -> RestaurantAnswer:
    """Shape a restaurant for guests."""
    return RestaurantAnswer.of(restaurant, party_size=PartySizeRangeAnswer.of(restaurant))


def restaurant_detail_answer(restaurant: Restaurant, periods: Iterable[ServicePeriod]) -> RestaurantDetailAnswer:
    """Shape a restaurant and when it seats guests."""
    return RestaurantDetailAnswer.of(
        restaurant,
        party_size=PartySizeRangeAnswer.of(restaurant),
        service_periods=[
            ServiceHoursAnswer.of(period, days=[WEEKDAYS[day - 1] for day in sorted(period.weekdays)])
            for period in periods
        ],
    )


def utilization_answer(utilization: Utilization) -> UtilizationAnswer:
    """Shape how full the services of a business date are, for the staff."""
    settings = utilization.settings
    return UtilizationAnswer.of(
        utilization,
        **_place(settings),
        periods=[_utilized_period_answer(settings, service) for service in utilization.services],
        slots=[
            UtilizedSlotAnswer.of(
                slot,
                wall_time=local_wall_time(slot.starts_at, settings.zone),
                period_name=service.period_name,
            )
            for service in utilization.services
            for slot in service.slots
        ],
    )


def _utilized_period_answer(settings: ServiceSettings, service: ServiceState) -> UtilizedPeriodAnswer:
    percent = percent_of(service.booked_covers, service.max_covers)
    return UtilizedPeriodAnswer.of(service, **_hours(settings, service), utilization_percent=percent)


def table_counts_answer(found: TableCounts) -> TableCountsAnswer:
    """Shape how many tables there are for each party size at every start of a business date."""
    return TableCountsAnswer.of(found, **_place(found.settings), channel=ONLINE)
