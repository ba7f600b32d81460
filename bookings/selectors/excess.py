"""Reads of what stands above a limit, and of what was authorised."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, Sum

from bookings.choices import COUNTING_STATUSES
from bookings.models import CapacityOverride
from capacity.models import BookingSlot, ServiceDay
from capacity.policy import ReasonCode


class LimitKey(NamedTuple):
    """One limit of one row: of a service day (no slot) or of one of its slots."""

    service_day_id: int
    slot_starts_at: datetime | None
    limit: str


DAY_EXCESSES = {
    ReasonCode.SERVICE_COVERS: "excess_covers",
    ReasonCode.SERVICE_PARTIES: "excess_parties",
}
SLOT_EXCESSES = {
    ReasonCode.PACING_COVERS: "excess_pacing_covers",
    ReasonCode.PACING_PARTIES: "excess_pacing_parties",
    ReasonCode.OCCUPANCY_COVERS: "excess_occupancy_covers",
    ReasonCode.OCCUPANCY_PARTIES: "excess_occupancy_parties",
}


def list_excesses(service_day_ids: Iterable[int]) -> dict[LimitKey, int]:
    """List every excess above zero of some service days and their slots, in 2 queries."""
    ids = list(service_day_ids)
    days = ServiceDay.objects.filter(pk__in=ids).filter(_any_above_zero(DAY_EXCESSES))
    slots = BookingSlot.objects.filter(service_day_id__in=ids).filter(_any_above_zero(SLOT_EXCESSES))
    return {
        **_keyed(((day.pk, None, day) for day in days), DAY_EXCESSES),
        **_keyed(((slot.service_day_id, slot.starts_at, slot) for slot in slots), SLOT_EXCESSES),
    }


def _any_above_zero(columns: Mapping[ReasonCode, str]) -> Q:
    return Q(*((f"{column}__gt", 0) for column in columns.values()), _connector=Q.OR)


def _keyed(
    rows: Iterable[tuple[int, datetime | None, ServiceDay | BookingSlot]], columns: Mapping[ReasonCode, str]
) -> dict[LimitKey, int]:
    return {
        LimitKey(day_id, slot_starts_at, code): excess
        for day_id, slot_starts_at, row in rows
        for code, column in columns.items()
        if (excess := getattr(row, column)) > 0
    }


def list_authorised(service_day_ids: Iterable[int]) -> dict[LimitKey, int]:
    """List how much is authorised on some service days, in 1 query; what was for a party goes with it."""
    standing = Q(booking__isnull=True) | Q(booking__status__in=COUNTING_STATUSES)
    rows = (
        CapacityOverride.objects.filter(standing, service_day_id__in=list(service_day_ids))
        .values_list("service_day_id", "slot_starts_at", "limit")
        .annotate(total=Sum("amount"))
    )
    return {LimitKey(day_id, starts_at, limit): total for day_id, starts_at, limit, total in rows}
