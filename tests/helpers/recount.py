"""Count a restaurant's bookings afresh, by the definitions alone and with none of the engine's code.

A booking starts in the latest slot of its service day not after its start, and is present in every
slot of its restaurant whose quarter hour its stay touches.
"""

from collections.abc import Iterator
from itertools import combinations

from bookings.models import Booking, TableAssignment
from capacity.models import BookingSlot, ServiceDay

COUNTED = ("held", "confirmed", "arrived", "seated", "completed")
DAY_LIMITS = (("booked_covers", "max_covers", "excess_covers"), ("booked_parties", "max_parties", "excess_parties"))
SLOT_LIMITS = (
    ("starting_covers", "pacing_covers", "excess_pacing_covers"),
    ("starting_parties", "pacing_parties", "excess_pacing_parties"),
    ("present_covers", "occupancy_covers", "excess_occupancy_covers"),
    ("present_parties", "occupancy_parties", "excess_occupancy_parties"),
)


def list_faults(restaurant_id: int) -> list[str]:
    """Say everything that is wrong with the counters, excesses and tables of a restaurant."""
    days = list(ServiceDay.objects.filter(restaurant_id=restaurant_id))
    slots = list(BookingSlot.objects.filter(restaurant_id=restaurant_id).order_by("starts_at"))
    bookings = list(Booking.objects.filter(restaurant_id=restaurant_id, status__in=COUNTED))
    return [
        *_count_faults(days, slots, bookings),
        *(fault for day in days for fault in _limit_faults(day, f"day {day.business_date}", DAY_LIMITS)),
        *(fault for slot in slots for fault in _limit_faults(slot, f"slot {slot.starts_at}", SLOT_LIMITS)),
        *_table_faults(restaurant_id),
    ]


def _count_faults(days: list[ServiceDay], slots: list[BookingSlot], bookings: list[Booking]) -> Iterator[str]:
    for day in days:
        here = [booking for booking in bookings if booking.service_day_id == day.pk]
        yield from _compare(f"day {day.business_date}", day, ("booked_covers", "booked_parties"), here)
    starting = {booking.pk: _starting_slot(booking, slots) for booking in bookings}
    for slot in slots:
        here = [booking for booking in bookings if starting[booking.pk] == slot.pk]
        yield from _compare(f"slot {slot.starts_at}", slot, ("starting_covers", "starting_parties"), here)
        present = [each for each in bookings if each.starts_at < slot.ends_at and slot.starts_at < each.ends_at]
        yield from _compare(f"slot {slot.starts_at}", slot, ("present_covers", "present_parties"), present)


def _starting_slot(booking: Booking, slots: list[BookingSlot]) -> int | None:
    own = [
        each.pk
        for each in slots
        if each.service_day_id == booking.service_day_id and each.starts_at <= booking.starts_at
    ]
    return own[-1] if own else None


def _compare(
    place: str, row: ServiceDay | BookingSlot, names: tuple[str, str], bookings: list[Booking]
) -> Iterator[str]:
    counted = (sum(booking.party_size for booking in bookings), len(bookings))
    for name, number in zip(names, counted, strict=True):
        if getattr(row, name) != number:
            yield f"{place}: {name} is {getattr(row, name)}, counted {number}"


def _limit_faults(row: ServiceDay | BookingSlot, place: str, limits: tuple[tuple[str, str, str], ...]) -> Iterator[str]:
    for counter, limit, excess in limits:
        above = 0 if getattr(row, limit) is None else max(0, getattr(row, counter) - getattr(row, limit))
        if getattr(row, excess) != above:
            yield f"{place}: {excess} is {getattr(row, excess)}, above {limit} are {above}"


def _table_faults(restaurant_id: int) -> Iterator[str]:
    seated = list(TableAssignment.objects.filter(restaurant_id=restaurant_id).select_related("booking"))
    for one, other in combinations(seated, 2):
        during, later = sorted((one.during, other.during), key=lambda each: each.lower)
        if one.table_id == other.table_id and later.lower < during.upper:
            yield f"table {one.table_id} has {one.booking} and {other.booking} at once"
    for assignment in seated:
        if assignment.booking.status not in COUNTED:
            yield f"table {assignment.table_id} is kept for {assignment.booking}, {assignment.booking.status}"
