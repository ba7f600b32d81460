"""Parties that are taken in memory leave the days as bookings that are written would."""

import random
from datetime import time

import pytest

from bookings.decision import LoadedDays, assess, load_days, read_wish
from bookings.decision.taken import with_taken
from bookings.errors import CapacityExceeded
from bookings.services import GuestDetails, create_booking_with_capacity_check
from capacity.choices import SeatingMode
from capacity.models import CapacityRule
from capacity.selectors import get_service_settings
from tables.models import Restaurant
from tests.helpers.factories import (
    CapacityRuleFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TurnTimeFactory,
    days_ahead,
    materialize,
)

pytestmark = pytest.mark.django_db(transaction=True)


def house_of_two_services() -> Restaurant:
    """Lunch until dinner begins, so that stays reach from one into the other."""
    house = RestaurantFactory(timezone="Etc/UTC")
    for name, start, last, end in (("Lunch", 12, 16, 17), ("Dinner", 17, 21, 23)):
        hours = {"start_time": time(start), "last_seating": time(last), "end_time": time(end)}
        ServicePeriodFactory(restaurant=house, name=name, seating_mode=SeatingMode.COVERS, **hours)
    TurnTimeFactory(restaurant=house, minutes=120)
    limits = {"max_covers": 40, "pacing_parties": 3, "pacing_covers": 9, "occupancy_covers": 20, "occupancy_parties": 7}
    CapacityRuleFactory(restaurant=house, **limits)
    return house


def load(house: Restaurant) -> LoadedDays:
    settings = get_service_settings(house.pk)
    return load_days(settings, days_ahead(), days_ahead(), needs_tables=False)


@pytest.mark.parametrize("seed", range(3))
def test_days_with_parties_taken_are_those_of_bookings_written(seed: int) -> None:
    house = house_of_two_services()
    materialize(house, days_ahead())
    rng, taken, refused = random.Random(seed), load(house), 0

    for _ in range(40):
        at = time(rng.choice((12, 13, 14, 15, 17, 18, 19, 20)), rng.choice((0, 15, 30, 45)))
        party_size = rng.randrange(1, 7)
        wish = read_wish(taken.settings, party_size=party_size, business_date=days_ahead(), wall_time=at)
        assessment = assess(taken, wish)
        try:
            create_booking_with_capacity_check(
                restaurant_id=house.pk,
                business_date=days_ahead(),
                wall_time=at,
                party_size=party_size,
                guest=GuestDetails("Ann Lee"),
            )
        except CapacityExceeded:
            assert assessment.is_refused
            refused += 1
            continue
        assert not assessment.is_refused
        taken = with_taken(taken, [assessment])

    assert CapacityRule.objects.count() == 1
    assert 5 < refused < 35
    assert [unversioned(service) for service in taken.services] == [
        unversioned(service) for service in load(house).services
    ]


def unversioned(service: object) -> str:
    return repr(service).partition(", version=")[0]
