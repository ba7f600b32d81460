"""Rows to test with: factories make one valid row, functions make what takes more than one.

Service days and slots come from the engine itself (`materialize`), which commits: a test that
needs them, or a booking, says `@pytest.mark.django_db(transaction=True)`.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import factory
from django.contrib.auth import get_user_model
from django.db.models import F
from factory.django import DjangoModelFactory

from bookings.choices import COUNTING_STATUSES, Role
from bookings.models import Booking, Membership
from bookings.services import materialize_service_days
from capacity.calendar import TurnBand, turn_minutes
from capacity.choices import Weekday
from capacity.models import BookingSlot, CapacityRule, Closure, ServiceDay, ServicePeriod, TurnTime
from tables.models import Restaurant, Section, Table, TableCombination

EVERY_DAY = tuple(day.value for day in Weekday)
PASSWORD = "correct horse battery staple"


# What a module of tests is about and what its tests make are of the same dates, whenever each is said.
BEGAN_ON = datetime.now(UTC).date()


def days_ahead(days: int = 30) -> date:
    """Return a business date in the future; a month ahead is inside every default booking window.

    It is as far from the date on which the run began: a run may pass midnight.
    """
    return BEGAN_ON + timedelta(days=days)


class UserFactory(DjangoModelFactory):
    """A user who may not do anything yet; `is_staff=True` or `is_superuser=True` for the admin."""

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    password = factory.django.Password(PASSWORD)


class MembershipFactory(DjangoModelFactory):
    """The role of a new user of the staff in a restaurant."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory, is_staff=True)
    restaurant = factory.SubFactory("tests.helpers.factories.RestaurantFactory")
    role = Role.HOST


class RestaurantFactory(DjangoModelFactory):
    class Meta:
        model = Restaurant

    slug = factory.Sequence(lambda n: f"restaurant-{n}")
    name = factory.Sequence(lambda n: f"Restaurant {n}")
    timezone = "Europe/London"


class SectionFactory(DjangoModelFactory):
    class Meta:
        model = Section

    restaurant = factory.SubFactory(RestaurantFactory)
    name = factory.Sequence(lambda n: f"Section {n}")


class TableFactory(DjangoModelFactory):
    class Meta:
        model = Table

    restaurant = factory.SubFactory(RestaurantFactory)
    number = factory.Sequence(lambda n: f"T{n + 1}")
    capacity = 4
    max_party_size = factory.SelfAttribute("capacity")


class TableCombinationFactory(DjangoModelFactory):
    """`tables=[...]` are the tables that are used as one."""

    class Meta:
        model = TableCombination
        skip_postgeneration_save = True

    restaurant = factory.SubFactory(RestaurantFactory)
    min_party_size = 5
    max_party_size = 8

    @factory.post_generation
    def tables(self: Any, create: bool, extracted: list[Table] | None, **_: Any) -> None:
        if create and extracted:
            self.tables.set(extracted)


class ServicePeriodFactory(DjangoModelFactory):
    """Dinner on every day: 17:00 to 23:00, last seating 21:30, numbers only (`seating_mode="tables"` to seat)."""

    class Meta:
        model = ServicePeriod

    restaurant = factory.SubFactory(RestaurantFactory)
    name = "Dinner"
    weekdays = factory.LazyFunction(lambda: list(EVERY_DAY))
    start_time = time(17, 0)
    last_seating = time(21, 30)
    end_time = time(23, 0)
    seating_mode = "covers"


class TurnTimeFactory(DjangoModelFactory):
    class Meta:
        model = TurnTime

    restaurant = factory.SubFactory(RestaurantFactory)
    up_to = 1000
    minutes = 90


class CapacityRuleFactory(DjangoModelFactory):
    """A rule for the whole restaurant that limits nothing until a limit is given."""

    class Meta:
        model = CapacityRule

    restaurant = factory.SubFactory(RestaurantFactory)


class ClosureFactory(DjangoModelFactory):
    class Meta:
        model = Closure

    restaurant = factory.SubFactory(RestaurantFactory)
    from_date = factory.LazyFunction(days_ahead)
    to_date = factory.SelfAttribute("from_date")


