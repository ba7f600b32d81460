"""A change of the floor re-seats whom it leaves at a table that is none for them any more, and nobody else."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg.types.range import Range

from bookings.choices import EventKind
from bookings.decision.reseating import plan_reseating
from bookings.errors import RecordInUse, TableInUse
from bookings.models import Booking, BookingEvent, TableAssignment
from bookings.services import LeftReason, SettingsOutcome, change_settings, delete_settings_row, save_settings_row
from capacity.models import Closure
from tables.models import Restaurant, Table, TableCombination
from tables.seating import Floor, OccupiedInterval, SeatedParty, SeatingState, SeatingTable, TimeBudget, TimeLeft
from tests.helpers.factories import (
    CapacityRuleFactory,
    TableCombinationFactory,
    TableFactory,
    days_ahead,
    open_restaurant,
)
from tests.helpers.planted_faults import book, run_audit
from tests.helpers.recount import list_faults

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = days_ahead()
ALL_DAY = 24 * 60


@pytest.fixture
def house() -> Restaurant:
    """A house with tables for four, T1 to T3."""
    return open_restaurant(tables=3, timezone="Etc/UTC")


def table(house: Restaurant, number: str) -> Table:
    return house.tables.get(number=number)


def change(house: Restaurant, known_as: str, **columns: Any) -> SettingsOutcome:
    row = table(house, known_as)
    for name, value in columns.items():
        setattr(row, name, value)
    return save_settings_row(row=row)


def seat(booking: Booking, *numbers: str, is_pinned: bool = False) -> Booking:
    """Seat a party past the engine, as a restaurant did before it had one."""
    booking.assignments.all().delete()
    TableAssignment.objects.bulk_create(
        TableAssignment(
            restaurant=booking.restaurant,
            booking=booking,
            table=table(booking.restaurant, number),
            during=Range(booking.starts_at, booking.ends_at),
            pinned=is_pinned,
            assigned_by="test",
        )
        for number in numbers
    )
    return booking


def tables_of(booking: Booking) -> list[str]:
    return sorted(booking.assignments.values_list("table__number", flat=True))


def moves_of(outcome: SettingsOutcome) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(each.booking_reference, each.from_tables, each.to_tables) for each in outcome.moves]


def left_of(outcome: SettingsOutcome) -> list[tuple[str, tuple[str, ...], LeftReason]]:
    return [(each.booking.reference, each.tables, each.reason) for each in outcome.left]


def assert_sound(house: Restaurant) -> None:
    assert list_faults(house.pk) == []
    report = run_audit(house)
    assert report.is_clean, [each.message for each in (*report.overbookings, *report.problems)]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"status": "out_of_service"}, "T1 -> T2, T1 is out of service"),
        ({"status": "retired"}, "T1 -> T2, T1 is retired"),
        ({"capacity": 2, "max_party_size": 2}, "T1 -> T2, table saved: T1"),
        ({"min_party_size": 4}, "T1 -> T2, table saved: T1"),
    ],
)
def test_a_party_whose_table_takes_it_no_more_sits_elsewhere(
    house: Restaurant, columns: dict[str, Any], reason: str
) -> None:
    party = book(house, EVENING, "19:00", 3)

    outcome = change(house, "T1", **columns)

    assert moves_of(outcome) == [(party.reference, ("T1",), ("T2",))]
    assert outcome.left == ()
    assert tables_of(party) == ["T2"]
    assert party.events.get(kind=EventKind.RESEATED).reason == reason
    assert Booking.objects.get(pk=party.pk).version == party.version + 1
    assert_sound(house)


@pytest.mark.parametrize(
    "columns",
    [
        {"seating_type": "patio"},
        {"audience": []},
        {"priority": 9, "number": "Window"},
        {"capacity": 6, "max_party_size": 6},
        {"min_party_size": 2, "max_party_size": 3},
    ],
)
def test_nobody_is_moved_where_the_table_still_takes_the_party(house: Restaurant, columns: dict[str, Any]) -> None:
    party = book(house, EVENING, "19:00", 3, seating="indoor")
    assert tables_of(party) == ["T1"]
    (assignment,) = party.assignments.all()

    outcome = change(house, "T1", **columns)

    assert (outcome.moves, outcome.left) == ((), ())
    assert party.assignments.get() == assignment
    assert not BookingEvent.objects.filter(kind=EventKind.RESEATED).exists()


def test_who_sat_where_nobody_would_seat_him_before_the_change_stays(house: Restaurant) -> None:
    party = seat(book(house, EVENING, "19:00", 4), "T1")
    Booking.objects.filter(pk=party.pk).update(party_size=6)

    outcome = change(house, "T1", max_party_size=3)

    assert (outcome.moves, outcome.left) == ((), ())
    assert tables_of(party) == ["T1"]


def test_parties_that_are_fixed_or_find_no_other_table_are_listed_and_stay(house: Restaurant) -> None:
    pinned = seat(book(house, EVENING, "17:00", 2), "T1", is_pinned=True)
    seated = seat(book(house, EVENING, "18:30", 2), "T1")
    Booking.objects.filter(pk=seated.pk).update(status="seated")
    crowd = [book(house, EVENING, "20:00", 4) for _ in range(3)]
    unlucky = next(party for party in crowd if tables_of(party) == ["T1"])

    outcome = change(house, "T1", status="out_of_service")

    assert outcome.moves == ()
    assert left_of(outcome) == [
        (pinned.reference, ("T1",), LeftReason.PINNED),
        (seated.reference, ("T1",), LeftReason.SEATED),
        (unlucky.reference, ("T1",), LeftReason.NO_OTHER_TABLE),
    ]
    assert [tables_of(each) for each in (pinned, seated, unlucky)] == [["T1"]] * 3
    assert_sound(house)


def test_who_is_over_or_gone_is_not_listed(house: Restaurant) -> None:
    gone = seat(book(house, EVENING, "19:00", 2), "T1", is_pinned=True)
    Booking.objects.filter(pk=gone.pk).update(status="completed", left_at=gone.ends_at)

    outcome = change(house, "T1", status="out_of_service")

    assert (outcome.moves, outcome.left) == ((), ())


def test_others_make_room_for_who_has_to_go(house: Restaurant) -> None:
    TableFactory(restaurant=house, number="S", capacity=2)
    house.tables.filter(number="T3").delete()
    large = seat(book(house, EVENING, "19:00", 4), "T1")
    small = seat(book(house, EVENING, "19:00", 2), "T2")

    outcome = change(house, "T1", status="retired")

    assert moves_of(outcome) == [(large.reference, ("T1",), ("T2",)), (small.reference, ("T2",), ("S",))]
    assert_sound(house)


def test_who_has_a_table_goes_before_who_has_none(house: Restaurant) -> None:
    first = book(house, EVENING, "19:00", 4)
    book(house, EVENING, "19:00", 4)
    without = book(house, EVENING, "19:00", 4)
    without.assignments.all().delete()

    outcome = change(house, "T1", status="retired")

    assert moves_of(outcome) == [(first.reference, ("T1",), ("T3",))]
    assert tables_of(without) == []


@pytest.mark.parametrize("is_deleted", [True, False])
def test_who_sits_at_a_combination_that_takes_the_party_no_more_is_moved(house: Restaurant, is_deleted: bool) -> None:
    pair = list(house.tables.filter(number__in=["T1", "T2"]))
    combination = TableCombinationFactory(restaurant=house, tables=pair, min_party_size=5, max_party_size=8)
    party = book(house, EVENING, "19:00", 7)
    assert tables_of(party) == ["T1", "T2"]
    TableFactory(restaurant=house, number="T9", capacity=8)

    combination.max_party_size = 6
    outcome = delete_settings_row(row=combination) if is_deleted else save_settings_row(row=combination)

    assert moves_of(outcome) == [(party.reference, ("T1", "T2"), ("T9",))]
    assert_sound(house)


def test_a_combination_of_other_tables_evicts_whom_it_seated(house: Restaurant) -> None:
    combination = TableCombinationFactory(
        restaurant=house, tables=house.tables.filter(number__in=["T1", "T2"]), min_party_size=5, max_party_size=8
    )
    party = book(house, EVENING, "19:00", 7)

    def join_others() -> None:
        combination.tables.set(house.tables.filter(number__in=["T2", "T3"]))

    outcome = change_settings(restaurant_id=house.pk, change=join_others, reason="combination saved")

    assert moves_of(outcome) == [(party.reference, ("T1", "T2"), ("T2", "T3"))]
    assert_sound(house)


def test_a_deleted_table_is_gone_once_its_parties_sit_elsewhere(house: Restaurant) -> None:
    party = book(house, EVENING, "19:00", 2)

    outcome = delete_settings_row(row=table(house, "T1"))

    assert moves_of(outcome) == [(party.reference, ("T1",), ("T2",))]
    assert party.events.get(kind=EventKind.RESEATED).reason == "T1 -> T2, table deleted: T1"
    assert not Table.objects.filter(number="T1").exists()
    assert_sound(house)


def test_a_table_that_somebody_must_keep_is_not_deleted_and_nobody_is_moved(house: Restaurant) -> None:
    movable = book(house, EVENING, "17:00", 2)
    pinned = seat(book(house, EVENING, "19:00", 2), "T1", is_pinned=True)

    with pytest.raises(TableInUse, match=pinned.reference) as refused:
        delete_settings_row(row=table(house, "T1"))

    assert refused.value.bookings == (pinned,)
    assert table(house, "T1").status == "active"
    assert tables_of(movable) == ["T1"]
    assert not BookingEvent.objects.filter(kind=EventKind.RESEATED).exists()


def test_a_table_with_a_past_is_not_deleted_and_nobody_is_moved(house: Restaurant) -> None:
    movable, past = book(house, EVENING, "17:00", 2), book(house, EVENING, "19:00", 2)
    long_ago = datetime(2026, 1, 5, 19, tzinfo=UTC)
    past.assignments.update(during=Range(long_ago, long_ago + timedelta(hours=2)))

    with pytest.raises(RecordInUse):
        delete_settings_row(row=table(house, "T1"))

    assert tables_of(movable) == ["T1"]


def test_a_combination_goes_with_a_table_of_it_that_is_deleted(house: Restaurant) -> None:
    pair = house.tables.filter(number__in=["T1", "T2"])
    TableCombinationFactory(restaurant=house, tables=pair, min_party_size=5, max_party_size=8)

    delete_settings_row(row=table(house, "T1"))

    assert not TableCombination.objects.exists()


def test_parties_of_all_dates_are_moved_each_evening_on_its_own(house: Restaurant) -> None:
    evenings = [days_ahead(ahead) for ahead in (2, 3, 40)]
    parties = [book(house, evening, "19:00", 2) for evening in evenings]
    for _ in range(2):
        book(house, evenings[1], "19:00", 4)

    outcome = change(house, "T1", status="out_of_service")

    assert moves_of(outcome) == [
        (parties[0].reference, ("T1",), ("T2",)),
        (parties[2].reference, ("T1",), ("T2",)),
    ]
    assert left_of(outcome) == [(parties[1].reference, ("T1",), LeftReason.NO_OTHER_TABLE)]
    assert_sound(house)


def queries_of(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def test_ten_parties_take_as_many_queries_as_one(house: Restaurant) -> None:
    def evict(on: date, parties: int) -> int:
        other = open_restaurant(tables=3, timezone="Etc/UTC")
        for ahead in range(parties):
            book(other, on + timedelta(days=ahead), "19:00", 2)
        for ahead in range(10):
            book(other, on + timedelta(days=ahead), "17:00", 2, seating="indoor").assignments.all().delete()
        return queries_of(partial(change, other, "T1", status="out_of_service"))

    # Each service day is fitted as after every change of settings, all in one go.
    assert evict(days_ahead(2), 10) == evict(days_ahead(2), 1)


def test_a_change_that_takes_no_table_away_plans_for_no_party(house: Restaurant) -> None:
    book(house, EVENING, "19:00", 2)
    closure = Closure(restaurant=house, from_date=days_ahead(50), to_date=days_ahead(50))

    with CaptureQueriesContext(connection) as queries:
        save_settings_row(row=CapacityRuleFactory.build(restaurant=house, max_covers=40))
        save_settings_row(row=closure)
        change(house, "T1", capacity=8, max_party_size=8)

    # Those of the list of undecided bookings, before and after each of the three.
    assert len([query["sql"] for query in queries if "booking_table_assignments" in query["sql"]]) == 6


# The planning alone

NINETEEN = datetime(2026, 11, 20, 19, tzinfo=UTC)
TWO_HOURS = timedelta(hours=2)


def floor(**seats: int) -> Floor:
    return Floor(
        tuple(
            SeatingTable(number, name, 1, seats[name], seats[name], 0, "indoor", frozenset({"online"}))
            for number, name in enumerate(sorted(seats), start=1)
        )
    )


def party(booking_id: int, size: int, *table_ids: int, hours: int = 0) -> SeatedParty:
    starts_at = NINETEEN + timedelta(hours=hours)
    return SeatedParty(booking_id, size, starts_at, starts_at + TWO_HOURS, None, "online", table_ids)


def everybody(state: SeatingState, *evicted: int) -> tuple[dict[int, tuple[int, ...]], frozenset[int]]:
    found = plan_reseating(state, evicted, TimeBudget(exact_seconds=5, at_once=1))
    return {move.booking_id: move.to_table_ids for move in found.moves}, found.stuck


def test_all_are_seated_at_once_each_where_it_wastes_least() -> None:
    state = SeatingState(floor(A=2, B=4, C=6), parties=(party(1, 2, 8), party(2, 4, 9), party(3, 5, 7)))

    assert everybody(state, 1, 2, 3) == ({1: (1,), 2: (2,), 3: (3,)}, frozenset())


def test_a_table_that_one_leaves_serves_another_who_was_asked_before() -> None:
    # Table 1 is too small now for party 2, and just right for party 1, whose table is gone; party 3 stays stuck.
    state = SeatingState(
        floor(A=2, B=4), parties=(party(1, 2, 9), party(2, 4, 1), party(3, 6, 8), party(4, 1, 2, hours=3))
    )

    assert everybody(state, 1, 2, 3) == ({1: (1,), 2: (2,)}, frozenset({3}))


def test_a_party_that_is_stuck_keeps_the_table_it_sits_at() -> None:
    # Nobody else is given table 1 while party 1, too large for it, still sits there.
    state = SeatingState(floor(A=2), parties=(party(1, 4, 1), party(2, 2, 9)))

    assert everybody(state, 1, 2) == ({}, frozenset({1, 2}))


def test_what_is_far_off_in_time_is_neither_moved_nor_looked_at() -> None:
    blocked = OccupiedInterval(1, NINETEEN, NINETEEN + TWO_HOURS)
    state = SeatingState(
        floor(A=2, B=2), occupied=(blocked,), parties=(party(1, 2, 1), party(2, 2, 1, hours=2), party(3, 2, 2, hours=5))
    )

    found = plan_reseating(state, [1], TimeBudget(exact_seconds=5, at_once=1))

    assert [move.booking_id for move in found.moves] == [1]
    (span,) = found.spans
    assert (span.starts_at, span.ends_at) == (NINETEEN, NINETEEN + TWO_HOURS)


def test_an_answer_that_is_known_is_not_worked_out_again() -> None:
    state = SeatingState(floor(A=2, B=2), parties=(party(1, 2, 9),))
    solved: dict[Any, Any] = {}
    first = plan_reseating(state, [1], TimeBudget(exact_seconds=5, at_once=1), solved)

    assert plan_reseating(state, [1], TimeBudget(exact_seconds=0), solved).groups == first.groups
    assert first.groups[0] is solved[state, frozenset({1})]


def test_without_time_the_exact_model_is_not_asked() -> None:
    with TimeLeft(TimeBudget(exact_seconds=0, at_once=1)).thinking() as none_left:
        assert none_left.exact_seconds == 0
    with TimeLeft(TimeBudget(exact_seconds=5, at_once=1)).thinking() as one_question:
        assert 0 < one_question.exact_seconds <= 1


def test_the_time_of_one_question_is_taken_off_what_is_left_for_the_next() -> None:
    left = TimeLeft(TimeBudget(exact_seconds=1e-9, at_once=1))

    with left.thinking() as first:
        assert first.exact_seconds == 1e-9
    with left.thinking() as second:
        assert second.exact_seconds == 0
