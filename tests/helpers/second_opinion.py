"""A second opinion on a wish: which reasons hold, read from the rows alone and with none of the engine's code.

Restaurants judged here keep UTC, so that wall clock and instant are the same. Whether everybody can be seated says
seat_matcher.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bookings.models import Booking
from capacity.models import BookingSlot, Closure, ServiceDay, ServicePeriod
from tables.models import Restaurant, TableBlock
from tests.helpers.seat_matcher import Guests, Taken, can_seat_all, read_seats

DAY = 24 * 60
OFF_GRID = "OFF_GRID"
COUNTED = ("confirmed", "arrived", "seated", "completed")
MOVABLE, AWAITED = ("held", "confirmed"), ("held", "confirmed", "arrived")
WAYS_IN = {"web": "online", "partner": "online", "phone": "in_house", "walk_in": "walk_in"}


@dataclass(frozen=True)
class Wish:
    """A party that wants to start on a business date at a wall time."""

    business_date: date
    wall_time: time
    party_size: int
    seating: str = ""


@dataclass(frozen=True)
class State:
    """What is true of a restaurant at a moment: `bookings` are those that count, without `ignored`."""

    restaurant: Restaurant
    bookings: Sequence[Booking]
    turn_minutes: int
    now: datetime


def read_state(restaurant_id: int, *, now: datetime, turn_minutes: int, ignored: int | None = None) -> State:
    """Read what is true now; a hold that is over does not count."""
    bookings = Booking.objects.filter(restaurant_id=restaurant_id).exclude(pk=ignored)
    bookings = bookings.select_related("service_day__service_period").prefetch_related("assignments").order_by("pk")
    live = [each for each in bookings if each.status in COUNTED or (each.status == "held" and each.expires_at > now)]
    return State(Restaurant.objects.get(pk=restaurant_id), live, turn_minutes, now)


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
    return any(each.service_period_id in (None, period.pk if period else None) for each in closures)


def _limits_passed(state: State, period: ServicePeriod, wish: Wish, starts_at: datetime) -> Iterator[str]:
    ends_at = starts_at + timedelta(minutes=state.turn_minutes)
    day = ServiceDay.objects.get(service_period=period, business_date=wish.business_date)
    yield from _passed("SERVICE", day, "max", [each for each in state.bookings if each.service_day_id == day.pk], wish)
    slots = BookingSlot.objects.filter(restaurant=state.restaurant).order_by("starts_at")
    own = [slot for slot in slots if slot.service_day_id == day.pk]
    start = next(slot for slot in own if slot.starts_at == starts_at)
    starting = [
        each for each in state.bookings if each.service_day_id == day.pk and _start(each, own) == start.starts_at
    ]
    yield from _passed("PACING", start, "pacing", starting, wish)
    for slot in slots:
        if slot.starts_at < ends_at and starts_at < slot.ends_at:
            there = [each for each in state.bookings if each.starts_at < slot.ends_at and slot.starts_at < each.ends_at]
            yield from _passed("OCCUPANCY", slot, "occupancy", there, wish)
    if period.seating_mode == "tables" and not has_seating_plan(state, wish, starts_at, ends_at):
        yield "NO_TABLE"


def _start(booking: Booking, own_slots: Sequence[BookingSlot]) -> datetime | None:
    return max((slot.starts_at for slot in own_slots if slot.starts_at <= booking.starts_at), default=None)


def _passed(
    code: str, row: ServiceDay | BookingSlot, limit: str, bookings: Sequence[Booking], wish: Wish
) -> Iterator[str]:
    covers, parties = getattr(row, f"{limit}_covers"), getattr(row, f"{limit}_parties")
    if covers is not None and sum(each.party_size for each in bookings) + wish.party_size > covers:
        yield f"{code}_COVERS"
    if parties is not None and len(bookings) + 1 > parties:
        yield f"{code}_PARTIES"


def has_seating_plan(state: State, wish: Wish, starts_at: datetime, ends_at: datetime) -> bool:
    """Say whether a party can be seated with everybody who is, whoever has to move for it.

    Parties without a table are owed one as far as they can be seated too, one after another by booking. Nobody who
    reaches beyond the business date's evening is moved.
    """
    until = ends_at + timedelta(minutes=state.restaurant.buffer_minutes)
    evening = _evening(state, wish, starts_at, until)
    asking = Guests(wish.party_size, starts_at, until, wish.seating)
    seats, taken = read_seats(state.restaurant.pk), _taken(state, *evening)
    seated = [guests_of(each) for each in state.bookings if _is_movable(state, each, *evening)]
    owed: list[Guests] = []
    for booking in state.bookings:
        if _is_waiting(state, booking, *evening) and can_seat_all(seats, taken, [*seated, *owed, guests_of(booking)]):
            owed.append(guests_of(booking))
    return can_seat_all(seats, taken, [*seated, *owed, asking])


def _evening(state: State, wish: Wish, starts_at: datetime, until: datetime) -> tuple[datetime, datetime]:
    buffer = timedelta(minutes=state.restaurant.buffer_minutes)
    days = list(ServiceDay.objects.filter(restaurant=state.restaurant, business_date=wish.business_date))
    starts = [starts_at, *(day.starts_at for day in days)]
    return min(starts), max([until, *(day.ends_at + buffer for day in days)])


def _blocked_until(booking: Booking) -> datetime:
    return booking.ends_at + timedelta(minutes=booking.buffer_minutes)


def _is_movable(state: State, booking: Booking, opens_at: datetime, closes_at: datetime) -> bool:
    rows = booking.assignments.all()
    frozen_until = state.now + timedelta(minutes=state.restaurant.reseat_freeze_minutes)
    return (
        bool(rows)
        and booking.status in MOVABLE
        and not any(row.pinned for row in rows)
        and booking.starts_at > frozen_until
        and opens_at <= booking.starts_at
        and _blocked_until(booking) <= closes_at
    )


def _is_waiting(state: State, booking: Booking, opens_at: datetime, closes_at: datetime) -> bool:
    return (
        not booking.assignments.all()
        and booking.status in AWAITED
        and booking.service_day.service_period.seating_mode == "tables"
        and booking.ends_at > state.now
        and opens_at <= booking.starts_at
        and booking.ends_at <= closes_at
    )


def guests_of(booking: Booking) -> Guests:
    """Return what a booking needs, and the tables that it has."""
    return Guests(
        party_size=booking.party_size,
        starts_at=booking.starts_at,
        ends_at=_blocked_until(booking),
        seating=booking.seating,
        channel=WAYS_IN[booking.source],
        home=frozenset(row.table_id for row in booking.assignments.all()),
    )


def _taken(state: State, opens_at: datetime, closes_at: datetime) -> list[Taken]:
    """List what nobody is moved from: tables of parties that stay, and blocks."""
    staying = [each for each in state.bookings if not _is_movable(state, each, opens_at, closes_at)]
    kept = [
        Taken(row.table_id, row.during.lower, row.during.upper) for each in staying for row in each.assignments.all()
    ]
    blocks = TableBlock.objects.filter(restaurant=state.restaurant)
    return [*kept, *(Taken(block.table_id, block.starts_at, block.ends_at) for block in blocks)]
