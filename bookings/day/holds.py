"""Holds that are over: out of every decision at once, out of the counters at the next write."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, Subquery

from bookings.choices import BookingStatus
from bookings.day.keys import ServiceKey
from bookings.models import Booking
from capacity.models import BookingSlot
from capacity.policy import ServiceState, SlotState


@dataclass(frozen=True)
class Hold:
    """A hold that is over but still in the counters; `blocked_until` includes its buffer.

    `starting_slot_at` is the latest slot of its service day not after its start, where it counts as starting.
    """

    booking_id: int
    key: ServiceKey
    party_size: int
    starts_at: datetime
    ends_at: datetime
    blocked_until: datetime
    starting_slot_at: datetime | None

    def meets(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Say whether the hold, its buffer included, overlaps an interval."""
        return self.starts_at < ends_at and starts_at < self.blocked_until


def list_expired_holds(restaurant_id: int, first: date, last: date, now: datetime) -> tuple[Hold, ...]:
    """List the holds of business dates (inclusive) that are over at `now`, in 1 query."""
    # Asked of all slots, not of those that a decision loads: the right one may not be among these.
    earlier = BookingSlot.objects.filter(service_day=OuterRef("service_day"), starts_at__lte=OuterRef("starts_at"))
    rows = Booking.objects.filter(
        restaurant_id=restaurant_id,
        business_date__range=(first, last),
        status=BookingStatus.HELD,
        expires_at__lte=now,
    ).values_list(
        "pk",
        "service_day__service_period_id",
        "service_day__business_date",
        "party_size",
        "starts_at",
        "ends_at",
        "buffer_minutes",
        Subquery(earlier.order_by("-starts_at").values("starts_at")[:1]),
    )
    return tuple(
        Hold(pk, ServiceKey(period_id, on), size, starts_at, ends_at, ends_at + timedelta(minutes=buffer), slot_at)
        for pk, period_id, on, size, starts_at, ends_at, buffer, slot_at in rows
    )


def without_holds(services: Sequence[ServiceState], holds: Sequence[Hold]) -> Sequence[ServiceState]:
    """Return services as they are without some holds."""
    for hold in holds:
        services = [_without_hold(service, hold) for service in services]
    return services


def _without_hold(service: ServiceState, hold: Hold) -> ServiceState:
    is_own = (service.period_id, service.business_date) == hold.key
    slots = tuple(_slot_without_hold(slot, hold, is_own=is_own) for slot in service.slots)
    if not is_own:
        return replace(service, slots=slots)
    return replace(
        service,
        slots=slots,
        booked_covers=service.booked_covers - hold.party_size,
        booked_parties=service.booked_parties - 1,
    )


def _slot_without_hold(slot: SlotState, hold: Hold, *, is_own: bool) -> SlotState:
    if is_own and slot.starts_at == hold.starting_slot_at:
        slot = replace(
            slot,
            starting_covers=slot.starting_covers - hold.party_size,
            starting_parties=slot.starting_parties - 1,
        )
    if slot.is_touched_by(hold.starts_at, hold.ends_at):
        slot = replace(
            slot,
            present_covers=slot.present_covers - hold.party_size,
            present_parties=slot.present_parties - 1,
        )
    return slot
