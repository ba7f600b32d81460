"""The reads of excesses above a limit, and of authorised amounts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, Sum

from bookings.choices import COUNTING_STATUSES
from bookings.models import CapacityOverride
from capacity.limits import SERVICE_LIMITS, SLOT_LIMITS, Limit
from capacity.models import BookingSlot, ServiceDay


class LimitKey(NamedTuple):
    """The limit of one row: of a service day (no slot) or of one of its slots."""

    service_day_id: int
    slot_starts_at: datetime | None
    limit: str


def list_excesses(service_day_ids: Iterable[int]) -> dict[LimitKey, int]:
    """List every excess above zero of some service days and their slots, in 2 queries."""
    ids = list(service_day_ids)
    days = ServiceDay.objects.filter(pk__in=ids).filter(_any_above_zero(SERVICE_LIMITS))
    slots = BookingSlot.objects.filter(service_day_id__in=ids).filter(_any_above_zero(SLOT_LIMITS))
    return {
        **_keyed(((day.pk, None, day) for day in days), SERVICE_LIMITS),
        **_keyed(((slot.service_day_id, slot.starts_at, slot) for slot in slots), SLOT_LIMITS),
    }


def _any_above_zero(limits: Iterable[Limit]) -> Q:
    return Q(*((f"{limit.excess}__gt", 0) for limit in limits), _connector=Q.OR)


def _keyed(
    rows: Iterable[tuple[int, datetime | None, ServiceDay | BookingSlot]], limits: Sequence[Limit]
) -> dict[LimitKey, int]:
    return {
        LimitKey(day_id, slot_starts_at, limit.code): excess
        for day_id, slot_starts_at, row in rows
        for limit in limits
        if (excess := getattr(row, limit.excess)) > 0
    }


def list_authorised(service_day_ids: Iterable[int]) -> dict[LimitKey, int]:
    """List the authorised amounts of some service days, in 1 query; one for a booking counts while the booking does."""
    standing = Q(booking__isnull=True) | Q(booking__status__in=COUNTING_STATUSES)
    rows = (
        CapacityOverride.objects.filter(standing, service_day_id__in=list(service_day_ids))
        .values_list("service_day_id", "slot_starts_at", "limit")
        .annotate(total=Sum("amount"))
    )
    return {LimitKey(day_id, starts_at, limit): total for day_id, starts_at, limit, total in rows}
