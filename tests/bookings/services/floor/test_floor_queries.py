"""How much the host's operations ask of the database: a fixed number of queries, however full the evening is."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.errors import TableTaken
from bookings.services import assign_tables, leave_early, pin_tables, seat_party, seat_walk_in, unpin_tables
from tables.models import Restaurant
from tests.helpers.dining_room import at_tables, book, ids, room, room_at_noon
from tests.helpers.running_service import due, seated

pytestmark = pytest.mark.django_db(transaction=True)

Evening = Callable[..., Restaurant]


def count_queries(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def quiet_evening(*seats: int) -> Restaurant:
    return room_at_noon(*seats)


def full_evening(*seats: int) -> Restaurant:
    """Fill four more tables with parties that sit, and others who come there later."""
    house = room_at_noon(*seats, 8, 8, 8, 8)
    for number in range(len(seats) + 1, len(seats) + 5):
        seated(house, 20, f"T{number}", party_size=8)
        due(house, 120, f"T{number}", party_size=8)
    return house


EVENINGS = pytest.mark.parametrize("evening", [quiet_evening, full_evening])


@pytest.mark.parametrize("others", [0, 4])
def test_a_booking_is_given_a_free_table(others: int) -> None:
    restaurant = room(2, 2, *[8] * others)
    booking = book(restaurant)
    for _ in range(others):
        book(restaurant, party_size=8)
    table_ids = ids(restaurant, "T2")

    assert count_queries(lambda: assign_tables(booking_id=booking.pk, table_ids=table_ids)) == 24

    assert at_tables(booking) == ["T2"]


@pytest.mark.parametrize("moved", [1, 2])
def test_a_booking_is_given_a_table_from_which_others_are_moved(moved: int) -> None:
    restaurant = room(4, 2, 2, 2)
    booking, *others = (book(restaurant, at) for at in ("19:00", "19:00", "20:30"))
    assign_tables(booking_id=booking.pk, table_ids=ids(restaurant, "T4"), is_pinned=False)
    for other in others[:moved]:
        assign_tables(booking_id=other.pk, table_ids=ids(restaurant, "T1"), is_pinned=False)
    table_ids = ids(restaurant, "T1")

    assert count_queries(lambda: assign_tables(booking_id=booking.pk, table_ids=table_ids)) == 27

    assert at_tables(booking) == ["T1"]


@EVENINGS
def test_a_party_is_seated_at_its_own_table(evening: Evening) -> None:
    party = due(evening(2), 10, "T1")

    assert count_queries(lambda: seat_party(booking_id=party.pk)) == 27


@EVENINGS
def test_a_party_that_comes_late_is_seated_and_its_longer_stay_recorded(evening: Evening) -> None:
    party = due(evening(2), -20, "T1")

    assert count_queries(lambda: seat_party(booking_id=party.pk)) == 39


@EVENINGS
def test_a_party_that_finds_its_table_taken_is_refused_and_that_is_recorded(evening: Evening) -> None:
    house = evening(2, 2)
    seated(house, 10, "T1")
    party = due(house, 10, "T2")

    def seat() -> None:
        with pytest.raises(TableTaken):
            seat_party(booking_id=party.pk, table_ids=table_ids)

    table_ids = ids(house, "T1")
    assert count_queries(seat) == 31


@EVENINGS
def test_a_party_leaves(evening: Evening) -> None:
    party = seated(evening(2), 30, "T1")

    assert count_queries(lambda: leave_early(booking_id=party.pk)) == 29


@EVENINGS
def test_a_walk_in_is_seated(evening: Evening) -> None:
    house = evening(2)
    due(house, 95, "T1")

    assert count_queries(lambda: seat_walk_in(restaurant_id=house.pk, party_size=2)) == 14


@EVENINGS
def test_a_booking_is_pinned_and_unpinned_without_a_look_at_the_evening(evening: Evening) -> None:
    party = due(evening(2), 95, "T1")

    pinned = count_queries(lambda: pin_tables(booking_id=party.pk))
    unpinned = count_queries(lambda: unpin_tables(booking_id=party.pk))

    assert (pinned, unpinned) == (18, 18)
