"""Tables by hand: given, moved, swapped places with whoever may be moved, refused with the name of who may not."""

from datetime import timedelta

import pytest

from bookings.choices import BookingStatus, EventKind
from bookings.errors import BookingNotActive, StayOver, TablesNotSuitable, TableTaken
from bookings.models import Booking, TableAssignment
from bookings.services import MovedParty, assign_tables, cancel_booking, pin_tables
from capacity.policy import Reason, ReasonCode
from config.errors import EditIsStale, RecordNotFound
from tables.choices import TableStatus
from tables.models import Restaurant, TableBlock
from tests.helpers.dining_room import (
    at_tables,
    began,
    book,
    everything_written,
    faults,
    history,
    ids,
    latest,
    pins,
    room,
    room_at_noon,
    sit,
    table,
)
from tests.helpers.factories import BookingFactory, TableCombinationFactory, UserFactory, days_ahead, materialize

pytestmark = pytest.mark.django_db(transaction=True)


def put(booking: Booking, *numbers: str, is_pinned: bool = True, **rest: object) -> object:
    return assign_tables(
        booking_id=booking.pk,
        table_ids=ids(booking.restaurant, *numbers),
        is_pinned=is_pinned,
        **rest,  # type: ignore[arg-type]
    )


def test_a_person_moves_a_booking_to_a_free_table_and_it_stays_there() -> None:
    restaurant = room(2, 4)
    booking = book(restaurant)
    host = UserFactory(username="hannah")

    outcome = assign_tables(booking_id=booking.pk, table_ids=ids(restaurant, "T2"), actor=host)

    assert (at_tables(booking), pins(booking)) == (["T2"], {True})
    assert (outcome.booking.version, outcome.moves, outcome.hits) == (2, (), ())
    event = latest(booking)
    assert (event.kind, event.actor_id, event.actor_label) == (EventKind.ASSIGNED, host.pk, "hannah")
    assert event.from_value == {"tables": ["T1"], "pinned": False}
    assert event.to_value == {"tables": ["T2"], "pinned": True}
    assert faults(restaurant) == []


def test_a_table_is_kept_for_the_stay_and_its_buffer() -> None:
    restaurant = room(2, 4, buffer_minutes=15)
    booking = book(restaurant)

    put(booking, "T2")

    during = TableAssignment.objects.get(booking=booking).during
    assert (during.lower, during.upper) == (booking.starts_at, booking.ends_at + timedelta(minutes=15))


def test_the_outcome_shows_the_tables_that_the_booking_has_now() -> None:
    restaurant = room(2, 4)
    booking = book(restaurant)

    outcome = assign_tables(booking_id=booking.pk, table_ids=ids(restaurant, "T2"))

    assert [row.table.number for row in outcome.booking.assignments.all()] == ["T2"]


def test_a_double_click_is_one_change() -> None:
    restaurant = room(2, 4)
    booking = book(restaurant)
    put(booking, "T2", expected_version=1)
    before = everything_written(restaurant)

    put(booking, "T2", expected_version=1)

    assert everything_written(restaurant) == before
    assert history(booking) == [EventKind.CREATED, EventKind.ASSIGNED]


def test_an_older_state_is_not_acted_upon() -> None:
    restaurant = room(2, 4)
    booking = book(restaurant)
    pin_tables(booking_id=booking.pk)
    before = everything_written(restaurant)

    with pytest.raises(EditIsStale):
        put(booking, "T2", expected_version=1)

    assert everything_written(restaurant) == before


def test_tables_may_be_given_without_pinning_the_booking_to_them() -> None:
    restaurant = room(2, 4)
    booking = book(restaurant)

    put(booking, "T2", is_pinned=False)

    assert pins(booking) == {False}


def test_a_party_without_table_is_given_one() -> None:
    restaurant = room(2, 4)
    booking = BookingFactory(service_day=materialize(restaurant, days_ahead())[-1])

    put(booking, "T2")

    assert at_tables(booking) == ["T2"]
    assert latest(booking).from_value == {"tables": [], "pinned": False}
    assert faults(restaurant) == []


def test_whoever_may_be_moved_makes_room_and_is_told_why() -> None:
    restaurant = room(2, 2)
    first = book(restaurant, "19:00")
    second = book(restaurant, "19:30")

    outcome = assign_tables(booking_id=second.pk, table_ids=ids(restaurant, "T1"))

    assert (at_tables(first), at_tables(second)) == (["T2"], ["T1"])
    assert outcome.moves == (MovedParty(first.reference, ("T1",), ("T2",)),)
    assert history(first) == [EventKind.CREATED, EventKind.RESEATED]
    assert latest(first).reason == "T1 -> T2, to make room for 2 at 19:30"
    assert (pins(first), pins(second)) == ({False}, {True})
    assert faults(restaurant) == []


