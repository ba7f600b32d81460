"""A second opinion on a wish: which reasons hold, read from the rows alone and with none of the engine's code.

Restaurants judged here keep UTC, so that wall clock and instant are the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bookings.models import Booking, TableAssignment
from capacity.models import BookingSlot, Closure, ServiceDay, ServicePeriod
from tables.models import Restaurant, Table

DAY = 24 * 60
OFF_GRID = "OFF_GRID"
COUNTED = ("confirmed", "arrived", "seated", "completed")


@dataclass(frozen=True)
class Wish:
    """A party that wants to start on a business date at a wall time."""

    business_date: date
    wall_time: time
    party_size: int


@dataclass(frozen=True)
class State:
    """What is true of a restaurant at a moment: `bookings` are those that count, without `ignored`."""

    restaurant: Restaurant
    bookings: Sequence[Booking]
    turn_minutes: int


def read_state(restaurant_id: int, *, now: datetime, turn_minutes: int, ignored: int | None = None) -> State:
    """Read what is true now; a hold that is over does not count."""
    bookings = Booking.objects.filter(restaurant_id=restaurant_id).exclude(pk=ignored)
    live = [it for it in bookings if it.status in COUNTED or (it.status == "held" and it.expires_at > now)]
    return State(Restaurant.objects.get(pk=restaurant_id), live, turn_minutes)


def list_reasons(state: State, wish: Wish) -> set[str]:
    """Return the codes of every reason to refuse a wish made online; empty if it can be booked."""
    period, minute = _period_of(state.restaurant, wish)
    if period is not None and (minute - _minute(period.start_time)) % state.restaurant.slot_minutes:
        return {OFF_GRID}
    starts_at = datetime.combine(wish.business_date, time(), tzinfo=UTC) + timedelta(minutes=minute)
    reasons = {"PARTY_TOO_LARGE"} if wish.party_size > state.restaurant.party_size_max else set()
    is_offered = period is not None and minute <= _last_seating(period)
    if _is_closed(state.restaurant, wish, period if is_offered else None):
        reasons.add("CLOSED")
    elif not is_offered:
        reasons.add("OUTSIDE_SERVICE")
    if period is not None and is_offered:
        reasons |= set(_limits_passed(state, period, wish, starts_at))
    return reasons


def _minute(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def _last_seating(period: ServicePeriod) -> int:
    minute = _minute(period.last_seating)
    return minute if minute >= _minute(period.start_time) else minute + DAY


def _end(period: ServicePeriod) -> int:
    minute = _minute(period.end_time)
    return minute if minute > _minute(period.start_time) else minute + DAY


def _period_of(restaurant: Restaurant, wish: Wish) -> tuple[ServicePeriod | None, int]:
    offered = list(restaurant.service_periods.filter(retired_at__isnull=True))
    asked = _minute(wish.wall_time)
    for minute in (asked, asked + DAY):
        for period in offered:
            if _minute(period.start_time) <= minute < _end(period):
                return period, minute
    return None, asked


def _is_closed(restaurant: Restaurant, wish: Wish, period: ServicePeriod | None) -> bool:
    if not restaurant.service_periods.filter(retired_at__isnull=True).exists():
        return True
    closures = Closure.objects.filter(
        restaurant=restaurant, from_date__lte=wish.business_date, to_date__gte=wish.business_date
    )
    return any(it.service_period_id in (None, period.pk if period else None) for it in closures)


def _limits_passed(state: State, period: ServicePeriod, wish: Wish, starts_at: datetime) -> Iterator[str]:
    ends_at = starts_at + timedelta(minutes=state.turn_minutes)
    day = ServiceDay.objects.get(service_period=period, business_date=wish.business_date)
    yield from _passed("SERVICE", day, "max", [it for it in state.bookings if it.service_day_id == day.pk], wish)
    slots = BookingSlot.objects.filter(restaurant=state.restaurant).order_by("starts_at")
    own = [slot for slot in slots if slot.service_day_id == day.pk]
    start = next(slot for slot in own if slot.starts_at == starts_at)
    starting = [it for it in state.bookings if it.service_day_id == day.pk and _start(it, own) == start.starts_at]
    yield from _passed("PACING", start, "pacing", starting, wish)
    for slot in slots:
        if slot.starts_at < ends_at and starts_at < slot.ends_at:
            there = [it for it in state.bookings if it.starts_at < slot.ends_at and slot.starts_at < it.ends_at]
            yield from _passed("OCCUPANCY", slot, "occupancy", there, wish)
    if period.seating_mode == "tables" and not _has_free_table(state, wish, starts_at, ends_at):
        yield "NO_TABLE"


def _start(booking: Booking, own_slots: Sequence[BookingSlot]) -> datetime | None:
    return max((slot.starts_at for slot in own_slots if slot.starts_at <= booking.starts_at), default=None)


def _passed(
    code: str, row: ServiceDay | BookingSlot, limit: str, bookings: Sequence[Booking], wish: Wish
) -> Iterator[str]:
    covers, parties = getattr(row, f"{limit}_covers"), getattr(row, f"{limit}_parties")
    if covers is not None and sum(it.party_size for it in bookings) + wish.party_size > covers:
        yield f"{code}_COVERS"
    if parties is not None and len(bookings) + 1 > parties:
        yield f"{code}_PARTIES"


def _has_free_table(state: State, wish: Wish, starts_at: datetime, ends_at: datetime) -> bool:
    until = ends_at + timedelta(minutes=state.restaurant.buffer_minutes)
    live = {booking.pk for booking in state.bookings}
    taken = {
        it.table_id
        for it in TableAssignment.objects.filter(restaurant=state.restaurant)
        if it.booking_id in live and it.during.lower < until and starts_at < it.during.upper
    }
    tables = Table.objects.filter(
        restaurant=state.restaurant,
        status="active",
        min_party_size__lte=wish.party_size,
        max_party_size__gte=wish.party_size,
    )
    return any(table.pk not in taken for table in tables)
