"""Restaurants to race for: small, since a race wants many rounds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import partial
from typing import Any

from bookings.models import Booking
from bookings.services import BookingReceipt, GuestDetails, create_booking_with_capacity_check
from capacity.models import CapacityRule, ServiceDay
from tables.models import Restaurant
from tests.helpers.factories import (
    CapacityRuleFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TableCombinationFactory,
    TableFactory,
    TurnTimeFactory,
    days_ahead,
    materialize,
)

GUEST = GuestDetails("Ada Lovelace", "ada@example.com", "+442079460000")
NINETEEN = time(19, 0)


@dataclass(frozen=True)
class House:
    """A restaurant, the date for which everybody wants to book, and its rule."""

    restaurant: Restaurant
    business_date: date
    rule: CapacityRule

    def booking(self, party_size: int = 4, at: time = NINETEEN, **changes: Any) -> Callable[[], BookingReceipt]:
        """Return the act of booking a party."""
        asked: dict[str, Any] = {
            "restaurant_id": self.restaurant.pk,
            "business_date": self.business_date,
            "wall_time": at,
            "party_size": party_size,
            "guest": GUEST,
        }
        return partial(create_booking_with_capacity_check, **{**asked, **changes})

    def live_bookings(self) -> list[Booking]:
        """List the confirmed bookings by id."""
        return list(self.restaurant.bookings.filter(status="confirmed").order_by("pk"))

    def put(self, booking: Booking, number: str) -> Booking:
        """Give a booking another table, as a history of bookings and cancellations might have left it."""
        booking.assignments.update(table=self.restaurant.tables.get(number=number))
        return booking

    def tables_of(self, booking: Booking) -> str:
        """Return the numbers of the tables that a booking has now: "T1 + T2"."""
        return " + ".join(booking.assignments.order_by("table__number").values_list("table__number", flat=True))

    @property
    def days(self) -> list[ServiceDay]:
        """List the service days of the date by start, as they are now."""
        return list(self.restaurant.service_days.filter(business_date=self.business_date).order_by("starts_at"))


def dinner_house(*, tables: int = 0, is_materialized: bool = True, **limits: int) -> House:
    """Open for dinner, with one start at 19:00 and turns of 90 minutes; with tables of 4 in `tables` mode."""
    restaurant = RestaurantFactory(timezone="Etc/UTC")
    ServicePeriodFactory(
        restaurant=restaurant,
        start_time=NINETEEN,
        last_seating=NINETEEN,
        end_time=time(22),
        seating_mode="tables" if tables else "covers",
    )
    return _furnished(restaurant, tables=tables, is_materialized=is_materialized, limits=limits)


def all_day_house(*, tables: int = 0, is_materialized: bool = True, **limits: int) -> House:
    """Open for lunch (14:00, 14:30) and dinner (15:00, 15:30): with turns of 90 minutes everybody meets at 15:00."""
    restaurant = RestaurantFactory(timezone="Etc/UTC", slot_minutes=30)
    for name, start, last, end in (
        ("Lunch", time(14), time(14, 30), time(15)),
        ("Dinner", time(15), time(15, 30), time(22)),
    ):
        ServicePeriodFactory(
            restaurant=restaurant,
            name=name,
            start_time=start,
            last_seating=last,
            end_time=end,
            seating_mode="tables" if tables else "covers",
        )
    return _furnished(restaurant, tables=tables, is_materialized=is_materialized, limits=limits)


def seated_house(*seats: int, combined: Sequence[tuple[int, int]] = ()) -> House:
    """Open for dinner at 19:00 with tables T1, T2, ... of so many seats; two that are combined take 5 to 8."""
    house = dinner_house()
    house.restaurant.service_periods.update(seating_mode="tables")
    _furnish(house.restaurant, seats, combined)
    return house


def house_of_two_services(*seats: int) -> House:
    """Open for lunch (14:00 to 14:30) and dinner (15:00 to 17:00); one person stays half an hour, others 90 minutes.

    Who comes after 16:00 does not meet lunch, and who is gone before 15:00 does not meet dinner.
    """
    restaurant = RestaurantFactory(timezone="Etc/UTC")
    for name, start, last, end in (
        ("Lunch", time(14), time(14, 30), time(15)),
        ("Dinner", time(15), time(17), time(22)),
    ):
        ServicePeriodFactory(
            restaurant=restaurant, name=name, start_time=start, last_seating=last, end_time=end, seating_mode="tables"
        )
    TurnTimeFactory(restaurant=restaurant, up_to=1, minutes=30)
    _furnish(restaurant, seats, ())
    return _furnished(restaurant, tables=0, is_materialized=True, limits={})


def house_with_long_slots() -> House:
    """Open at 12:00 and from 12:45 for turns of 30 minutes: all are counted in one slot, from 12:00 to 13:00."""
    restaurant = RestaurantFactory(timezone="Etc/UTC", slot_minutes=60)
    for name, start, end in (("Noon", time(12), time(12, 30)), ("Later", time(12, 45), time(14))):
        ServicePeriodFactory(restaurant=restaurant, name=name, start_time=start, last_seating=start, end_time=end)
    TurnTimeFactory(restaurant=restaurant, minutes=30)
    rule = CapacityRuleFactory(restaurant=restaurant, occupancy_covers=4)
    materialize(restaurant, days_ahead())
    return House(restaurant, days_ahead(), rule)


def _furnish(restaurant: Restaurant, seats: Sequence[int], combined: Sequence[tuple[int, int]]) -> None:
    tables = [
        TableFactory(restaurant=restaurant, number=f"T{n}", capacity=each) for n, each in enumerate(seats, start=1)
    ]
    for pair in combined:
        TableCombinationFactory(restaurant=restaurant, tables=[tables[number - 1] for number in pair])


def _furnished(restaurant: Restaurant, *, tables: int, is_materialized: bool, limits: dict[str, int]) -> House:
    TurnTimeFactory(restaurant=restaurant)
    for number in range(1, tables + 1):
        TableFactory(restaurant=restaurant, number=f"T{number}")
    house = House(restaurant, days_ahead(), CapacityRuleFactory(restaurant=restaurant, **limits))
    if is_materialized:
        materialize(restaurant, house.business_date)
    return house
