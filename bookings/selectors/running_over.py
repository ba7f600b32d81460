"""The reads of parties past their time, of many restaurants at once. They never write."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from bookings.choices import AWAITED_STATUSES, BookingStatus
from bookings.models import TableAssignment
from capacity.calendar.wall_clock import minutes_between

# Of an evening long ago somebody has only forgotten to say that they left.
LOOKED_BACK = timedelta(days=2)


@dataclass(frozen=True)
class RunningOver:
    """A table that a seated party keeps past its time, with the next party at it, if any."""

    reference: str
    party_size: int
    table: str
    ends_at: datetime
    minutes_over: int
    next_reference: str | None
    next_starts_at: datetime | None
    booking_id: int
    guest_name: str


def list_running_over(restaurant_ids: Iterable[int], now: datetime) -> dict[int, list[RunningOver]]:
    """List by restaurant the tables of seated parties past their time, the longest first, in 1 query."""
    following = TableAssignment.objects.filter(
        table=OuterRef("table"), during__fully_gt=OuterRef("during"), booking__status__in=AWAITED_STATUSES
    ).order_by("during")
    rows = (
        TableAssignment.objects.filter(
            restaurant__in=list(restaurant_ids),
            booking__status=BookingStatus.SEATED,
            booking__ends_at__range=(now - LOOKED_BACK, now),
        )
        .order_by("booking__ends_at", "booking", "table__number")
        .values_list(
            "restaurant_id",
            "booking__reference",
            "booking__party_size",
            "table__number",
            "booking__ends_at",
            Subquery(following.values("booking__reference")[:1]),
            Subquery(following.values("booking__starts_at")[:1]),
            "booking",
            "booking__guest_name",
        )
    )
    found: defaultdict[int, list[RunningOver]] = defaultdict(list)
    for owner, reference, size, table, ends_at, *others in rows:
        found[owner].append(RunningOver(reference, size, table, ends_at, minutes_between(ends_at, now), *others))
    return found
