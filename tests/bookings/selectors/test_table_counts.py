"""Numbers for partners: how many tables could take a party of each size, and how many are free."""

from datetime import time
from typing import Any

import pytest

from bookings.selectors.table_counts import SlotTableCounts, list_table_counts
from config.errors import RecordNotFound
from tables.models import Restaurant, Table
from tests.helpers.factories import ClosureFactory, TableCombinationFactory, TableFactory, days_ahead, open_restaurant
from tests.helpers.seated_evening import bistro, seat

pytestmark = pytest.mark.django_db(transaction=True)


def slots(restaurant: Restaurant, party_size: int | None = None) -> dict[str, SlotTableCounts]:
    found = list_table_counts(restaurant_id=restaurant.pk, business_date=days_ahead(), party_size=party_size)
    return {f"{slot.wall_time:%H:%M}": slot for slot in found.slots}


def counts(restaurant: Restaurant, wall_time: str = "19:00") -> dict[int, str]:
    """Return free/total by party size at a start."""
    return {each.party_size: f"{each.free}/{each.total}" for each in slots(restaurant)[wall_time].counts}


def three_for_4_to_6_and_one_for_6_to_8() -> Restaurant:
    house = bistro()
    for number in ("T1", "T2", "T3"):
        TableFactory(restaurant=house, number=number, capacity=6, min_party_size=4)
    TableFactory(restaurant=house, number="T4", capacity=8, min_party_size=6)
    return house


def test_an_empty_floor_counts_as_the_trade_counts_it() -> None:
    assert counts(three_for_4_to_6_and_one_for_6_to_8()) == {
        1: "0/0",
        2: "0/0",
        3: "0/0",
        4: "3/3",
        5: "3/3",
        6: "4/4",
        7: "1/1",
        8: "1/1",
    }


def test_sizes_share_tables() -> None:
    house = three_for_4_to_6_and_one_for_6_to_8()
    seat(house, "19:00", "T1", party_size=6)

    assert [counts(house)[size] for size in (4, 5, 6, 7, 8)] == ["2/3", "2/3", "3/4", "1/1", "1/1"]


@pytest.mark.parametrize(("wall_time", "free"), [("17:15", 1), ("17:30", 1), ("17:45", 0), ("20:15", 0), ("20:30", 1)])
def test_free_is_free_for_the_whole_stay(wall_time: str, free: int) -> None:
    house = bistro(4)
    seat(house, "19:00", "T1")

    (count,) = slots(house, party_size=4)[wall_time].counts
    assert (count.total, count.free) == (1, free)


def test_the_buffer_belongs_to_the_stay() -> None:
    house = bistro(4, buffer_minutes=15)
    seat(house, "19:00", "T1")

    assert (counts(house, "17:15")[4], counts(house, "17:30")[4]) == ("1/1", "0/1")


def test_nobody_is_moved_for_a_number() -> None:
    house = bistro(6, 2)
    seat(house, "19:00", "T1")

    assert counts(house)[6] == "0/1"


def test_combinations_count_and_share_their_tables() -> None:
    house = bistro(4, 4)
    TableCombinationFactory(restaurant=house, tables=list(house.tables.all()))

    assert (counts(house)[4], counts(house)[6]) == ("2/2", "1/1")
    seat(house, "19:00", "T1")
    assert (counts(house)[4], counts(house)[6]) == ("1/2", "0/1")


def test_a_combination_that_is_declared_twice_counts_once() -> None:
    house = bistro(4, 4)
    for largest in (6, 8):
        TableCombinationFactory(restaurant=house, max_party_size=largest, tables=list(house.tables.all()))

    assert (counts(house)[6], counts(house)[8]) == ("1/1", "1/1")


def test_only_tables_that_are_given_out_online_count() -> None:
    house = bistro(4, 4, 4)
    Table.objects.filter(number="T2").update(audience=["walk_in"])
    Table.objects.filter(number="T3").update(status="out_of_service")

    assert counts(house)[4] == "1/1"


def test_one_size_may_be_asked_for_even_if_it_cannot_be_booked_online() -> None:
    house = bistro(12)

    assert [(each.party_size, each.total, each.free) for each in slots(house, party_size=10)["19:00"].counts] == [
        (10, 1, 1)
    ]


def test_every_start_of_the_date_is_counted_and_a_closed_one_is_marked() -> None:
    house = bistro(4)
    ClosureFactory(restaurant=house, from_time=time(19), to_time=time(19, 30))

    found = slots(house)

    assert (len(found), *list(found)[:2], list(found)[-1]) == (19, "17:00", "17:15", "21:30")
    assert [wall_time for wall_time, slot in found.items() if slot.is_closed] == ["19:00", "19:15"]
    assert {slot.period_name for slot in found.values()} == {"Dinner"}


def test_a_service_that_seats_by_numbers_has_no_tables_to_count() -> None:
    assert slots(open_restaurant()) == {}


def test_an_unknown_restaurant_is_not_found() -> None:
    with pytest.raises(RecordNotFound):
        list_table_counts(restaurant_id=0, business_date=days_ahead())


def test_the_number_of_queries_is_pinned(django_assert_num_queries: Any) -> None:
    house = bistro(4, 4, 6)
    with django_assert_num_queries(6):
        slots(house)
    seat(house, "19:00", "T1")
    seat(house, "20:00", "T2")

    with django_assert_num_queries(4):
        slots(house)
