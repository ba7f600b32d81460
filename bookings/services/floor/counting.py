"""Count a stay anew where its end has changed, and record what a person lets it take above a limit."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bookings.choices import OverrideSource
from bookings.models import Booking, CapacityOverride
from bookings.selectors import LimitKey, list_excesses
from bookings.services.counter_updates import add_to_counters, find_counted_stay, take_from_counters
from bookings.services.history import Actor
from capacity.policy import ReasonCode
from config.transactions import require_atomic

_OF_PRESENCE = (ReasonCode.OCCUPANCY_COVERS, ReasonCode.OCCUPANCY_PARTIES)


def count_again(
    booking: Booking,
    ends_at: datetime,
    *,
    is_counted: bool,
    service_day_ids: Sequence[int],
    source: OverrideSource = OverrideSource.STAFF,
    actor: Actor,
    reason: str,
) -> dict[LimitKey, int]:
    """Move the end of a stay in its counters; `is_counted` says whether it is in them yet.

    The caller has locked `service_day_ids`, those of every slot that the stay touched or touches. What it now takes
    above a limit is authorised in the name of the actor, limit by limit; what was authorised for slots that it touches
    no longer goes, so that it covers nobody else. Returns by how much it passes each limit.
    """
    require_atomic()
    if is_counted and ends_at == booking.ends_at:
        return {}
    before = list_excesses(service_day_ids)
    if is_counted:
        take_from_counters(find_counted_stay(booking))
    _forget_authorised(booking, ends_at, is_counted=is_counted)
    booking.ends_at = ends_at
    add_to_counters(find_counted_stay(booking), is_excess_authorised=True)
    raised = _raised(before, list_excesses(service_day_ids))
    CapacityOverride.objects.bulk_create(
        CapacityOverride(
            restaurant_id=booking.restaurant_id,
            **key._asdict(),
            amount=amount,
            source=source,
            actor_id=actor.pk if actor else None,
            reason=reason[:200],
            booking=booking,
        )
        for key, amount in raised.items()
    )
    return raised


def _forget_authorised(booking: Booking, ends_at: datetime, *, is_counted: bool) -> None:
    own = CapacityOverride.objects.filter(booking=booking)
    if is_counted:
        own = own.filter(limit__in=_OF_PRESENCE, slot_starts_at__gte=ends_at)
    own.delete()


def _raised(before: Mapping[LimitKey, int], after: Mapping[LimitKey, int]) -> dict[LimitKey, int]:
    risen = {key: excess - before.get(key, 0) for key, excess in after.items()}
    return {key: amount for key, amount in risen.items() if amount > 0}
