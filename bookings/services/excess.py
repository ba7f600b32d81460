"""Record who or which mode authorised covers or parties above a limit."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, Sum

from bookings.availability import Assessment
from bookings.choices import OverrideSource
from bookings.models import Booking, CapacityOverride
from bookings.services.history import Actor
from capacity.models import BookingSlot, ServiceDay
from capacity.policy import LimitUse, ReasonCode


class LimitKey(NamedTuple):
    """One limit of one row: of a service day (no slot) or of one of its slots."""

    service_day_id: int
    slot_starts_at: datetime | None
    limit: str


@dataclass(frozen=True)
class RaisedExcess:
    """By how much a change of settings left a counter further above its limit than before."""

    service_day: ServiceDay
    slot_starts_at: datetime | None
    limit: str
    amount: int


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


def record_waived_excess(booking: Booking, assessment: Assessment) -> None:
    """Record what shadow mode let a booking take above the limits, one row a limit."""
    CapacityOverride.objects.bulk_create(
        CapacityOverride(
            restaurant_id=booking.restaurant_id,
            service_day_id=service_day_id,
            slot_starts_at=slot_starts_at,
            limit=use.code,
            amount=raised,
            source=OverrideSource.SHADOW,
            reason="Shadow mode waives limits",
            booking=booking,
        )
        for service_day_id, slot_starts_at, use in _uses_touched(assessment)
        if service_day_id is not None and (raised := use.excess_raised_by(booking.party_size)) > 0
    )


def _uses_touched(assessment: Assessment) -> Iterator[tuple[int | None, datetime | None, LimitUse]]:
    """Yield every limit that the stay counts against, with the service day and start of its slot."""
    service = assessment.service
    if service is None:
        return
    for use in service.uses():
        yield service.service_day_id, None, use
    starting = service.starting_slot(assessment.wish.starts_at)
    if starting is not None:
        for use in starting.uses()[:2]:
            yield starting.service_day_id, starting.starts_at, use
    for slot in assessment.present:
        for use in slot.uses()[2:]:
            yield slot.service_day_id, slot.starts_at, use


def read_excesses(service_day_ids: Iterable[int]) -> dict[LimitKey, int]:
    """Read every excess above zero of some service days and their slots, in 2 queries."""
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


def read_authorised(service_day_ids: Iterable[int]) -> dict[LimitKey, int]:
    """Read how much was ever authorised on some service days, in 1 query."""
    rows = (
        CapacityOverride.objects.filter(service_day_id__in=list(service_day_ids))
        .values_list("service_day_id", "slot_starts_at", "limit")
        .annotate(total=Sum("amount"))
    )
    return {LimitKey(day_id, starts_at, limit): total for day_id, starts_at, limit, total in rows}


def record_settings_excess(
    restaurant_id: int,
    service_day_ids: Iterable[int],
    *,
    before: Mapping[LimitKey, int],
    reason: str,
    actor: Actor = None,
) -> tuple[RaisedExcess, ...]:
    """Record what a change of settings left above the limits, beyond what stood there before."""
    ids = list(service_day_ids)
    raised = {
        key: excess - before.get(key, 0) for key, excess in read_excesses(ids).items() if excess > before.get(key, 0)
    }
    CapacityOverride.objects.bulk_create(
        CapacityOverride(
            restaurant_id=restaurant_id,
            **key._asdict(),
            amount=amount,
            source=OverrideSource.SETTINGS,
            actor_id=actor.pk if actor else None,
            reason=reason[:200],
        )
        for key, amount in raised.items()
    )
    days = ServiceDay.objects.select_related("service_period").in_bulk({key.service_day_id for key in raised})
    return tuple(
        RaisedExcess(days[key.service_day_id], key.slot_starts_at, key.limit, amount)
        for key, amount in sorted(raised.items(), key=lambda item: str(item[0]))
    )
