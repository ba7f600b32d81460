"""The restaurants of the benchmark. Django has to be set up before this is imported."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from django.db import connection
from django.db.models import F

from bookings.services import GuestDetails, create_booking_with_capacity_check, materialize_service_days
from capacity.models import BookingSlot, ServiceDay
from tables.models import Restaurant, Table
from tests.helpers.factories import (
    CapacityRuleFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TurnTimeFactory,
    days_ahead,
)
from tests.seating.benchmark_http import FULL, booked, load_evening

HOUSES = 50
TABLES_OF_A_HOUSE = 30
DAYS = 62
CROWD_DAYS = 20
OPENING, LAST_SEATING, CLOSING = time(17), time(21, 30), time(23)
SEVEN = time(19)
PARTY_SIZE = 4
CROWD = 100
# More than anybody asks for: all six limits are counted and checked, and none refuses.
PLENTY = 1_000_000
LIMITS = ("max_covers", "max_parties", "pacing_covers", "pacing_parties", "occupancy_covers", "occupancy_parties")


@dataclass(frozen=True)
class Houses:
    """The restaurants by their part, named by slug; `first_date` is the first of the 62 with service days.

    Two lists of fifty: those that count covers, those that seat every party at one of thirty tables. `full` has no
    room at 19:00 on the first date and at any other time; `evening` has 150 bookings on 50 tables on its date.
    """

    covers: list[str]
    seated: list[str]
    hot: str
    full: str
    roomy: str
    tight: str
    evening: str
    evening_date: date
    first_date: date
    pgbench: dict[str, object]

    def date(self, number: int) -> date:
        """Return one of the dates with service days; after the last comes the first."""
        return self.first_date + timedelta(days=number % DAYS)


def open_houses(*, has_evening: bool) -> Houses:
    """Make all restaurants with their service days, and the bookings of those that are to be full.

    Without it the evening, which takes the longest to fill, is that of `full`.
    """
    first_date = days_ahead(1)
    covers = [_open(f"covers-{number}", **dict.fromkeys(LIMITS, PLENTY)) for number in range(HOUSES)]
    seated = [_open(f"seated-{number}", tables=TABLES_OF_A_HOUSE) for number in range(HOUSES)]
    hot = _open("hot", **dict.fromkeys(LIMITS, PLENTY))
    full = _open_full()
    roomy, tight = _open("roomy", max_covers=CROWD * PARTY_SIZE), _open("tight", max_covers=10 * PARTY_SIZE)
    for pattern, *others in ([*covers, hot], seated):
        _materialize(pattern, first_date, DAYS)
        _copy_days(pattern, others)
    for restaurant, days in ((full, 1), (roomy, CROWD_DAYS), (tight, CROWD_DAYS)):
        _materialize(restaurant, first_date, days)
    _book(full, first_date)
    evening, evening_date = load_evening(booked(FULL), FULL) if has_evening else (full, first_date)
    with connection.cursor() as cursor:
        # As autovacuum would: without statistics a plan may read a whole table.
        cursor.execute("VACUUM ANALYZE")
    return Houses(
        covers=[restaurant.slug for restaurant in covers],
        seated=[restaurant.slug for restaurant in seated],
        hot=hot.slug,
        full=full.slug,
        roomy=roomy.slug,
        tight=tight.slug,
        evening=evening.slug,
        evening_date=evening_date,
        first_date=first_date,
        pgbench=_pgbench_variables(covers, first_date + timedelta(days=DAYS - 1)),
    )


def starts() -> list[str]:
    """Return the times at which a party may start, as they are written."""
    opening = datetime.combine(date.min, OPENING)
    times = ((opening + timedelta(minutes=15 * number)).time() for number in count())
    return [f"{start:%H:%M}" for _, start in zip(range(19), times, strict=False)]


def outdate_answers(slug: str | None = None) -> None:
    """Raise the version of service days, of all restaurants or of one, as a booking does."""
    days = ServiceDay.objects.filter(restaurant__slug=slug) if slug else ServiceDay.objects.all()
    days.update(version=F("version") + 1)


def _open(slug: str, *, tables: int = 0, **limits: int) -> Restaurant:
    restaurant: Restaurant = RestaurantFactory(slug=slug, timezone="Etc/UTC")
    ServicePeriodFactory(
        restaurant=restaurant,
        start_time=OPENING,
        last_seating=LAST_SEATING,
        end_time=CLOSING,
        seating_mode="tables" if tables else "covers",
    )
    TurnTimeFactory(restaurant=restaurant)
    CapacityRuleFactory(restaurant=restaurant, **limits)
    # Half of them for two, a third for four, the rest for six.
    seats = [2] * (tables // 2) + [4] * (tables // 3) + [6] * (tables - tables // 2 - tables // 3)
    Table.objects.bulk_create(
        Table(restaurant=restaurant, number=f"T{number}", capacity=capacity, max_party_size=capacity)
        for number, capacity in enumerate(seats, start=1)
    )
    return restaurant


def _open_full() -> Restaurant:
    restaurant = _open("full", **dict.fromkeys(LIMITS, PLENTY))
    later = (datetime.combine(date.min, SEVEN) + timedelta(minutes=15)).time()
    CapacityRuleFactory(restaurant=restaurant, from_time=SEVEN, to_time=later, pacing_covers=PARTY_SIZE)
    return restaurant


def _materialize(restaurant: Restaurant, first_date: date, days: int) -> None:
    until = first_date + timedelta(days=days - 1)
    materialize_service_days(restaurant_id=restaurant.pk, from_date=first_date, to_date=until)


def _copy_days(pattern: Restaurant, others: list[Restaurant]) -> None:
    """Give restaurants of the same settings, each with one service period, the service days and slots of another."""
    ids: dict[str, int | list[int]] = {"pattern": pattern.pk, "others": [restaurant.pk for restaurant in others]}
    day, slot = _columns_of(ServiceDay), _columns_of(BookingSlot)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO capacity_serviceday (restaurant_id, service_period_id, {day})
            SELECT period.restaurant_id, period.id, {day}
            FROM (SELECT {day} FROM capacity_serviceday WHERE restaurant_id = %(pattern)s) AS day,
                 (SELECT id, restaurant_id FROM capacity_serviceperiod WHERE restaurant_id = ANY(%(others)s)) AS period
            ORDER BY period.restaurant_id, business_date
            ON CONFLICT DO NOTHING
            """,  # noqa: S608 - names of columns
            ids,
        )
        cursor.execute(
            f"""
            INSERT INTO booking_slots (restaurant_id, service_day_id, {slot})
            SELECT copy.restaurant_id, copy.id, {", ".join(f"slot.{column}" for column in slot.split(", "))}
            FROM booking_slots slot
            JOIN capacity_serviceday day ON day.id = slot.service_day_id AND day.restaurant_id = %(pattern)s
            JOIN capacity_serviceday copy USING (business_date)
            WHERE copy.restaurant_id = ANY(%(others)s)
            -- As they are made: neighbours in a page are slots of one service day.
            ORDER BY copy.restaurant_id, slot.starts_at
            ON CONFLICT DO NOTHING
            """,  # noqa: S608 - names of columns
            ids,
        )


