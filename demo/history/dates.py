"""The dates that have no history yet, and the services that they had."""

from collections import defaultdict
from datetime import date, timedelta

from django.db.models import QuerySet

from bookings.models import Booking
from bookings.services import materialize_service_days
from capacity.calendar import ONE_DAY
from capacity.choices import SeatingMode
from capacity.clock import read_clock
from capacity.models import ServiceDay
from demo.history.plot import ServiceHours
from tables.models import Restaurant

# A stay begins at the last seating at the latest; by then it is over, and nothing of it lies ahead of the real clock.
OVER_FOR = timedelta(hours=4)


def list_dates_to_play(restaurant: Restaurant, days: int) -> dict[date, tuple[ServiceHours, ...]]:
    """List the services of the last days, by date, where none of the date has a booking; creates their rows.

    A date stays as it is once it was played, even in part, or has real bookings.
    """
    today = read_clock().astimezone(restaurant.zone).date()
    first, last = today - timedelta(days=days), today - ONE_DAY
    if days == 0:
        return {}
    materialize_service_days(restaurant_id=restaurant.pk, from_date=first, to_date=last)
    booked = set(
        Booking.objects.filter(restaurant=restaurant, business_date__range=(first, last))
        .values_list("business_date", flat=True)
        .distinct()
    )
    services: defaultdict[date, list[ServiceHours]] = defaultdict(list)
    for day in _list_service_days(restaurant, first, last):
        if day.business_date not in booked:
            services[day.business_date].append(_hours(day))
    return {business_date: tuple(hours) for business_date, hours in services.items()}


def _list_service_days(restaurant: Restaurant, first: date, last: date) -> QuerySet[ServiceDay]:
    over = restaurant.service_days.filter(business_date__range=(first, last), ends_at__lt=read_clock() - OVER_FOR)
    return over.select_related("service_period").prefetch_related("slots").order_by("starts_at")


def _hours(day: ServiceDay) -> ServiceHours:
    starts = sorted(slot.starts_at for slot in day.slots.all() if slot.bookable)
    return ServiceHours(tuple(starts), is_evening=day.service_period.seating_mode == SeatingMode.TABLES)
