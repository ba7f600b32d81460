"""Add a stay to the counters of its locked service days, or take it out: one UPDATE a table."""

from dataclasses import dataclass

from django.db.models import Case, F, IntegerField, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest

from bookings.models import Booking
from capacity.models import BookingSlot, ServiceDay


@dataclass(frozen=True)
class CountedStay:
    """The rows in which a stay counts: its service day, its starting slot, the slots it touches."""

    service_day_id: int
    starting_slot_id: int | None
    present_slot_ids: tuple[int, ...]
    party_size: int


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


def add_to_counters(stay: CountedStay, *, is_excess_authorised: bool) -> None:
    """Count a stay; only an authorised one may raise an excess, else the constraint speaks."""
    _update(stay, sign=1, follows_excess=is_excess_authorised)


def take_from_counters(stay: CountedStay) -> None:
    """Take a stay out; an excess falls with its counter."""
    _update(stay, sign=-1, follows_excess=True)


def _update(stay: CountedStay, *, sign: int, follows_excess: bool) -> None:
    covers, parties = Value(sign * stay.party_size), Value(sign)
    day = _columns("booked", "max", "excess", covers, parties, follows_excess=follows_excess)
    ServiceDay.objects.filter(pk=stay.service_day_id).update(**day)
    slot_ids = {*stay.present_slot_ids, *([stay.starting_slot_id] if stay.starting_slot_id else [])}
    if not slot_ids:
        return
    starts_here, is_present = Q(pk=stay.starting_slot_id), Q(pk__in=stay.present_slot_ids)
    BookingSlot.objects.filter(pk__in=slot_ids).update(
        version=F("version") + 1,
        **_columns(
            "starting",
            "pacing",
            "excess_pacing",
            _where(starts_here, covers),
            _where(starts_here, parties),
            follows_excess=follows_excess,
        ),
        **_columns(
            "present",
            "occupancy",
            "excess_occupancy",
            _where(is_present, covers),
            _where(is_present, parties),
            follows_excess=follows_excess,
        ),
    )


def _where(condition: Q, amount: Value) -> Case:
    return Case(When(condition, then=amount), default=Value(0), output_field=IntegerField())


def _columns(
    counter: str, limit: str, excess: str, covers: Combinable, parties: Combinable, *, follows_excess: bool
) -> dict[str, Combinable]:
    columns: dict[str, Combinable] = {}
    for unit, amount in (("covers", covers), ("parties", parties)):
        after = F(f"{counter}_{unit}") + amount
        columns[f"{counter}_{unit}"] = after
        if follows_excess:
            # PostgreSQL's GREATEST passes over NULL: without a limit there is no excess.
            columns[f"{excess}_{unit}"] = Greatest(Value(0), after - F(f"{limit}_{unit}"))
    return columns
