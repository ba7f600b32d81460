"""The parties in the counters that a decision leaves out.

Holds that are over are out of every decision at once, and out of the counters at the next write. A booking that is
changed is decided as if it were not there, so that it never collides with itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.db.models import OuterRef, QuerySet, Subquery

from bookings.choices import COUNTING_STATUSES, BookingStatus
from bookings.decision.service_days import ServiceKey
from bookings.models import Booking
from capacity.limits import LIMIT_OF, OCCUPANCY_LIMITS, PACING_LIMITS
from capacity.models import BookingSlot
from capacity.policy import LimitUse, ServiceState, SlotState
from tables.spans import TimeSpan

S = TypeVar("S", ServiceState, SlotState)


@dataclass(frozen=True)
class CountedParty:
    """A party that is in the counters; `blocked_until` includes its buffer.

    `starting_slot_at` is the latest slot of its service day not after its start, where it counts as starting.
    """

    booking_id: int
    key: ServiceKey
    party_size: int
    starts_at: datetime
    ends_at: datetime
    blocked_until: datetime
    starting_slot_at: datetime | None

    @property
    def blocked(self) -> TimeSpan:
        """Return the time that it keeps its tables, its buffer included."""
        return TimeSpan(self.starts_at, self.blocked_until)


def list_expired_holds(restaurant_id: int, first: date, last: date, now: datetime) -> tuple[CountedParty, ...]:
    """List the holds of business dates (inclusive) that are over at `now`, in 1 query."""
    expired = Booking.objects.filter(
        restaurant_id=restaurant_id,
        business_date__range=(first, last),
        status=BookingStatus.HELD,
        expires_at__lte=now,
    )
    return _counted_parties(expired)


def list_counted_parties(booking_ids: Iterable[int]) -> tuple[CountedParty, ...]:
    """List the parties of some bookings that are in the counters, in 1 query, in none for no bookings."""
    ids = list(booking_ids)
    return _counted_parties(Booking.objects.filter(pk__in=ids, status__in=COUNTING_STATUSES)) if ids else ()


def _counted_parties(bookings: QuerySet[Booking]) -> tuple[CountedParty, ...]:
    # Asked of all slots, not of those that a decision loads: the right one may not be among these.
    earlier = BookingSlot.objects.filter(service_day=OuterRef("service_day"), starts_at__lte=OuterRef("starts_at"))
    rows = bookings.values_list(
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
        CountedParty(
            pk, ServiceKey(period_id, on), size, starts_at, ends_at, ends_at + timedelta(minutes=buffer), slot_at
        )
        for pk, period_id, on, size, starts_at, ends_at, buffer, slot_at in rows
    )


def without_parties(
    services: Sequence[ServiceState], parties: Iterable[CountedParty], *, keeps_limits: bool = False
) -> Sequence[ServiceState]:
    """Return services as they are without some parties.

    With `keeps_limits` committed room may be taken again: a counter above its limit, by an authorised excess, counts as
    the limit. A party of five in a service that is over its limit may become four.
    """
    for party in parties:
        services = [_without_party(service, party, keeps_limits=keeps_limits) for service in services]
    return services


def _without_party(service: ServiceState, party: CountedParty, *, keeps_limits: bool) -> ServiceState:
    is_own = (service.period_id, service.business_date) == party.key
    slots = tuple(_slot_without(slot, party, is_own=is_own, keeps_limits=keeps_limits) for slot in service.slots)
    service = replace(service, slots=slots)
    return _without(service, service.uses(), party, keeps_limits=keeps_limits) if is_own else service


def _slot_without(slot: SlotState, party: CountedParty, *, is_own: bool, keeps_limits: bool) -> SlotState:
    if is_own and slot.starts_at == party.starting_slot_at:
        slot = _without(slot, slot.uses(PACING_LIMITS), party, keeps_limits=keeps_limits)
    if slot.overlaps(party):
        slot = _without(slot, slot.uses(OCCUPANCY_LIMITS), party, keeps_limits=keeps_limits)
    return slot


def _without(state: S, uses: Iterable[LimitUse], party: CountedParty, *, keeps_limits: bool) -> S:
    changed: dict[str, Any] = {}
    for use in uses:
        limit = LIMIT_OF[use.code]
        changed[limit.counter] = use.used - limit.asked_by(party.party_size)
        if keeps_limits and use.limit is not None:
            changed[limit.column] = max(use.limit, use.used)
    return replace(state, **changed)