def test_a_pinned_party_is_named_with_its_table_and_stays() -> None:
    restaurant = room(2, 2)
    first = book(restaurant, "19:00")
    second = book(restaurant, "19:30")
    pin_tables(booking_id=first.pk)
    before = everything_written(restaurant)

    with pytest.raises(TableTaken) as refused:
        put(second, "T1")

    assert refused.value.message == f"T1 is taken by {first.reference} until 20:30"
    assert refused.value.code == "CAPACITY_EXCEEDED"
    assert refused.value.reasons == (Reason(ReasonCode.NO_TABLE, limit=1, used=1, asked=1),)
    assert everything_written(restaurant) == before


def test_whom_nothing_else_takes_is_named_and_stays() -> None:
    restaurant = room(4, 2)
    four = book(restaurant, "19:00", 4)
    two = book(restaurant, "19:30", 2)
    before = everything_written(restaurant)

    with pytest.raises(TableTaken) as refused:
        put(two, "T1")

    assert refused.value.message == f"T1 is taken by {four.reference} until 20:30, and nothing else takes that party"
    assert everything_written(restaurant) == before


def test_a_block_is_named_with_its_reason() -> None:
    restaurant = room(2, 2)
    booking = book(restaurant)
    TableBlock.objects.create(
        restaurant=restaurant,
        table=table(restaurant, "T2"),
        starts_at=booking.starts_at + timedelta(minutes=30),
        ends_at=booking.ends_at,
        reason="Broken leg",
    )

    with pytest.raises(TableTaken, match="T2 is blocked until 20:30: Broken leg"):
        put(booking, "T2")


@pytest.mark.parametrize(("minutes", "is_refused"), [(-1, False), (0, False), (1, True)])
def test_a_table_is_free_from_the_minute_in_which_its_party_leaves(minutes: int, is_refused: bool) -> None:
    restaurant = room(2, 2)
    early = book(restaurant, "17:30")
    booking = book(restaurant, "19:00")
    put(early, "T2")
    TableAssignment.objects.filter(booking=early).update(
        during=(early.starts_at, booking.starts_at + timedelta(minutes=minutes))
    )

    if is_refused:
        with pytest.raises(TableTaken, match="until 19:01"):
            put(booking, "T2")
    else:
        put(booking, "T2")
        assert at_tables(booking) == ["T2"]


def test_a_party_that_leaves_as_the_next_comes_is_not_in_the_way() -> None:
    restaurant = room(2, 2)
    early, late = book(restaurant, "18:30"), book(restaurant, "20:00")
    put(early, "T2")

    put(late, "T2")

    assert (at_tables(early), at_tables(late)) == (["T2"], ["T2"])
    assert faults(restaurant) == []


def test_the_buffer_of_an_earlier_party_is_in_the_way() -> None:
    restaurant = room(2, 2, buffer_minutes=15)
    early, late = book(restaurant, "18:30"), book(restaurant, "20:00")
    put(early, "T1")

    with pytest.raises(TableTaken, match=f"T1 is taken by {early.reference} until 20:15"):
        put(late, "T1")


@pytest.mark.parametrize(
    ("numbers", "party_size", "sizes"),
    [
        (("T1",), 5, "T1 can take a party of 1 to 4, not of 5"),
        (("T2",), 1, "T2 can take a party of 2 to 4, not of 1"),
        (("T1", "T2"), 9, "T1 + T2 can take a party of 5 to 7, not of 9"),
        (("T1", "T2"), 4, "T1 + T2 can take a party of 5 to 7, not of 4"),
        (("T1", "T3"), 9, "T1 + T3 can take a party of 1 to 8, not of 9"),
    ],
)
def test_tables_that_cannot_take_the_party_are_refused(numbers: tuple[str, ...], party_size: int, sizes: str) -> None:
    restaurant = combined_room()
    booking = BookingFactory(service_day=materialize(restaurant, days_ahead())[-1], party_size=party_size)
    before = everything_written(restaurant)

    with pytest.raises(TablesNotSuitable) as refused:
        put(booking, *numbers)

    assert refused.value.message == sizes
    assert refused.value.details == {"tableIds": [{"code": "party_size", "message": sizes}]}
    assert everything_written(restaurant) == before


@pytest.mark.parametrize(("numbers", "party_size"), [(("T1", "T2"), 7), (("T1", "T3"), 8), (("T2",), 2)])
def test_a_person_may_choose_a_combination_or_any_tables_that_take_the_party(
    numbers: tuple[str, ...], party_size: int
) -> None:
    restaurant = combined_room()
    booking = BookingFactory(service_day=materialize(restaurant, days_ahead())[-1], party_size=party_size)

    put(booking, *numbers)

    assert at_tables(booking) == list(numbers)
    assert faults(restaurant) == []


def combined_room() -> Restaurant:
    """Make a room of three tables for four; T2 is not for one guest, T1 and T2 together are for 5 to 7."""
    restaurant = room(4, 4, 4)
    restaurant.tables.filter(number="T2").update(min_party_size=2)
    TableCombinationFactory(
        restaurant=restaurant,
        tables=[table(restaurant, "T1"), table(restaurant, "T2")],
        min_party_size=5,
        max_party_size=7,
    )
    return restaurant