def _columns_of(model: type[ServiceDay] | type[BookingSlot]) -> str:
    """Name all columns but those that say whose row it is."""
    own = ("id", "restaurant", "service_period", "service_day")
    return ", ".join(str(field.column) for field in model._meta.concrete_fields if field.name not in own)


def _book(restaurant: Restaurant, business_date: date) -> None:
    create_booking_with_capacity_check(
        restaurant_id=restaurant.pk,
        business_date=business_date,
        wall_time=SEVEN,
        party_size=PARTY_SIZE,
        guest=GuestDetails("Ada Lovelace"),
    )


def _pgbench_variables(restaurants: list[Restaurant], business_date: date) -> dict[str, object]:
    """Return what pgbench's script needs to find the service days of a date that nobody else books.

    It counts up their ids: those of a restaurant's dates follow each other, then come those of the next restaurant.
    """
    found = ServiceDay.objects.filter(restaurant__in=restaurants, business_date=business_date).order_by("restaurant")
    days = list(found.values_list("pk", flat=True))
    for ids, step in (([restaurant.pk for restaurant in restaurants], 1), (days, DAYS)):
        assert ids == list(range(ids[0], ids[0] + HOUSES * step, step)), "ids with a gap"
    return {
        "houses": HOUSES,
        "dates": DAYS,
        "first_day": days[0],
        "first_restaurant": restaurants[0].pk,
        "opening": datetime.combine(business_date, OPENING, tzinfo=UTC).isoformat(),
    }
