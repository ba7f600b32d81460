"""The planner: which table a party gets, and what is said when there is none."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tables.seating import (
    Floor,
    Occupancy,
    OccupiedInterval,
    SeatingOutcome,
    SeatingPlan,
    SeatingPlanner,
    SeatingRefusal,
    SeatingRequest,
    SeatingState,
    SeatingTable,
    natural_key,
)
from tables.spans import TimeSpan

EVENING = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)
EVERYBODY = frozenset({"online", "in_house", "walk_in"})


def at(minutes: int) -> datetime:
    return EVENING + timedelta(minutes=minutes)


def table(table_id: int, capacity: int, **changes: Any) -> SeatingTable:
    defaults: dict[str, Any] = {
        "number": f"T{table_id}",
        "min_party_size": 1,
        "max_party_size": capacity,
        "priority": 0,
        "seating_type": "indoor",
        "audience": EVERYBODY,
    }
    return SeatingTable(table_id=table_id, capacity=capacity, **(defaults | changes))


def taken(table_id: int, starts: int, ends: int) -> OccupiedInterval:
    return OccupiedInterval(table_id, at(starts), at(ends))


def party(size: int, starts: int = 0, ends: int = 120, **changes: Any) -> SeatingRequest:
    defaults: dict[str, Any] = {"seating": None, "channel": "online"}
    return SeatingRequest(party_size=size, starts_at=at(starts), ends_at=at(ends), **(defaults | changes))


def find_seating(
    tables: Iterable[SeatingTable], occupied: Iterable[OccupiedInterval], request: SeatingRequest
) -> SeatingOutcome:
    return SeatingPlanner(SeatingState(Floor(tuple(tables)), tuple(occupied))).plan(request)


def seated(request: SeatingRequest, table_id: int, spare_seats: int) -> SeatingPlan:
    return SeatingPlan(((table_id,),), spare_seats, TimeSpan(request.starts_at, request.ends_at))


def refused(request: SeatingRequest, suitable: int, taken: int) -> SeatingRefusal:
    return SeatingRefusal(suitable, taken, TimeSpan(request.starts_at, request.ends_at))


# Which table fits


@pytest.mark.parametrize(("size", "fits"), [(1, False), (2, True), (4, True), (5, False)])
def test_a_table_takes_parties_from_its_minimum_to_its_maximum(size: int, fits: bool) -> None:
    answer = find_seating([table(1, 6, min_party_size=2, max_party_size=4)], [], party(size))

    assert answer == (
        seated(party(size), 1, spare_seats=6 - size) if fits else refused(party(size), suitable=0, taken=0)
    )


def test_no_table_at_all_is_a_refusal() -> None:
    assert find_seating([], [], party(2)) == refused(party(2), suitable=0, taken=0)


@pytest.mark.parametrize(("wish", "expected"), [(None, (1,)), ("indoor", (1,)), ("outdoor", (2,))])
def test_a_seating_wish_is_a_requirement(wish: str | None, expected: tuple[int, ...]) -> None:
    tables = [table(1, 2), table(2, 4, seating_type="outdoor")]

    plan = find_seating(tables, [], party(2, seating=wish))

    assert isinstance(plan, SeatingPlan)
    assert plan.table_ids == expected


def test_a_seating_wish_nobody_offers_is_refused() -> None:
    assert find_seating([table(1, 2)], [], party(2, seating="patio")) == refused(
        party(2, seating="patio"), suitable=0, taken=0
    )


@pytest.mark.parametrize(("channel", "expected"), [("online", (2,)), ("in_house", (1,)), ("walk_in", (3,))])
def test_a_channel_gets_the_tables_it_may_book(channel: str, expected: tuple[int, ...]) -> None:
    tables = [
        table(1, 2, audience=frozenset({"in_house"})),
        table(2, 3, audience=frozenset({"online", "in_house"})),
        table(3, 4, audience=frozenset({"online", "walk_in"})),
    ]

    plan = find_seating(tables, [], party(2, channel=channel))

    assert isinstance(plan, SeatingPlan)
    assert plan.table_ids == expected


def test_a_table_for_nobody_is_given_to_nobody() -> None:
    assert find_seating([table(1, 2, audience=frozenset())], [], party(2)) == refused(party(2), suitable=0, taken=0)


# Which of the free tables is best


def test_fewest_spare_seats_come_first() -> None:
    tables = [table(1, 6, priority=0), table(2, 4, priority=9), table(3, 8, priority=0)]

    assert find_seating(tables, [], party(3)) == seated(party(3), 2, spare_seats=1)


def test_of_equal_spare_seats_the_lower_priority_number_comes_first() -> None:
    tables = [table(1, 4, priority=2), table(2, 4, priority=1), table(3, 4, priority=3)]

    assert find_seating(tables, [], party(4)) == seated(party(4), 2, spare_seats=0)


def test_of_equal_priority_the_number_decides_in_natural_order() -> None:
    tables = [table(1, 4, number="T10"), table(2, 4, number="T2"), table(3, 4, number="T11")]

    assert find_seating(tables, [], party(4)) == seated(party(4), 2, spare_seats=0)


def test_added_chairs_are_no_spare_seats_and_an_exact_fit_comes_first() -> None:
    squeezed, exact, roomy = table(1, 4, max_party_size=5), table(2, 5, priority=9), table(3, 6)

    assert find_seating([squeezed, exact, roomy], [], party(5)) == seated(party(5), 2, spare_seats=0)
    assert find_seating([squeezed, roomy], [], party(5)) == seated(party(5), 1, spare_seats=0)


def test_a_taken_best_table_leaves_the_second_best() -> None:
    assert find_seating([table(1, 2), table(2, 4)], [taken(1, 60, 90)], party(2)) == seated(party(2), 2, spare_seats=2)


# What is free


@pytest.mark.parametrize(
    ("starts", "ends", "is_free"),
    [
        (-60, 0, True),
        (-60, 1, False),
        (0, 120, False),
        (30, 60, False),
        (-60, 180, False),
        (119, 180, False),
        (120, 180, True),
    ],
)
def test_a_table_is_taken_from_its_start_up_to_its_end(starts: int, ends: int, is_free: bool) -> None:
    answer = find_seating([table(1, 2)], [taken(1, 0, 120)], party(2, starts, ends))

    assert answer == (
        seated(party(2, starts, ends), 1, spare_seats=0)
        if is_free
        else refused(party(2, starts, ends), suitable=1, taken=1)
    )


def test_a_party_fits_exactly_between_two_others() -> None:
    occupied = [taken(1, 120, 240), taken(1, -120, 0)]

    assert find_seating([table(1, 2)], occupied, party(2, 0, 120)) == seated(party(2, 0, 120), 1, spare_seats=0)
    assert find_seating([table(1, 2)], occupied, party(2, 0, 121)) == refused(party(2, 0, 121), suitable=1, taken=1)


def test_a_long_interval_is_seen_behind_a_later_short_one() -> None:
    occupied = Occupancy([taken(1, 0, 300), taken(1, 30, 60)])

    assert not occupied.is_free(1, at(200), at(220))
    assert occupied.is_free(1, at(300), at(320))


def test_an_empty_interval_takes_nothing() -> None:
    assert Occupancy([taken(1, 60, 60)]).is_free(1, at(0), at(120))


def test_other_tables_are_not_taken() -> None:
    assert Occupancy([taken(1, 0, 120)]).is_free(2, at(0), at(120))


def test_a_refusal_counts_the_tables_that_could_take_the_party() -> None:
    tables = [table(1, 4), table(2, 4), table(3, 2), table(4, 4, seating_type="bar")]
    occupied = [taken(1, 0, 120), taken(2, 60, 180)]

    assert find_seating(tables, occupied, party(4, seating="indoor")) == refused(
        party(4, seating="indoor"), suitable=2, taken=2
    )


# The natural order of numbers


def test_numbers_sort_as_people_read_them() -> None:
    expected = ["1", "2", "10", "A1", "a2", "Bar 1", "Bar 10", "T", "T1", "T1a", "T1b", "T2", "T2-1", "T10"]

    shuffled = ["T10", "T2-1", "Bar 10", "T1b", "10", "a2", "T", "2", "T1", "Bar 1", "T1a", "A1", "1", "T2"]

    assert sorted(shuffled, key=natural_key) == expected


def test_numbers_that_read_alike_still_differ() -> None:
    assert len({natural_key(number) for number in ["T2", "T02", "t2", "T002"]}) == 4


@given(st.text(max_size=8), st.text(max_size=8))
def test_two_numbers_have_the_same_key_only_if_they_are_the_same(first: str, second: str) -> None:
    assert (natural_key(first) == natural_key(second)) is (first == second)
    assert (natural_key(first) < natural_key(second)) is not (natural_key(second) <= natural_key(first))


# Against the plainest search


table_ids = st.integers(1, 4)
seating_types = st.sampled_from(["indoor", "bar"])
channels = st.sampled_from(["online", "in_house"])
intervals = st.builds(
    lambda table_id, starts, length: taken(table_id, starts, starts + length),
    table_ids,
    st.integers(0, 20),
    st.integers(0, 10),
)
requests = st.builds(
    lambda size, starts, length, seating, channel: party(
        size, starts, starts + length, seating=seating, channel=channel
    ),
    st.integers(1, 6),
    st.integers(0, 20),
    st.integers(1, 10),
    st.none() | seating_types,
    channels,
)


@st.composite
def random_tables(draw: st.DrawFn) -> list[SeatingTable]:
    numbers = draw(st.permutations(["T1", "T2", "T10", "T11"]))
    return [
        table(
            table_id,
            draw(st.integers(1, 6)),
            number=numbers[table_id - 1],
            min_party_size=draw(st.integers(1, 3)),
            max_party_size=draw(st.integers(1, 7)),
            priority=draw(st.integers(0, 2)),
            seating_type=draw(seating_types),
            audience=draw(st.frozensets(channels)),
        )
        for table_id in range(1, draw(st.integers(0, 4)) + 1)
    ]


def is_free_by_search(table_id: int, occupied: list[OccupiedInterval], request: SeatingRequest) -> bool:
    moments = [request.starts_at + timedelta(minutes=minute) for minute in range(10)]
    return not any(
        interval.table_id == table_id and interval.starts_at <= moment < interval.ends_at
        for interval in occupied
        for moment in moments
        if moment < request.ends_at
    )


@given(random_tables(), st.lists(intervals, max_size=12), requests)
def test_a_party_is_seated_exactly_if_a_suitable_table_is_free_every_minute(
    tables: list[SeatingTable], occupied: list[OccupiedInterval], request: SeatingRequest
) -> None:
    suitable = [
        candidate
        for candidate in tables
        if candidate.min_party_size <= request.party_size <= candidate.max_party_size
        and (request.seating is None or request.seating == candidate.seating_type)
        and request.channel in candidate.audience
    ]
    free = {t.table_id: t for t in suitable if is_free_by_search(t.table_id, occupied, request)}

    answer = find_seating(tables, occupied, request)

    assert isinstance(answer, SeatingPlan) is bool(free)
    if isinstance(answer, SeatingRefusal):
        assert answer == refused(request, suitable=len(suitable), taken=len(suitable))
        return
    (chosen,) = (free[table_id] for table_id in answer.table_ids)
    assert answer.spare_seats == max(chosen.capacity - request.party_size, 0)
    assert all(answer.spare_seats <= max(other.capacity - request.party_size, 0) for other in free.values())


@given(random_tables(), st.lists(intervals, max_size=12), requests, st.randoms())
def test_the_same_floor_in_any_order_gives_the_same_plan(
    tables: list[SeatingTable], occupied: list[OccupiedInterval], request: SeatingRequest, random: Any
) -> None:
    shuffled_tables, shuffled = random.sample(tables, len(tables)), random.sample(occupied, len(occupied))

    assert find_seating(shuffled_tables, shuffled, request) == find_seating(tables, occupied, request)
