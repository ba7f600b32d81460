"""One restaurant twice, in enforce and in shadow mode, asked the same requests on the same state."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from bookings.choices import BookingSource
from bookings.errors import RequestRefused
from bookings.models import Booking, Decision, TableAssignment
from bookings.services import GuestDetails, cancel_booking, create_booking_with_capacity_check, materialize_service_days
from tables.models import Restaurant, Table
from tests.helpers.factories import (
    CapacityRuleFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TableCombinationFactory,
    TableFactory,
    TurnTimeFactory,
    days_ahead,
)

# As many requests an evening leave it full, with as many refused as taken.
REQUESTS_AN_EVENING = 80
SIZES = (1, 2, 2, 2, 2, 3, 4, 4, 5, 6, 8, 9)
SEATS = (2, 2, 2, 2, 4, 4, 4, 6, 6, 8)
GUEST = GuestDetails("Ada Lovelace", "ada@example.com", "+442079460000")


@dataclass(frozen=True)
class Asked:
    """One request, as either twin is asked."""

    business_date: date
    wall_time: time
    party_size: int
    seating: str | None
    source: BookingSource

    def ask_of(self, house: Restaurant) -> None:
        """Ask a restaurant; a refusal is an answer."""
        with suppress(RequestRefused):
            create_booking_with_capacity_check(
                restaurant_id=house.pk,
                business_date=self.business_date,
                wall_time=self.wall_time,
                party_size=self.party_size,
                seating=self.seating,
                source=self.source,
                guest=GUEST,
            )


@dataclass(frozen=True)
class Twins:
    """The restaurant that enforces, and the one that waives."""

    enforcing: Restaurant
    waiving: Restaurant

    def ask(self, asked: Asked) -> tuple[Decision, Decision]:
        """Ask both, take back what only shadow mode wrote, and return their decisions."""
        before = _seats_of(self.waiving)
        decisions = (_decide(self.enforcing, asked), _decide(self.waiving, asked))
        if decisions[0].booking_id is None and decisions[1].booking_id is not None:
            cancel_booking(booking_id=decisions[1].booking_id)
            _seat_again(self.waiving, before)
        return decisions


def open_twins() -> Twins:
    """Open both with tables, a combination, two services and limits of every kind."""
    return Twins(_open("enforce"), _open("shadow"))


def _open(mode: str) -> Restaurant:
    house: Restaurant = RestaurantFactory(timezone="Europe/Lisbon", enforcement=mode, buffer_minutes=15)
    lunch = ServicePeriodFactory(
        restaurant=house, name="Lunch", start_time=time(12), last_seating=time(14), end_time=time(15)
    )
    ServicePeriodFactory(restaurant=house, seating_mode="tables", last_seating=time(22))
    TurnTimeFactory(restaurant=house, up_to=2, minutes=90)
    TurnTimeFactory(restaurant=house, up_to=12, minutes=120)
    tables = [TableFactory(restaurant=house, number=f"T{n}", capacity=it) for n, it in enumerate(SEATS, start=1)]
    TableCombinationFactory(restaurant=house, tables=tables[4:6], min_party_size=5, max_party_size=8)
    CapacityRuleFactory(restaurant=house, service_period=lunch, max_covers=50, pacing_parties=4)
    CapacityRuleFactory(restaurant=house, max_covers=90, occupancy_covers=38)
    CapacityRuleFactory(restaurant=house, from_time=time(19), to_time=time(20, 30), pacing_covers=14)
    return house


def open_dates(twins: Twins, requests: int) -> list[date]:
    """Make the slots of as many dates as take so many requests; return the dates."""
    dates = [days_ahead() + timedelta(days=day) for day in range(max(requests // REQUESTS_AN_EVENING, 1))]
    for house in (twins.enforcing, twins.waiving):
        materialize_service_days(restaurant_id=house.pk, from_date=dates[0], to_date=dates[-1])
    return dates


def make_requests(dates: list[date], count: int, *, seed: int) -> Iterator[Asked]:
    """Make up requests, the same ones for the same seed."""
    rng = random.Random(seed)
    for _ in range(count):
        yield Asked(
            business_date=rng.choice(dates),
            wall_time=time(rng.choice((12, 13, 14, 17, 18, 19, 19, 20, 20, 21, 22, 23)), rng.choice((0, 15, 30, 45))),
            party_size=rng.choice(SIZES),
            seating=rng.choice((None, None, None, None, "indoor", "patio")),
            source=rng.choice((BookingSource.WEB, BookingSource.WEB, BookingSource.PHONE)),
        )


def _decide(house: Restaurant, asked: Asked) -> Decision:
    asked.ask_of(house)
    return Decision.objects.defer("state").filter(restaurant=house).order_by("-pk")[0]


Seats = list[tuple[int, int, Any]]


def _seats_of(house: Restaurant) -> Seats:
    rows = TableAssignment.objects.filter(restaurant=house, booking__status="confirmed")
    return list(rows.order_by("pk").values_list("booking_id", "table_id", "during"))


def _seat_again(house: Restaurant, seats: Seats) -> None:
    """Put everybody back where they sat before somebody was moved for a booking that is taken back."""
    if _seats_of(house) == seats:
        return
    TableAssignment.objects.filter(restaurant=house).delete()
    TableAssignment.objects.bulk_create(
        TableAssignment(
            restaurant=house, booking=Booking(pk=booking), table=Table(pk=table), during=during, assigned_by="test"
        )
        for booking, table, during in seats
    )
