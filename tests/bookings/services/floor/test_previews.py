"""What a move would do, asked without writing: the answer is that of the write, made of the same draft."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bookings.errors import CapacityExceeded, TablesNotSuitable, TableTaken
from bookings.models import Booking
from bookings.services import assign_tables, change_booking
from bookings.services.floor.assignments import AssignTables
from bookings.services.floor.change_requests import ChangeRequest
from bookings.services.floor.changes import ChangeBooking
from bookings.services.floor.outcomes import moved_parties
from config.errors import DomainError, EditIsStale
from tests.helpers.dining_room import at_tables, book, everything_written, faults, history, ids, pins, room
from tests.helpers.factories import CapacityRuleFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def assigning(booking: Booking, *numbers: str, version: int | None = None) -> AssignTables:
    return AssignTables(
        booking_id=booking.pk,
        table_ids=tuple(sorted(ids(booking.restaurant, *numbers))),
        is_pinned=True,
        actor=None,
        expected_version=version,
    )


def changing(booking: Booking, minutes: int, *numbers: str, version: int | None = None) -> ChangeBooking:
    start = booking.starts_at + timedelta(minutes=minutes)
    chosen = tuple(sorted(ids(booking.restaurant, *numbers)))
    return ChangeBooking(ChangeRequest(booking.pk, UserFactory(), starts_at=start, table_ids=chosen), version)


def test_a_preview_has_the_moves_of_the_write_and_leaves_no_trace() -> None:
    house = room(4, 4)
    first, second = book(house, party_size=4), book(house, party_size=4)
    before = everything_written(house), list(house.service_days.values_list("version", flat=True))

    draft = assigning(first, "T2").preview()

    assert draft.plan is not None
    foreseen = moved_parties(draft.loaded, draft.plan.moves)
    assert (everything_written(house), list(house.service_days.values_list("version", flat=True))) == before
    assert house.decisions.count() == 2
    assert assigning(first, "T2").run().moves == foreseen
    assert (at_tables(first), at_tables(second)) == (["T2"], ["T1"])


def test_a_preview_of_a_date_without_rows_creates_none() -> None:
    house = room(4)
    booking = book(house)
    days = house.service_days.count()

    draft = ChangeBooking(
        ChangeRequest(booking.pk, None, business_date=booking.business_date + timedelta(days=9)), None
    ).preview()

    assert draft.assessment.is_available
    assert house.service_days.count() == days


Refused = Callable[[Booking], AssignTables | ChangeBooking]
REFUSED: list[tuple[Refused, type[DomainError]]] = [
    (lambda booking: assigning(booking, "T3"), TablesNotSuitable),
    (lambda booking: assigning(booking, "T2"), TableTaken),
    (lambda booking: assigning(booking, "T2", version=9), EditIsStale),
    (lambda booking: changing(booking, 60, "T3"), TablesNotSuitable),
    (lambda booking: changing(booking, 30, "T2"), TableTaken),
    (lambda booking: changing(booking, 30, version=9), EditIsStale),
    (lambda booking: changing(booking, 90), CapacityExceeded),
]


@pytest.mark.parametrize(("make", "error"), REFUSED)
def test_a_preview_is_refused_as_the_write_is(make: Refused, error: type[DomainError]) -> None:
    house = room(4, 4, 1)
    CapacityRuleFactory(restaurant=house, pacing_parties=1, from_time="20:30", to_time="21:00")
    booking, other = book(house, party_size=2), book(house, "19:30", party_size=2)
    assign_tables(booking_id=other.pk, table_ids=ids(house, "T2"))
    book(house, "20:30", party_size=2)

    said: list[Any] = []
    for ask in (make(booking).preview, make(booking).run):
        with pytest.raises(error) as refusal:
            ask()
        said.append((refusal.value.message, getattr(refusal.value, "reasons", None)))

    assert said[0] == said[1]


# A change to chosen tables


def test_a_change_to_chosen_tables_takes_them_at_the_new_time_and_pins_them() -> None:
    house = room(2, 4, 4)
    booking = book(house)
    assert at_tables(booking) == ["T1"]

    start = booking.starts_at + timedelta(minutes=45)
    outcome = change_booking(booking_id=booking.pk, starts_at=start, table_ids=ids(house, "T3"), actor=UserFactory())

    booking.refresh_from_db()
    assert (outcome.booking, booking.starts_at) == (booking, start)
    assert (at_tables(booking), pins(booking), history(booking)) == (["T3"], {True}, ["created", "changed"])
    assert faults(house) == []


def test_a_change_to_chosen_tables_moves_who_is_there() -> None:
    house = room(4, 4)
    booking, other = book(house, "17:00", 4), book(house, "19:00", 4)
    numbers = at_tables(other)

    start = booking.starts_at + timedelta(minutes=120)
    outcome = change_booking(booking_id=booking.pk, starts_at=start, table_ids=ids(house, *numbers))

    assert [move.booking_reference for move in outcome.moves] == [other.reference]
    assert (at_tables(booking), faults(house)) == (numbers, [])
    assert at_tables(other) != numbers


def test_a_change_to_chosen_tables_made_twice_is_made_once() -> None:
    house = room(4, 4)
    booking = book(house)
    start = booking.starts_at + timedelta(minutes=30)

    for _ in range(2):
        change_booking(booking_id=booking.pk, starts_at=start, table_ids=ids(house, "T2"))

    assert history(booking) == ["created", "changed"]


def test_a_change_to_chosen_tables_that_another_has_names_it_and_writes_nothing() -> None:
    house = room(4, 4)
    booking, other = book(house), book(house, "20:00")
    assign_tables(booking_id=other.pk, table_ids=ids(house, "T2"))
    before = everything_written(house)

    with pytest.raises(TableTaken, match=f"T2 is taken by {other.reference} until 21:30"):
        change_booking(
            booking_id=booking.pk,
            starts_at=booking.starts_at + timedelta(minutes=30),
            table_ids=ids(house, "T2"),
        )

    assert everything_written(house) == before


def test_a_change_to_chosen_tables_passes_no_limit() -> None:
    house = room(4, 4)
    booking = book(house)
    CapacityRuleFactory(restaurant=house, pacing_covers=1)
    house.booking_slots.update(pacing_covers=2)
    book(house, "20:00")

    with pytest.raises(CapacityExceeded) as refusal:
        change_booking(
            booking_id=booking.pk,
            starts_at=booking.starts_at + timedelta(minutes=60),
            table_ids=ids(house, "T1"),
        )

    assert [reason.code for reason in refusal.value.reasons] == ["PACING_COVERS"]
