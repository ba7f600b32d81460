"""The bookings by which limits are passed: those that were made last."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min

from bookings.models import Booking
from bookings.selectors.excess import LimitKey
from bookings.selectors.undecided import LIVE_STATUSES
from capacity.calendar import ONE_DAY
from capacity.limits import LIMIT_OF, OCCUPANCY_LIMITS, PACING_LIMITS, SERVICE_LIMITS
from capacity.models import BookingSlot, ServiceDay


@dataclass(frozen=True)
class OverLimit:
    """A booking above some limits, by their codes in the order of the limits."""

    booking: Booking
    limits: tuple[str, ...]


def list_over_limits(amounts: Mapping[LimitKey, int]) -> tuple[OverLimit, ...]:
    """List the live bookings, the last made of each limit, that make up the amounts above it, by start; 3 queries."""
    if not amounts:
        return ()
    day_ids = {key.service_day_id for key in amounts}
    slots = _Slots.of_days(day_ids)
    left, over = dict(amounts), defaultdict[Booking, set[str]](set)
    for booking in _last_made_first(day_ids):
        for key in slots.limits_of(booking):
            if left.get(key, 0) > 0:
                left[key] -= LIMIT_OF[key.limit].asked_by(booking.party_size)
                over[booking].add(key.limit)
    found = (OverLimit(booking, tuple(code for code in LIMIT_OF if code in codes)) for booking, codes in over.items())
    return tuple(sorted(found, key=lambda each: (each.booking.starts_at, each.booking.pk)))


def _last_made_first(day_ids: Collection[int]) -> Iterable[Booking]:
    """Return the live bookings of some service days, and those whose stay may reach into them."""
    days = ServiceDay.objects.filter(pk__in=day_ids)
    reach = days.aggregate(first=Min("starts_at"), last=Max("ends_at"), house=Min("restaurant_id"))
    near = Booking.objects.filter(
        restaurant_id=reach["house"],
        status__in=LIVE_STATUSES,
        starts_at__range=(reach["first"] - 2 * ONE_DAY, reach["last"]),
    )
    return near.order_by("-created_at", "-pk")


@dataclass(frozen=True)
class _Slots:
    """The slots of some service days by start, together and by day."""

    every: Sequence[BookingSlot]
    by_day: Mapping[int, Sequence[BookingSlot]]

    @classmethod
    def of_days(cls, day_ids: Collection[int]) -> "_Slots":
        every = list(BookingSlot.objects.filter(service_day__in=day_ids).order_by("starts_at"))
        by_day: defaultdict[int, list[BookingSlot]] = defaultdict(list)
        for slot in every:
            by_day[slot.service_day_id].append(slot)
        return cls(every, by_day)

    def limits_of(self, booking: Booking) -> Iterator[LimitKey]:
        """Yield the limits that a booking counts against; `capacity.counting` has the rule."""
        day_id = booking.service_day_id
        for limit in SERVICE_LIMITS:
            yield LimitKey(day_id, None, limit.code)
        until_start = bisect_right(self.by_day.get(day_id, ()), booking.starts_at, key=_start)
        for slot in self.by_day.get(day_id, ())[until_start - 1 : until_start] if until_start else ():
            for limit in PACING_LIMITS:
                yield LimitKey(day_id, slot.starts_at, limit.code)
        first = bisect_right(self.every, booking.starts_at - ONE_DAY, key=_start)
        for slot in self.every[first : bisect_left(self.every, booking.ends_at, key=_start)]:
            for limit in OCCUPANCY_LIMITS if slot.ends_at > booking.starts_at else ():
                yield LimitKey(slot.service_day_id, slot.starts_at, limit.code)


def _start(slot: BookingSlot) -> datetime:
    return slot.starts_at
