"""Two parties swap tables, a booking is pinned and unpinned: one change a click, or a refusal with its reason."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bookings.choices import BookingStatus, EventKind
from bookings.errors import BookingNotActive, SwapImpossible, TablesMissing, TablesNotSuitable, TableTaken
from bookings.models import Booking
from bookings.services import (
    FloorOutcome,
    MovedParty,
    assign_tables,
    cancel_booking,
    pin_tables,
    swap_tables,
    unpin_tables,
)
from config.errors import EditIsStale, RecordNotFound
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
)
from tests.helpers.factories import BookingFactory, UserFactory, days_ahead, materialize

pytestmark = pytest.mark.django_db(transaction=True)

PinOperation = Callable[..., FloorOutcome]


def swap(booking: Booking, other: Booking, expected_version: int | None = None) -> FloorOutcome:
    """Swap what the screen shows, as it is now or as it was at some version."""
    seen = expected_version or Booking.objects.get(pk=booking.pk).version
    return swap_tables(booking_id=booking.pk, other_booking_id=other.pk, expected_version=seen)


def put(booking: Booking, *numbers: str, is_pinned: bool = False) -> None:
    assign_tables(booking_id=booking.pk, table_ids=ids(booking.restaurant, *numbers), is_pinned=is_pinned)


def test_two_parties_swap_tables_and_stay_there() -> None:
    restaurant = room(4, 4)
    ann, bob = book(restaurant), book(restaurant)
    host = UserFactory(username="hannah")

    outcome = swap_tables(booking_id=ann.pk, other_booking_id=bob.pk, expected_version=1, actor=host)

    assert (at_tables(ann), at_tables(bob)) == (["T2"], ["T1"])
    assert (pins(ann), pins(bob)) == ({True}, {True})
    assert (outcome.booking.pk, outcome.booking.version, outcome.moves) == (ann.pk, 2, ())
    event, other = latest(ann), latest(bob)
    assert (event.kind, event.reason, event.actor_label) == (EventKind.SWAPPED, f"with {bob.reference}", "hannah")
    assert (event.from_value, event.to_value) == (
        {"tables": ["T1"], "pinned": False},
        {"tables": ["T2"], "pinned": True},
    )
    assert (other.kind, other.reason) == (EventKind.SWAPPED, f"with {ann.reference}")
    assert faults(restaurant) == []


def test_a_double_click_swaps_once() -> None:
    restaurant = room(4, 4)
    ann, bob = book(restaurant), book(restaurant)
    swap(ann, bob, expected_version=1)
    before = everything_written(restaurant)

    swap(ann, bob, expected_version=1)

    assert everything_written(restaurant) == before
    assert at_tables(ann) == ["T2"]


def test_who_swaps_again_on_what_he_sees_swaps_back() -> None:
    restaurant = room(4, 4)
    ann, bob = book(restaurant), book(restaurant)
    swap(ann, bob, expected_version=1)

    swap(ann, bob, expected_version=2)

    assert (at_tables(ann), at_tables(bob)) == (["T1"], ["T2"])
    assert faults(restaurant) == []


def test_an_older_state_is_not_swapped() -> None:
    restaurant = room(4, 4)
    ann, bob = book(restaurant), book(restaurant)
    pin_tables(booking_id=ann.pk)
    before = everything_written(restaurant)

    with pytest.raises(EditIsStale):
        swap(ann, bob, expected_version=1)

    assert everything_written(restaurant) == before


def test_parties_of_several_tables_swap_all_of_them() -> None:
    restaurant = room(2, 2, 4)
    pair, four = book(restaurant), book(restaurant, party_size=4)
    put(pair, "T1", "T2")

    swap(pair, four)

    assert (at_tables(pair), at_tables(four)) == (["T3"], ["T1", "T2"])
    assert faults(restaurant) == []


def test_a_party_that_the_other_table_cannot_take_refuses_the_swap() -> None:
    restaurant = room(2, 4)
    pair, four = book(restaurant), book(restaurant, party_size=4)
    before = everything_written(restaurant)

    with pytest.raises(TablesNotSuitable, match="T1 can take a party of 1 to 2, not of 4"):
        swap(pair, four)

    assert everything_written(restaurant) == before


def test_a_third_party_at_the_other_table_is_moved_where_it_may_be() -> None:
    restaurant = room(2, 2, 2)
    ann, bob = book(restaurant, "18:00"), book(restaurant, "19:30")
    put(bob, "T2")
    third = book(restaurant, "20:00")
    put(third, "T1")

    outcome = swap(ann, bob)

    assert (at_tables(ann), at_tables(bob), at_tables(third)) == (["T2"], ["T1"], ["T2"])
    assert outcome.moves == (MovedParty(third.reference, ("T1",), ("T2",)),)
    assert latest(third).reason == "T1 -> T2, to make room for 2 at 18:00 and 2 at 19:30"
    assert faults(restaurant) == []


def test_a_pinned_third_party_refuses_the_swap_by_name() -> None:
    restaurant = room(2, 2, 2)
    ann, bob = book(restaurant, "18:00"), book(restaurant, "19:30")
    put(bob, "T2")
    third = book(restaurant, "20:00")
    put(third, "T1", is_pinned=True)
    before = everything_written(restaurant)

    with pytest.raises(TableTaken, match=f"T1 is taken by {third.reference} until 21:30"):
        swap(ann, bob)

    assert everything_written(restaurant) == before


def test_a_third_party_that_comes_as_the_other_leaves_is_not_in_the_way() -> None:
    restaurant = room(2, 2)
    ann, bob = book(restaurant, "18:00"), book(restaurant, "18:00")
    third = book(restaurant, "19:30")
    pin_tables(booking_id=third.pk)

    swap(ann, bob)

    assert (at_tables(ann), at_tables(bob), at_tables(third)) == (["T2"], ["T1"], ["T1"])


def test_parties_of_one_table_at_different_times_have_nothing_to_swap() -> None:
    restaurant = room(2)
    ann, bob = book(restaurant, "18:00"), book(restaurant, "19:30")
    before = everything_written(restaurant)

    swap(ann, bob)

    assert everything_written(restaurant) == before


def test_seated_parties_swap_from_this_minute_on() -> None:
    restaurant = room_at_noon(2, 2)
    ann = began(restaurant, 60, 2, "T1", status=BookingStatus.SEATED)
    bob = began(restaurant, 20, 2, "T2", status=BookingStatus.SEATED)

    swap(ann, bob)

    assert (at_tables(ann), at_tables(bob)) == (["T2"], ["T1"])
    row = ann.assignments.get()
    assert timedelta(minutes=60) <= row.during.lower - ann.starts_at <= timedelta(minutes=61)
    assert faults(restaurant) == []


def test_a_booking_does_not_swap_with_itself() -> None:
    booking = book(room(2))

    with pytest.raises(SwapImpossible, match="A booking cannot swap tables with itself"):
        swap(booking, booking)


def test_only_parties_of_one_date_swap() -> None:
    restaurant = room(2, 2)
    ann, bob = book(restaurant), book(restaurant, business_date=days_ahead(31))

    with pytest.raises(SwapImpossible, match="Only parties of one date can swap tables"):
        swap(ann, bob)


def test_a_party_without_table_has_nothing_to_swap() -> None:
    restaurant = room(2, 2)
    ann = book(restaurant)
    bob = BookingFactory(service_day=materialize(restaurant, days_ahead())[-1])

    with pytest.raises(TablesMissing, match=f"{bob.reference} has no table"):
        swap(ann, bob)


def test_nobody_swaps_with_a_cancelled_booking_or_one_of_another_restaurant() -> None:
    restaurant = room(2, 2)
    ann, bob, elsewhere = book(restaurant), book(restaurant), book(room(2))
    cancel_booking(booking_id=bob.pk)

    with pytest.raises(BookingNotActive, match="A cancelled booking cannot be given other tables"):
        swap(ann, bob)
    with pytest.raises(RecordNotFound):
        swap(ann, elsewhere)


def test_a_pinned_booking_stays_when_room_is_made_and_an_unpinned_one_moves() -> None:
    restaurant = room(4, 2)
    pair = book(restaurant)
    put(pair, "T1")
    pin_tables(booking_id=pair.pk, actor=UserFactory(username="hannah"))
    assert (pins(pair), latest(pair).kind, latest(pair).actor_label) == ({True}, EventKind.PINNED, "hannah")
    assert latest(pair).to_value == {"tables": ["T1"]}
    with pytest.raises(Exception, match="No capacity for 4 guests at 19:00"):
        book(restaurant, party_size=4)

    unpinned = unpin_tables(booking_id=pair.pk)

    assert (unpinned.booking.version, pins(pair), latest(pair).kind) == (4, {False}, EventKind.UNPINNED)
    assert at_tables(book(restaurant, party_size=4)) == ["T1"]
    assert at_tables(pair) == ["T2"]
    assert faults(restaurant) == []


@pytest.mark.parametrize("operation", [pin_tables, unpin_tables])
def test_a_second_click_on_the_pin_is_no_change(operation: PinOperation) -> None:
    restaurant = room(2)
    booking = book(restaurant)
    if operation is unpin_tables:
        pin_tables(booking_id=booking.pk)
    version = Booking.objects.get(pk=booking.pk).version
    operation(booking_id=booking.pk, expected_version=version)
    before = everything_written(restaurant)

    operation(booking_id=booking.pk, expected_version=version)

    assert everything_written(restaurant) == before
    assert len(history(booking)) == version + 1


@pytest.mark.parametrize("operation", [pin_tables, unpin_tables])
def test_an_older_state_is_neither_pinned_nor_unpinned(operation: PinOperation) -> None:
    restaurant = room(2, 2)
    booking = book(restaurant)
    put(booking, "T2", is_pinned=operation is unpin_tables)
    before = everything_written(restaurant)

    with pytest.raises(EditIsStale):
        operation(booking_id=booking.pk, expected_version=1)

    assert everything_written(restaurant) == before


@pytest.mark.parametrize("operation", [pin_tables, unpin_tables])
def test_without_a_table_there_is_nothing_to_pin(operation: PinOperation) -> None:
    booking = BookingFactory(service_day=materialize(room(2), days_ahead())[-1])

    with pytest.raises(TablesMissing, match=f"{booking.reference} has no table"):
        operation(booking_id=booking.pk)

    assert history(booking) == []


@pytest.mark.parametrize(("operation", "word"), [(pin_tables, "pinned"), (unpin_tables, "unpinned")])
def test_a_cancelled_booking_is_not_pinned(operation: PinOperation, word: str) -> None:
    booking = book(room(2))
    cancel_booking(booking_id=booking.pk)

    with pytest.raises(BookingNotActive, match=f"A cancelled booking cannot be {word}"):
        operation(booking_id=booking.pk)
