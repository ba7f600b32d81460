"""Record the actor or mode that authorised covers or parties above a limit."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bookings.choices import OverrideSource
from bookings.decision import Assessment
from bookings.models import Booking, CapacityOverride
from bookings.models.booking import Actor
from bookings.selectors import LimitKey, list_excesses
from bookings.services.rows.counters import add_to_counters, find_counted_stay, take_from_counters
from capacity.limits import LIMIT_OF, OCCUPANCY_LIMITS, PACING_LIMITS
from capacity.models import ServiceDay
from capacity.policy import OVERRIDABLE_REASONS, LimitUse
from capacity.reasons import ReasonCode
from config.errors import InputInvalid
from config.transactions import require_atomic

_HOURS = frozenset({ReasonCode.CLOSED, ReasonCode.OUTSIDE_SERVICE})
REASON_LENGTH = 200


@dataclass(frozen=True)
class Override:
    """The word of a person for a party beyond a limit, out of hours or without a table.

    `confirmed` says by how much, by the code of the reason; what needs more is refused and has to be asked again.

    Raises: `InputInvalid` without a reason, or with one that is too long.
    """

    reason: str
    confirmed: Mapping[str, int]

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise InputInvalid.of_field("overrideReason", "required", "Say why: the list of overrides names it.")
        if len(self.reason) > REASON_LENGTH:
            raise InputInvalid.of_field("overrideReason", "too_long", f"At most {REASON_LENGTH} characters.")

    def covers(self, assessment: Assessment) -> bool:
        """Say whether every reason against a party is one to answer for, and is confirmed to that extent."""
        return self.may_cover(assessment) and all(
            reason.beyond <= self.confirmed.get(reason.code, 0) for reason in assessment.decision.reasons
        )

    def may_cover(self, assessment: Assessment) -> bool:
        """Say whether anybody could answer for a party: it counts in some service, and its time has not passed.

        Whoever has chosen tables wants these, and not to be booked without.
        """
        codes = {reason.code for reason in assessment.decision.reasons}
        lacks_chosen = assessment.wish.table_ids is not None and ReasonCode.NO_TABLE in codes
        return assessment.service is not None and codes <= OVERRIDABLE_REASONS and not lacks_chosen


@dataclass(frozen=True)
class RaisedExcess:
    """The excess by which a change of settings left a counter further above its limit than before."""

    service_day: ServiceDay
    slot_starts_at: datetime | None
    limit: str
    amount: int


def record_waived_excess(booking: Booking, assessment: Assessment) -> None:
    """Record the excess above limits that shadow mode let a booking take, one row a limit."""
    _record(booking, _excess_of(booking, assessment), OverrideSource.SHADOW, "Shadow mode waives limits")


def record_override(
    booking: Booking, assessment: Assessment, override: Override, actor: Actor, *, is_waived: bool
) -> dict[LimitKey, int]:
    """Record what a person answered for, one row a limit, and one each for hours and table; return the amounts.

    Limits that shadow mode waives, `is_waived`, need nobody to answer for them.
    """
    amounts = {} if is_waived else _excess_of(booking, assessment)
    for reason in assessment.decision.reasons:
        if reason.code not in LIMIT_OF:
            amounts[LimitKey(booking.service_day_id, None, reason.code)] = reason.beyond
    _record(booking, amounts, OverrideSource.STAFF, override.reason, actor)
    return amounts


def _excess_of(booking: Booking, assessment: Assessment) -> dict[LimitKey, int]:
    return {
        LimitKey(service_day_id, slot_starts_at, use.code): raised
        for service_day_id, slot_starts_at, use in _uses_touched(assessment)
        if service_day_id is not None and (raised := use.excess_raised_by(booking.party_size)) > 0
    }


def _record(
    booking: Booking, amounts: Mapping[LimitKey, int], source: OverrideSource, reason: str, actor: Actor = None
) -> None:
    CapacityOverride.objects.bulk_create(
        CapacityOverride(
            restaurant_id=booking.restaurant_id,
            **key._asdict(),
            amount=amount,
            source=source,
            actor_id=actor.pk if actor else None,
            reason=reason[:REASON_LENGTH],
            booking=booking,
        )
        for key, amount in amounts.items()
    )


def carry_overrides(booking: Booking, assessment: Assessment) -> None:
    """Release the overrides of a booking where, changed as assessed, it does not count any more.

    Elsewhere they stay, up to the amount that the booking takes now; any excess beyond that is recorded anew.
    """
    left = {
        LimitKey(service_day_id, slot_starts_at, use.code): use.asked_by(booking.party_size)
        for service_day_id, slot_starts_at, use in _uses_touched(assessment)
        if service_day_id is not None
    }
    for override in booking.overrides.order_by("pk"):
        if assessment.wish.keeps_start and override.limit in _HOURS:
            continue
        key = LimitKey(override.service_day_id, override.slot_starts_at, override.limit)
        kept = min(override.amount, left.get(key, 0))
        left[key] = left.get(key, 0) - kept
        if not kept:
            override.delete()
        elif kept < override.amount:
            override.amount = kept
            override.save(update_fields=["amount"])


def _uses_touched(assessment: Assessment) -> Iterator[tuple[int | None, datetime | None, LimitUse]]:
    """Yield every limit that the stay counts against, with the service day and start of its slot."""
    service = assessment.service
    if service is None:
        return
    for use in service.uses():
        yield service.service_day_id, None, use
    starting = service.starting_slot(assessment.wish.starts_at)
    if starting is not None:
        for use in starting.uses(PACING_LIMITS):
            yield starting.service_day_id, starting.starts_at, use
    for slot in assessment.present:
        for use in slot.uses(OCCUPANCY_LIMITS):
            yield slot.service_day_id, slot.starts_at, use


def record_settings_excess(
    restaurant_id: int,
    service_day_ids: Iterable[int],
    *,
    before: Mapping[LimitKey, int],
    reason: str,
    actor: Actor = None,
) -> tuple[RaisedExcess, ...]:
    """Record the excess that a change of settings left above the limits, beyond the one before."""
    ids = list(service_day_ids)
    raised = {
        key: excess - before.get(key, 0) for key, excess in list_excesses(ids).items() if excess > before.get(key, 0)
    }
    CapacityOverride.objects.bulk_create(
        CapacityOverride(
            restaurant_id=restaurant_id,
            **key._asdict(),
            amount=amount,
            source=OverrideSource.SETTINGS,
            actor_id=actor.pk if actor else None,
            reason=reason[:REASON_LENGTH],
        )
        for key, amount in raised.items()
    )
    days = ServiceDay.objects.select_related("service_period").in_bulk({key.service_day_id for key in raised})
    return tuple(
        RaisedExcess(days[key.service_day_id], key.slot_starts_at, key.limit, amount)
        for key, amount in sorted(raised.items(), key=lambda item: str(item[0]))
    )


def count_again(
    booking: Booking,
    ends_at: datetime,
    *,
    is_counted: bool,
    service_day_ids: Collection[int],
    source: OverrideSource = OverrideSource.STAFF,
    actor: Actor,
    reason: str,
) -> dict[LimitKey, int]:
    """Move the end of a stay in its counters; `is_counted` says whether it is in them yet.

    The caller has locked `service_day_ids`, those of every slot that the stay touched or touches. Its excess above a
    limit is authorised in the name of the actor, limit by limit. Overrides for slots that it touches no longer go, so
    that they cover no other party. Returns the excess above each limit.
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
    _record(booking, raised, source, reason, actor)
    return raised


def _forget_authorised(booking: Booking, ends_at: datetime, *, is_counted: bool) -> None:
    own = CapacityOverride.objects.filter(booking=booking, limit__in=list(LIMIT_OF))
    if is_counted:
        own = own.filter(limit__in=[limit.code for limit in OCCUPANCY_LIMITS], slot_starts_at__gte=ends_at)
    own.delete()


def _raised(before: Mapping[LimitKey, int], after: Mapping[LimitKey, int]) -> dict[LimitKey, int]:
    risen = {key: excess - before.get(key, 0) for key, excess in after.items()}
    return {key: amount for key, amount in risen.items() if amount > 0}
