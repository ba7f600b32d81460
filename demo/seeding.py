"""Book a realistic spread of parties, through the use case that every guest comes by: it never overbooks.

Bookings already there stay. A service that has its share of bookings gets no more, so that a second start books only
for the days since the first. Bookings that somebody cancelled are not made again.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count

from bookings.choices import BookingSource
from bookings.errors import RequestRefused
from bookings.models import Booking
from bookings.services import BookingReceipt, GuestDetails, cancel_booking, create_booking_with_capacity_check
from capacity.models import ServiceDay
from capacity.selectors import read_clock
from demo.guests import Visit, make_visit
from tables.models import Restaurant

# How much of the limit of a service is booked, Monday first; less the further ahead it is.
SHARES = (0.35, 0.4, 0.45, 0.55, 0.75, 0.8, 0.5)
LESS_PER_DAY = 0.03
LEAST_SHARE = 0.1
NEARLY_FULL = 0.94
# Parties that leave no table free for six at 19:30, and room for six if others move: whatever the date, the same ones.
FULL_EVENING_SEED = "demo evening 0"
COVERS_WITHOUT_LIMIT = 40
CANCELLED_SHARE = 0.05
MOST_REFUSALS_IN_A_ROW = 15
TIME_TO_DECIDE = timedelta(minutes=5)


@dataclass
class ServicePlan:
    """One service and the covers that the demo wants in it; `numbers` are those of its bookings so far."""

    service_day: ServiceDay
    starts: list[datetime]
    target: int
    is_to_be_full: bool
    covers: int = 0
    numbers: set[int] = field(default_factory=set)

    @property
    def restaurant(self) -> Restaurant:
        return self.service_day.restaurant

    @property
    def key(self) -> str:
        """Return the beginning of the idempotency keys of its bookings."""
        return f"demo:{self.service_day.business_date}:{self.service_day.service_period_id}"

    @property
    def missing(self) -> int:
        """Return the covers that are still to be booked."""
        return max(self.target - self.covers, 0) if self.starts else 0

    def start_of(self, visit: Visit) -> datetime:
        """Return the slot that a visit asks for."""
        return self.starts[min(int(visit.start * len(self.starts)), len(self.starts) - 1)]


def next_friday(today: date) -> date:
    """Return the first Friday after a date."""
    return today + timedelta(days=(4 - today.weekday()) % 7 or 7)


def plan_services(*, restaurant: Restaurant, days: int, has_full_evening: bool) -> list[ServicePlan]:
    """Plan the services of the coming days against the demo's bookings in them, in 5 queries.

    With a full evening, the last service of next Friday is planned nearly full, even if that is further ahead. Those of
    later Fridays are left empty until their week comes, so that each becomes the same evening.
    """
    now = read_clock()
    today = now.astimezone(restaurant.zone).date()
    service_days = _list_service_days(restaurant, today, today + timedelta(days=days - 1))
    full = _last_service(restaurant, next_friday(today)) if has_full_evening else None
    if full is not None and full not in service_days:
        service_days.append(full)
    plans = [_plan(day, now, is_to_be_full=day == full) for day in service_days if not _will_be_full(day, full)]
    _count_booked(restaurant, plans)
    return plans


def _list_service_days(restaurant: Restaurant, first: date, last: date) -> list[ServiceDay]:
    found = restaurant.service_days.filter(business_date__range=(first, last), service_period__retired_at__isnull=True)
    return list(found.select_related("restaurant").prefetch_related("slots").order_by("starts_at"))


def _last_service(restaurant: Restaurant, business_date: date) -> ServiceDay | None:
    services = _list_service_days(restaurant, business_date, business_date)
    return services[-1] if services else None


def _will_be_full(day: ServiceDay, full: ServiceDay | None) -> bool:
    return (
        full is not None
        and day.service_period_id == full.service_period_id
        and day.business_date > full.business_date
        and day.business_date.weekday() == full.business_date.weekday()
    )


def _plan(day: ServiceDay, now: datetime, *, is_to_be_full: bool) -> ServicePlan:
    house = day.restaurant
    slots = day.slots.all()
    earliest = now + timedelta(minutes=house.min_notice_minutes) + TIME_TO_DECIDE
    starts = sorted(slot.starts_at for slot in slots if slot.bookable and slot.starts_at >= earliest)
    days_ahead = (day.business_date - now.astimezone(house.zone).date()).days
    # Of a service that runs already, only the rest is booked.
    share = SHARES[day.business_date.weekday()] * (1 - LESS_PER_DAY * days_ahead) * len(starts) / max(len(slots), 1)
    limit = COVERS_WITHOUT_LIMIT if day.max_covers is None else day.max_covers
    return ServicePlan(
        service_day=day,
        starts=starts,
        target=int(limit * (NEARLY_FULL if is_to_be_full else max(share, LEAST_SHARE))),
        is_to_be_full=is_to_be_full,
    )


def _count_booked(restaurant: Restaurant, plans: list[ServicePlan]) -> None:
    by_key = {plan.key: plan for plan in plans}
    made = Booking.objects.filter(restaurant=restaurant, idempotency_key__startswith="demo:")
    for key, party_size in made.values_list("idempotency_key", "party_size"):
        service, _, number = str(key).rpartition(":")
        if service in by_key and number.isdecimal():
            by_key[service].covers += party_size
            by_key[service].numbers.add(int(number))


def book_service(plan: ServicePlan, *, progress: Callable[[int], object]) -> int:
    """Book parties into one service until it has its covers or refuses many in a row; return how many it took.

    `progress` gets the covers of each booking. The same service gets the same guests, even if it is interrupted.
    """
    seed = FULL_EVENING_SEED if plan.is_to_be_full else plan.key
    rng = random.Random(seed)  # noqa: S311 - made-up guests need a seed, not a secret
    seating_types = sorted(set(plan.restaurant.tables.values_list("seating_type", flat=True)))
    booked = refused = 0
    for number in count():
        visit = make_visit(rng, largest_party=plan.restaurant.party_size_max, seating_types=seating_types)
        is_cancelled = not plan.is_to_be_full and rng.random() < CANCELLED_SHARE
        if number in plan.numbers:
            continue
        if not plan.missing or refused == MOST_REFUSALS_IN_A_ROW:
            return booked
        if plan.is_to_be_full:
            # Not one cover more: the last ones are for whoever tries the evening out.
            visit = replace(visit, party_size=min(visit.party_size, plan.missing))
        receipt = _book(plan, visit, number)
        if receipt is None:
            refused += 1
            continue
        booked, refused = booked + 1, 0
        plan.covers += visit.party_size
        progress(visit.party_size)
        if is_cancelled and _is_far_enough(receipt.booking):
            cancel_booking(booking_id=receipt.booking.pk)
    return booked


def _is_far_enough(booking: Booking) -> bool:
    cutoff = timedelta(minutes=booking.restaurant.cancel_cutoff_minutes) + TIME_TO_DECIDE
    return booking.starts_at > read_clock() + cutoff


def _book(plan: ServicePlan, visit: Visit, number: int) -> BookingReceipt | None:
    """Book a visit; of the alternatives it takes the nearest time in the same service, or stays away."""
    try:
        return _create(plan, visit, number, plan.start_of(visit))
    except RequestRefused as refusal:
        own = frozenset(plan.service_day.slots.values_list("starts_at", flat=True))
        offered = [start.starts_at for start in refusal.alternatives if start.starts_at in own]
    try:
        return _create(plan, visit, number, offered[0]) if offered else None
    except RequestRefused:
        return None


def _create(plan: ServicePlan, visit: Visit, number: int, starts_at: datetime) -> BookingReceipt:
    return book_visit(plan.restaurant, plan.service_day.business_date, visit, starts_at, key=f"{plan.key}:{number}")


def book_visit(
    restaurant: Restaurant, business_date: date, visit: Visit, starts_at: datetime, *, key: str
) -> BookingReceipt:
    """Book a visit as its guest would.

    Raises: as `create_booking_with_capacity_check`.
    """
    return create_booking_with_capacity_check(
        restaurant_id=restaurant.pk,
        business_date=business_date,
        wall_time=starts_at.astimezone(restaurant.zone).time(),
        starts_at=starts_at,
        party_size=visit.party_size,
        guest=GuestDetails(name=visit.name, email=visit.email, phone=visit.phone),
        notes=visit.notes,
        allergies=visit.allergies,
        marketing_opt_in=visit.marketing_opt_in,
        source=BookingSource(visit.source),
        idempotency_key=key,
        seating=visit.seating,
    )


def due(plans: list[ServicePlan]) -> Iterator[ServicePlan]:
    """Yield the services that lack bookings, the one that is to be nearly full first."""
    yield from sorted((plan for plan in plans if plan.missing), key=lambda plan: not plan.is_to_be_full)
