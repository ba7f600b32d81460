"""Add a stay to the counters of its locked service days, or take it out: one UPDATE a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import reduce
from operator import add

from django.db.models import Case, F, IntegerField, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest, Least

from bookings.models import Booking
from capacity.limits import OCCUPANCY_LIMITS, PACING_LIMITS, SERVICE_LIMITS, Limit
from capacity.models import BookingSlot, ServiceDay


@dataclass(frozen=True)
class CountedStay:
    """The rows in which a stay counts: its service day, its starting slot, the slots it touches."""

    service_day_id: int
    starting_slot_id: int | None
    present_slot_ids: tuple[int, ...]
    party_size: int

    @property
    def slot_ids(self) -> set[int]:
        """Return the slots in which it counts, by starting or by being present."""
        return {*self.present_slot_ids, *([self.starting_slot_id] if self.starting_slot_id else [])}


def find_counted_stay(booking: Booking) -> CountedStay:
    """Find the rows in which a booking counts, in 2 queries."""
    own = BookingSlot.objects.filter(service_day_id=booking.service_day_id, starts_at__lte=booking.starts_at)
    touched = BookingSlot.objects.filter(
        restaurant_id=booking.restaurant_id, starts_at__lt=booking.ends_at, ends_at__gt=booking.starts_at
    )
    return CountedStay(
        service_day_id=booking.service_day_id,
        starting_slot_id=own.order_by("-starts_at").values_list("pk", flat=True).first(),
        present_slot_ids=tuple(touched.values_list("pk", flat=True)),
        party_size=booking.party_size,
    )


class _Excess(Enum):
    """The rule for an excess when its counter changes."""

    STAYS = auto()
    FALLS = auto()
    FOLLOWS = auto()


def add_to_counters(stay: CountedStay, *, is_excess_authorised: bool) -> None:
    """Count a stay; only an authorised one may raise an excess, else the constraint speaks."""
    _update([(1, stay)], _Excess.FOLLOWS if is_excess_authorised else _Excess.STAYS)


def take_from_counters(stay: CountedStay) -> None:
    """Take a stay out; an excess falls with its counter."""
    _update([(-1, stay)], _Excess.FOLLOWS)


def move_in_counters(left: CountedStay, joined: CountedStay, *, is_excess_authorised: bool) -> None:
    """Take one stay of a party out and count another.

    In one step: where both touch a row that stands above its limit, the excess that was authorised stays. Only an
    authorised move may raise one, else the constraint speaks.
    """
    _update([(-1, left), (1, joined)], _Excess.FOLLOWS if is_excess_authorised else _Excess.FALLS)


def _update(changes: Sequence[tuple[int, CountedStay]], excess: _Excess) -> None:
    day = _columns(SERVICE_LIMITS, changes, _counts_in_day, excess)
    day_ids = {stay.service_day_id for _, stay in changes}
    ServiceDay.objects.filter(pk__in=day_ids).update(**day)
    slot_ids = {slot_id for _, stay in changes for slot_id in stay.slot_ids}
    if not slot_ids:
        return
    BookingSlot.objects.filter(pk__in=slot_ids).update(
        version=F("version") + 1,
        **_columns(PACING_LIMITS, changes, _starts_in_slot, excess),
        **_columns(OCCUPANCY_LIMITS, changes, _is_present_in_slot, excess),
    )


def _counts_in_day(stay: CountedStay) -> Q:
    return Q(pk=stay.service_day_id)


def _starts_in_slot(stay: CountedStay) -> Q:
    return Q(pk=stay.starting_slot_id)


def _is_present_in_slot(stay: CountedStay) -> Q:
    return Q(pk__in=stay.present_slot_ids)


def _columns(
    limits: Sequence[Limit],
    changes: Sequence[tuple[int, CountedStay]],
    counts_in: Callable[[CountedStay], Q],
    behaviour: _Excess,
) -> dict[str, Combinable]:
    columns: dict[str, Combinable] = {}
    for limit in limits:
        amounts = (_where(counts_in(stay), sign * limit.asked_by(stay.party_size)) for sign, stay in changes)
        after = reduce(add, amounts, F(limit.counter))
        columns[limit.counter] = after
        if behaviour is not _Excess.STAYS:
            columns[limit.excess] = _excess_after(after, limit, behaviour)
    return columns


def _where(condition: Q, amount: int) -> Case:
    return Case(When(condition, then=Value(amount)), default=Value(0), output_field=IntegerField())


def _excess_after(after: Combinable, limit: Limit, behaviour: _Excess) -> Combinable:
    # PostgreSQL's GREATEST passes over NULL: without a limit there is no excess.
    above = Greatest(Value(0), after - F(limit.column))
    return Least(F(limit.excess), above) if behaviour is _Excess.FALLS else above
