"""The parties that came, and their services."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q, Sum

from bookings.choices import COUNTING_STATUSES, BookingStatus
from bookings.insight.verdict.evenings import Attended, Evenings, ServiceOnDate, SlotSpan
from bookings.insight.verdict.hindsight import Case, PartySeen
from bookings.models import Booking, TableAssignment
from capacity.calendar import ONE_DAY
from capacity.models import BookingSlot, ServiceDay

# A hold that was not confirmed is no party that came.
ATTENDED_STATUSES = tuple(status for status in COUNTING_STATUSES if status != BookingStatus.HELD)


def get_evenings(restaurant_id: int, cases: Iterable[Case]) -> Evenings:
    """Get the turnout of the services that cases are about, in 3 queries; 0 without any case."""
    dates = sorted({case.service.business_date if case.service else case.starts_at.date() for case in cases})
    if not dates:
        return Evenings(ends={}, slots=(), attended=())
    # Those of the dates beside: stays pass midnight.
    span = (dates[0] - ONE_DAY, dates[-1] + ONE_DAY)
    return Evenings(
        ends=_list_ends(restaurant_id, span),
        slots=_list_slots(restaurant_id, span),
        attended=_list_attended(restaurant_id, span),
    )


def _list_ends(restaurant_id: int, span: tuple[date, date]) -> dict[ServiceOnDate, datetime]:
    days = ServiceDay.objects.filter(restaurant_id=restaurant_id, business_date__range=span)
    columns = days.values_list("service_period_id", "business_date", "ends_at")
    return {ServiceOnDate(period_id, on): ends_at for period_id, on, ends_at in columns}


def _list_slots(restaurant_id: int, span: tuple[date, date]) -> list[SlotSpan]:
    slots = BookingSlot.objects.filter(restaurant_id=restaurant_id, service_day__business_date__range=span)
    columns = ("service_day__service_period_id", "service_day__business_date", "starts_at", "ends_at")
    return [SlotSpan(ServiceOnDate(period, on), first, last) for period, on, first, last in slots.values_list(*columns)]


def _list_attended(restaurant_id: int, span: tuple[date, date]) -> list[Attended]:
    came = Booking.objects.filter(
        restaurant_id=restaurant_id, business_date__range=span, status__in=ATTENDED_STATUSES
    ).order_by()
    grouped = came.values_list("service_day__service_period_id", "service_day__business_date", "starts_at", "ends_at")
    sums = grouped.annotate(covers=Sum("party_size"), parties=Count("pk"))
    return [Attended(ServiceOnDate(period, on), *stay) for period, on, *stay in sums]


def get_parties_seen(booking_ids: Collection[int]) -> dict[int, PartySeen]:
    """Get the later life of the parties of bookings, in 1 query; those whose booking is gone are left out."""
    has_table = Exists(TableAssignment.objects.filter(booking=OuterRef("pk")))
    rows = Booking.objects.filter(pk__in=booking_ids).annotate(has_table=has_table).select_related("service_day")
    return {booking.pk: _party_seen(booking, has_table=booking.has_table) for booking in rows.only(*PARTY_COLUMNS)}


PARTY_COLUMNS = (
    *("business_date", "starts_at", "ends_at", "party_size", "status", "arrived_at", "seated_at"),
    "service_day__service_period_id",
)


def _party_seen(booking: Booking, *, has_table: bool) -> PartySeen:
    is_cancelled = booking.status == BookingStatus.CANCELLED
    service = ServiceOnDate(booking.service_day.service_period_id, booking.business_date)
    return PartySeen(
        stay=Attended(service, booking.starts_at, booking.ends_at, booking.party_size, 1),
        came=booking.status in ATTENDED_STATUSES,
        had_table=has_table,
        left_unseated=is_cancelled and booking.arrived_at is not None and booking.seated_at is None,
        is_cancelled=is_cancelled,
    )


def get_covers_away(restaurant_id: int, services: Collection[ServiceOnDate]) -> tuple[int, int]:
    """Get the covers of services that did not come and those that were cancelled, in 1 query; 0 without services."""
    if not services:
        return 0, 0
    of = Q(
        *(
            Q(service_day__service_period_id=service.period_id, business_date=service.business_date)
            for service in services
        ),
        _connector=Q.OR,
    )
    away = Booking.objects.filter(of, restaurant_id=restaurant_id)
    sums = away.aggregate(
        no_show=Sum("party_size", filter=Q(status=BookingStatus.NO_SHOW), default=0),
        cancelled=Sum("party_size", filter=Q(status=BookingStatus.CANCELLED), default=0),
    )
    return sums["no_show"], sums["cancelled"]


def count_service_days(restaurant_id: int, first: date, last: date) -> int:
    """Count the business dates (inclusive) with a service, in 1 query."""
    days = ServiceDay.objects.filter(restaurant_id=restaurant_id, business_date__range=(first, last))
    return days.order_by().values("business_date").distinct().count()
