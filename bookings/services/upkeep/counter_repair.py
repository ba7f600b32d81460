"""Repair counters that have drifted from the bookings, and report the repairs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q, Sum

from bookings.choices import COUNTING_STATUSES
from bookings.models import Booking, CapacityOverride
from bookings.selectors import LimitKey
from capacity.calendar import ONE_DAY
from capacity.counting import Counts, Stay, count_stays
from capacity.limits import SERVICE_LIMITS, SLOT_LIMITS
from capacity.locks import lock_service_days
from capacity.models import BookingSlot, ServiceDay
from capacity.policy import ReasonCode
from capacity.selectors import read_clock
from config.transactions import settings_transaction
from tables.models import Restaurant


@dataclass(frozen=True)
class CounterChange:
    """One counter or excess that was set right; no slot means the service day itself."""

    service_day: ServiceDay
    slot_starts_at: datetime | None
    column: str
    before: int
    after: int


@dataclass(frozen=True)
class CounterLeft:
    """A row that was left alone: its bookings pass a limit further than a person authorised."""

    service_day: ServiceDay
    slot_starts_at: datetime | None
    code: ReasonCode
    counted: int
    limit: int
    authorised: int


@dataclass(frozen=True)
class CounterRepairs:
    """The changes of a rebuild, the rows that it left alone, and the number of service days that it looked at."""

    service_days: int = 0
    changes: tuple[CounterChange, ...] = ()
    left: tuple[CounterLeft, ...] = ()

    def __add__(self, other: "CounterRepairs") -> "CounterRepairs":
        return CounterRepairs(
            self.service_days + other.service_days, self.changes + other.changes, self.left + other.left
        )


@dataclass(frozen=True)
class _Recount:
    """The true counters and excesses of some locked service days."""

    counts: Counts[int]
    authorised: Mapping[LimitKey, int]


def rebuild_counters(
    *, restaurant_id: int | None = None, from_date: date | None = None, is_dry_run: bool = False
) -> CounterRepairs:
    """Count the bookings afresh and set right the counters that differ, from a business date on.

    Default: every restaurant, from yesterday on their wall. One transaction for each date locks the service days of
    that date, so that bookings of other dates never wait. Excess falls with its counter and rises only as far as
    overrides authorise. A row whose bookings pass a limit further is left as it is, since a repaired counter would hide
    an overbooking. A dry run does the same under the same locks, and rolls back.

    Raises: `BookingConflict`.
    """
    restaurants = Restaurant.objects.order_by("slug")
    if restaurant_id is not None:
        restaurants = restaurants.filter(pk=restaurant_id)
    repairs = CounterRepairs()
    for restaurant in restaurants:
        first = from_date or read_clock().astimezone(restaurant.zone).date() - ONE_DAY
        for business_date in _dates_from(restaurant.pk, first):
            repairs += _rebuild_date(restaurant.pk, business_date, is_dry_run)
    return repairs


def _dates_from(restaurant_id: int, first: date) -> list[date]:
    days = ServiceDay.objects.filter(restaurant_id=restaurant_id, business_date__gte=first)
    return list(days.order_by("business_date").values_list("business_date", flat=True).distinct())


@settings_transaction
def _rebuild_date(restaurant_id: int, business_date: date, is_dry_run: bool) -> CounterRepairs:
    on_date = ServiceDay.objects.filter(restaurant_id=restaurant_id, business_date=business_date)
    locked = lock_service_days(on_date.values_list("pk", flat=True))
    days = list(ServiceDay.objects.filter(pk__in=locked).order_by("pk"))
    slots = list(BookingSlot.objects.filter(service_day__in=days).order_by("starts_at"))
    recount = _Recount(
        count_stays(_list_stays(restaurant_id, days, slots), _spans(days, slots)),
        _authorised(restaurant_id, days, slots),
    )
    outcomes = [*_repair_days(days, recount), *_repair_slots(days, slots, recount)]
    if is_dry_run:
        transaction.set_rollback(True)
    return CounterRepairs(
        len(days),
        tuple(outcome for outcome in outcomes if isinstance(outcome, CounterChange)),
        tuple(outcome for outcome in outcomes if isinstance(outcome, CounterLeft)),
    )


def _spans(days: Sequence[ServiceDay], slots: Sequence[BookingSlot]) -> dict[int, list[BookingSlot]]:
    spans: dict[int, list[BookingSlot]] = {day.pk: [] for day in days}
    for slot in slots:
        spans[slot.service_day_id].append(slot)
    return spans


def _list_stays(restaurant_id: int, days: Sequence[ServiceDay], slots: Sequence[BookingSlot]) -> list[Stay[int]]:
    """List the stays that count in these service days or are present in their slots, whichever service is theirs.

    A hold that is over counts until a write frees it, which then takes it out of the counters.
    """
    counting = Booking.objects.filter(restaurant_id=restaurant_id, status__in=COUNTING_STATUSES)
    who = Q(service_day__in=days)
    if slots:
        first, last = min(slot.starts_at for slot in slots), max(slot.ends_at for slot in slots)
        who |= Q(starts_at__lt=last, ends_at__gt=first)
    rows = counting.filter(who).values_list("service_day_id", "party_size", "starts_at", "ends_at")
    return [Stay(*row) for row in rows]


def _authorised(restaurant_id: int, days: Sequence[ServiceDay], slots: Sequence[BookingSlot]) -> dict[LimitKey, int]:
    """Return the authorised excess above each limit; an override for a party goes with it."""
    owners = {slot.starts_at: slot.service_day_id for slot in slots}
    known = CapacityOverride.objects.filter(
        Q(booking__isnull=True) | Q(booking__status__in=COUNTING_STATUSES),
        Q(service_day__in=days, slot_starts_at__isnull=True) | Q(slot_starts_at__in=owners),
        restaurant_id=restaurant_id,
    )
    rows = known.values_list("service_day_id", "slot_starts_at", "limit").annotate(total=Sum("amount"))
    totals: dict[LimitKey, int] = {}
    for day_id, starts_at, limit, total in rows:
        # A slot may have moved to another service day since.
        key = LimitKey(day_id if starts_at is None else owners[starts_at], starts_at, limit)
        totals[key] = totals.get(key, 0) + total
    return totals


def _repair_days(days: Sequence[ServiceDay], recount: _Recount) -> Iterator[CounterChange | CounterLeft]:
    for day in days:
        yield from _repair(day, day, None, recount.counts.of_service(day.pk), recount.authorised)


def _repair_slots(
    days: Sequence[ServiceDay], slots: Sequence[BookingSlot], recount: _Recount
) -> Iterator[CounterChange | CounterLeft]:
    day_of = {day.pk: day for day in days}
    for slot in slots:
        day, counted = day_of[slot.service_day_id], recount.counts.of_slot(slot.starts_at)
        yield from _repair(slot, day, slot.starts_at, counted, recount.authorised)


def _repair(
    row: ServiceDay | BookingSlot,
    day: ServiceDay,
    slot_starts_at: datetime | None,
    counted: Mapping[str, int],
    authorised: Mapping[LimitKey, int],
) -> list[CounterChange] | list[CounterLeft]:
    wanted: dict[str, int] = {}
    left: list[CounterLeft] = []
    for limit in SERVICE_LIMITS if row is day else SLOT_LIMITS:
        count, most = counted[limit.counter], getattr(row, limit.column)
        excess = 0 if most is None else max(0, count - most)
        allowed = authorised.get(LimitKey(day.pk, slot_starts_at, limit.code), 0)
        wanted |= {limit.counter: count, limit.excess: excess}
        if excess > allowed:
            left.append(CounterLeft(day, slot_starts_at, limit.code, count, most, allowed))
    if left:
        return left
    changes = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    if changes:
        # The version of the service day rose with its lock.
        versioned = {"version": F("version") + 1} if isinstance(row, BookingSlot) else {}
        type(row)._default_manager.filter(pk=row.pk).update(**changes, **versioned)
    return [CounterChange(day, slot_starts_at, name, getattr(row, name), value) for name, value in changes.items()]
