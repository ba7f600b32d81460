"""The live bookings that a setting concerns: a person has to decide about them. Never writes."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Subquery

from bookings.choices import COUNTING_STATUSES
from bookings.models import Booking, TableAssignment
from capacity.models import Closure
from capacity.policy import ONLINE
from capacity.selectors import ClockTimestamp, ClosedSpan, read_clock
from tables.models import Table, TableCombination


def list_bookings_inside(closure: Closure) -> list[Booking]:
    """List live bookings from now on that start inside a closure, by start, in 2 queries."""
    span = ClosedSpan.of(closure)
    live = (
        Booking.objects.filter(
            restaurant_id=closure.restaurant_id,
            business_date__range=(closure.from_date, closure.to_date),
            status__in=COUNTING_STATUSES,
            starts_at__gte=read_clock(),
        )
        .select_related("service_day")
        .order_by("starts_at", "pk")
    )
    return [
        booking
        for booking in live
        if span.covers(booking.service_day.service_period_id, booking.business_date, booking.wall_time, ONLINE)
    ]


def bookings_at_combination() -> ArraySubquery:
    """Return, to annotate combinations with, the ids of the bookings that have all of its tables from now on."""
    coming = TableAssignment.objects.filter(table__combinations=OuterRef("pk"), during__endswith__gt=ClockTimestamp())
    here = coming.order_by().values("booking_id").annotate(tables=Count("pk")).filter(tables=_table_count())
    return ArraySubquery(here.values("booking_id"))


def _table_count() -> Subquery:
    members: Any = TableCombination.tables.through.objects.filter(tablecombination=OuterRef(OuterRef("pk")))
    counted = members.order_by().values("tablecombination").annotate(number=Count("pk"))
    return Subquery(counted.values("number"))


def list_bookings_at(table: Table) -> list[Booking]:
    """List bookings that a table is assigned to from now on, by start, in 2 queries."""
    now: datetime = read_clock()
    assignments = (
        TableAssignment.objects.filter(table=table, during__endswith__gt=now)
        .select_related("booking")
        .order_by("during", "pk")
    )
    return [assignment.booking for assignment in assignments]