class BookingFactory(DjangoModelFactory):
    """A booking from before tables existed: a row on its service day, counted, without assignment or stored answer.

    Where: `service_day=`, or `restaurant=` (default: a new one) and `business_date=` (default: a month ahead), which
    are materialised; `wall_time` there, or `starts_at`. `is_counted=False` leaves the counters alone, as drift would.
    """

    class Meta:
        model = Booking

    reference = factory.Sequence(lambda n: f"L{n:09d}")
    wall_time = factory.LazyAttribute(lambda booking: _wall_time(booking))
    party_size = 2
    guest_name = "Ada Lovelace"
    guest_email = "ada@example.com"
    guest_phone = "+442079460000"

    @classmethod
    def _create(cls, model_class: type[Booking], *args: Any, is_counted: bool = True, **row: Any) -> Booking:
        day = row.get("service_day") or _service_day(row.get("restaurant"), row.get("business_date"))
        booking: Booking = super()._create(model_class, *args, **(_place(day, row) | row))
        if is_counted and booking.status in COUNTING_STATUSES:
            count_booking(booking)
        return booking


def open_restaurant(*, tables: int = 0, seats: int = 4, **row: Any) -> Restaurant:
    """Make a restaurant with Dinner on every day; with `tables` the party must be seated at T1, T2, ..."""
    restaurant: Restaurant = RestaurantFactory(**row)
    ServicePeriodFactory(restaurant=restaurant, seating_mode="tables" if tables else "covers")
    for number in range(1, tables + 1):
        TableFactory(restaurant=restaurant, number=f"T{number}", capacity=seats)
    return restaurant


def materialize(restaurant: Restaurant, business_date: date) -> list[ServiceDay]:
    """Create the service days and slots of a date; return them by start."""
    materialize_service_days(restaurant_id=restaurant.pk, from_date=business_date, to_date=business_date)
    return list(restaurant.service_days.filter(business_date=business_date).order_by("starts_at"))


def count_booking(booking: Booking) -> None:
    """Add a booking to the counters of its service day and of every slot that it touches."""
    own = BookingSlot.objects.filter(service_day=booking.service_day_id)
    starting = own.filter(starts_at__lte=booking.starts_at).order_by("-starts_at").values("starts_at")[:1]
    ServiceDay.objects.filter(pk=booking.service_day_id).update(
        booked_covers=F("booked_covers") + booking.party_size, booked_parties=F("booked_parties") + 1
    )
    own.filter(starts_at=starting).update(
        starting_covers=F("starting_covers") + booking.party_size, starting_parties=F("starting_parties") + 1
    )
    BookingSlot.objects.filter(
        restaurant=booking.restaurant_id, starts_at__lt=booking.ends_at, ends_at__gt=booking.starts_at
    ).update(present_covers=F("present_covers") + booking.party_size, present_parties=F("present_parties") + 1)


def _service_day(restaurant: Restaurant | None, business_date: date | None) -> ServiceDay:
    return materialize(restaurant or open_restaurant(), business_date or days_ahead())[-1]


def _place(day: ServiceDay, row: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that follow from the service day, the wall time and the party size."""
    rows = day.restaurant.turn_times.values_list("up_to", "minutes", "service_period_id")
    bands = [TurnBand(*row) for row in rows]
    minutes = row.get("turn_minutes") or turn_minutes(bands, day.service_period_id, row["party_size"])
    starts_at = row.get("starts_at") or _first_instant(day, row["wall_time"])
    return {
        "service_day": day,
        "restaurant": day.restaurant,
        "business_date": day.business_date,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=minutes),
        "turn_minutes": minutes,
    }


def _wall_time(booking: Any) -> time:
    """Return 19:00, or the time on the wall at an instant that was given."""
    starts_at = getattr(booking, "starts_at", None)
    if starts_at is None:
        return time(19, 0)
    day = getattr(booking, "service_day", None)
    house: Restaurant = day.restaurant if day else booking.restaurant
    wall_time: time = starts_at.astimezone(house.zone).time()
    return wall_time


def _first_instant(day: ServiceDay, wall_time: time) -> datetime:
    """Return the instant of a wall time on or after the first slot of a service day."""
    opening = day.starts_at.astimezone(day.restaurant.zone)
    wall = datetime.combine(opening.date(), wall_time, tzinfo=day.restaurant.zone)
    return (wall if wall >= opening else wall + timedelta(days=1)).astimezone(UTC)