@pytest.mark.parametrize("status", [TableStatus.OUT_OF_SERVICE, TableStatus.RETIRED])
def test_a_table_that_is_not_in_use_is_refused(status: str) -> None:
    restaurant = room(2, 2)
    booking = book(restaurant)
    restaurant.tables.filter(number="T2").update(status=status)

    with pytest.raises(TablesNotSuitable, match="T2 is not in use"):
        put(booking, "T2")


def test_a_table_of_another_restaurant_is_not_found() -> None:
    booking = book(room(2))
    elsewhere = ids(room(2), "T1")

    with pytest.raises(RecordNotFound):
        assign_tables(booking_id=booking.pk, table_ids=elsewhere)

    assert at_tables(booking) == ["T1"]


def test_at_least_one_table_must_be_chosen() -> None:
    booking = book(room(2))

    with pytest.raises(TablesNotSuitable, match="Choose at least one table"):
        assign_tables(booking_id=booking.pk, table_ids=[])


def test_a_cancelled_booking_gets_no_table() -> None:
    restaurant = room(2, 2)
    booking = cancel_booking(booking_id=book(restaurant).pk)

    with pytest.raises(BookingNotActive, match="A cancelled booking cannot be given tables"):
        put(booking, "T2")

    assert at_tables(booking) == []


def test_nobody_knows_a_booking_that_is_not_there() -> None:
    with pytest.raises(RecordNotFound):
        assign_tables(booking_id=1, table_ids=[1])


def test_a_hold_that_is_over_is_out_of_the_way() -> None:
    restaurant = room(2, 2)
    hold = book(restaurant, "19:00")
    booking = book(restaurant, "19:30")
    Booking.objects.filter(pk=hold.pk).update(status=BookingStatus.HELD, expires_at=hold.created_at)

    put(booking, "T1")

    assert (at_tables(hold), at_tables(booking)) == ([], ["T1"])
    assert history(hold)[-1] == EventKind.EXPIRED
    assert faults(restaurant) == []


def test_a_seated_party_gets_another_table_from_this_minute_on() -> None:
    restaurant = room_at_noon(2, 2)
    gone = began(restaurant, 60, 2, "T2", status=BookingStatus.COMPLETED)
    seated = began(restaurant, 40, 2, "T1", status=BookingStatus.SEATED)
    left_at = seated.starts_at + timedelta(minutes=20)
    Booking.objects.filter(pk=gone.pk).update(left_at=left_at)
    TableAssignment.objects.filter(booking=gone).update(during=(gone.starts_at, left_at))

    put(seated, "T2")

    during = TableAssignment.objects.get(booking=seated).during
    assert during.lower - seated.starts_at in (timedelta(minutes=40), timedelta(minutes=41))
    assert during.upper == seated.ends_at
    assert faults(restaurant) == []


def test_a_seated_party_that_gets_a_second_table_keeps_the_first_since_it_has_it() -> None:
    restaurant = room_at_noon(2, 2)
    seated = began(restaurant, 40, 2, "T1", status=BookingStatus.SEATED)

    put(seated, "T1", "T2")

    rows = {row.table.number: row.during for row in TableAssignment.objects.filter(booking=seated)}
    assert rows["T1"].lower == seated.starts_at
    assert rows["T2"].lower > seated.starts_at
    assert faults(restaurant) == []


def test_a_party_past_its_time_gets_no_other_table_before_its_stay_is_extended() -> None:
    restaurant = room_at_noon(2, 2)
    seated = began(restaurant, 100, 2, "T1", status=BookingStatus.SEATED)

    with pytest.raises(StayOver, match=f"The time of {seated.reference} is over: extend its stay first"):
        put(seated, "T2")


@pytest.mark.parametrize("status", [BookingStatus.ARRIVED, BookingStatus.SEATED])
def test_a_party_that_has_come_is_not_moved_to_make_room(status: str) -> None:
    restaurant = room_at_noon(2, 2)
    come = began(restaurant, 10, 2, "T1", status=status)
    other = began(restaurant, 5, 2, "T2")

    with pytest.raises(TableTaken, match=f"T1 is taken by {come.reference}"):
        put(other, "T1")


def test_a_chain_of_parties_moves_for_a_chosen_table() -> None:
    restaurant = room(2, 2, 4)
    one, two, three = book(restaurant, "19:00"), book(restaurant, "19:00"), book(restaurant, "19:00")
    cancel_booking(booking_id=three.pk)
    four = book(restaurant, "19:00", 4)
    cancel_booking(booking_id=two.pk)

    with pytest.raises(TableTaken):
        put(one, "T3")

    cancel_booking(booking_id=four.pk)
    pair = BookingFactory(service_day=materialize(restaurant, days_ahead())[-1])
    sit(pair, "T3")
    outcome = assign_tables(booking_id=one.pk, table_ids=ids(restaurant, "T3"))
    assert at_tables(one) == ["T3"]
    assert [move.booking_reference for move in outcome.moves] == [pair.reference]
    assert faults(restaurant) == []
