"""Service days and slots from their rows."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from capacity.limits import SLOT_LIMITS
from capacity.models import BookingSlot, ServiceDay
from capacity.policy import ServiceState, SlotState
from tables.spans import TimeSpan

# As the constraint on Restaurant.slot_minutes has it.
LONGEST_SLOT = timedelta(minutes=240)


def stored_services(restaurant_id: int, days: Sequence[ServiceDay], window: TimeSpan) -> Iterator[ServiceState]:
    """Yield service days that have a row, with the slots that meet a window, in 1 query."""
    slots: dict[int, list[SlotState]] = {day.pk: [] for day in days}
    for slot in _list_slots(restaurant_id, window):
        if slot.service_day_id in slots:
            slots[slot.service_day_id].append(slot)
    for day in days:
        yield ServiceState(
            period_id=day.service_period_id,
            period_name=day.service_period.name,
            business_date=day.business_date,
            starts_at=day.starts_at,
            ends_at=day.ends_at,
            slots=tuple(slots[day.pk]),
            service_day_id=day.pk,
            max_covers=day.max_covers,
            max_parties=day.max_parties,
            booked_covers=day.booked_covers,
            booked_parties=day.booked_parties,
            version=day.version,
        )


SLOT_COLUMNS = (
    "starts_at",
    "ends_at",
    "pk",
    "service_day_id",
    "bookable",
    *(limit.column for limit in SLOT_LIMITS),
    *(limit.counter for limit in SLOT_LIMITS),
)


def _list_slots(restaurant_id: int, window: TimeSpan) -> Iterator[SlotState]:
    rows = (
        BookingSlot.objects.filter(
            restaurant_id=restaurant_id,
            # Without the lower bound the scan would read every slot of the past.
            starts_at__range=(window.starts_at - LONGEST_SLOT, window.ends_at),
            ends_at__gt=window.starts_at,
        )
        .order_by("starts_at")
        .values_list(*SLOT_COLUMNS)
    )
    return (SlotState(*columns) for columns in rows)
