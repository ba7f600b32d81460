"""A table or a section is kept free for a time: who is in the way sits elsewhere, or is named and stays."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from psycopg.types.range import Range

from bookings.choices import EventKind
from bookings.errors import CapacityExceeded
from bookings.models import Booking, BookingEvent, TableAssignment
from bookings.services import (
    BlockOutcome,
    LeftReason,
    block_section,
    block_tables,
    cancel_booking,
    unblock_table,
)
from capacity.models import ServiceDay
from capacity.selectors import read_clock
from config.errors import InputInvalid, RecordNotFound
from tables.models import Restaurant, Table, TableBlock
from tests.helpers.factories import (
    BookingFactory,
    SectionFactory,
    TableCombinationFactory,
    TableFactory,
    UserFactory,
    days_ahead,
    materialize,
    open_restaurant,
)
from tests.helpers.planted_faults import book, run_audit
from tests.helpers.recount import list_faults

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = days_ahead()


@pytest.fixture
def house() -> Restaurant:
    """A house with tables for four, T1 to T3; parties stay 90 minutes up to two, 120 above."""
    return open_restaurant(tables=3, timezone="Etc/UTC")


def at(clock: str, days: int = 0) -> datetime:
    return datetime.fromisoformat(f"{EVENING + timedelta(days=days)}T{clock}+00:00")


def table(house: Restaurant, number: str) -> Table:
    return house.tables.get(number=number)


def block(house: Restaurant, *numbers: str, start: str = "18:00", end: str = "22:00", **changes: Any) -> BlockOutcome:
    asked: dict[str, Any] = {
        "restaurant_id": house.pk,
        "table_ids": [table(house, number).pk for number in numbers],
        "starts_at": at(start),
        "ends_at": at(end),
        "reason": "leak",
    }
    return block_tables(**asked | changes)


def tables_of(booking: Booking) -> list[str]:
    return sorted(booking.assignments.values_list("table__number", flat=True))


def left_of(outcome: BlockOutcome) -> list[tuple[str, tuple[str, ...], LeftReason]]:
    return [(each.booking.reference, each.tables, each.reason) for each in outcome.left]


def moves_of(outcome: BlockOutcome) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(each.booking_reference, each.from_tables, each.to_tables) for each in outcome.moves]


def assert_sound(house: Restaurant) -> None:
    assert list_faults(house.pk) == []
    report = run_audit(house)
    assert report.is_clean, [each.message for each in (*report.overbookings, *report.problems)]


def pin(booking: Booking) -> None:
    booking.assignments.update(pinned=True)


def test_a_party_in_the_way_is_given_another_table_and_its_history_says_why(house: Restaurant) -> None:
    party = book(house, EVENING, "19:00", 4)
    manager = UserFactory()

    outcome = block(house, "T1", actor=manager)

    assert moves_of(outcome) == [(party.reference, ("T1",), ("T2",))]
    assert outcome.left == ()
    assert tables_of(party) == ["T2"]
    event = party.events.get(kind=EventKind.RESEATED)
    assert (event.reason, event.actor_label) == ("T1 -> T2, T1 is blocked: leak", "engine")
    assert Booking.objects.get(pk=party.pk).version == party.version + 1
    (written,) = TableBlock.objects.all()
    assert outcome.blocks == (written,)
    assert (written.table.number, written.starts_at, written.ends_at) == ("T1", at("18:00"), at("22:00"))
    assert (written.reason, written.created_by, written.restaurant) == ("leak", manager, house)
    assert_sound(house)


def test_a_party_that_only_touches_the_block_stays_where_it_is(house: Restaurant) -> None:
    before, after = book(house, EVENING, "17:00", 2), book(house, EVENING, "20:00", 2)

    outcome = block(house, "T1", start="18:30", end="20:00")

    assert (outcome.moves, outcome.left) == ((), ())
    assert tables_of(before) == tables_of(after) == ["T1"]


def test_a_minute_of_the_buffer_is_in_the_way() -> None:
    house = open_restaurant(tables=2, timezone="Etc/UTC", buffer_minutes=15)
    party = book(house, EVENING, "17:00", 2)

    outcome = block(house, "T1", start="18:44", end="19:00")

    assert moves_of(outcome) == [(party.reference, ("T1",), ("T2",))]
    assert_sound(house)


def test_nobody_is_given_a_blocked_table(house: Restaurant) -> None:
    block(house, "T1", "T2")

    party = book(house, EVENING, "19:00", 4)

    assert tables_of(party) == ["T3"]
    with pytest.raises(CapacityExceeded):
        book(house, EVENING, "19:00", 4)


def test_others_make_room_where_the_only_table_that_is_left_is_theirs() -> None:
    house = open_restaurant(timezone="Etc/UTC")
    house.service_periods.update(seating_mode="tables")
    for number, seats in (("S", 2), ("M", 4), ("L", 6)):
        TableFactory(restaurant=house, number=number, capacity=seats)
    small = book(house, EVENING, "19:00", 4)
    large = book(house, EVENING, "19:00", 2)
    TableAssignment.objects.filter(booking=large).delete()
    TableAssignment.objects.create(
        restaurant=house,
        booking=large,
        table=table(house, "L"),
        during=Range(large.starts_at, large.ends_at),
        assigned_by="test",
    )
    assert (tables_of(small), tables_of(large)) == (["M"], ["L"])

    outcome = block(house, "M")

    assert moves_of(outcome) == [(small.reference, ("M",), ("L",)), (large.reference, ("L",), ("S",))]
    reasons = set(BookingEvent.objects.filter(kind=EventKind.RESEATED).values_list("reason", flat=True))
    assert reasons == {"M -> L, M is blocked: leak", "L -> S, M is blocked: leak"}
    assert_sound(house)


def test_parties_that_are_fixed_are_listed_with_the_reason_and_keep_their_table(house: Restaurant) -> None:
    pinned, arrived, seated = (book(house, EVENING, clock, 2) for clock in ("17:00", "18:30", "20:00"))
    pin(pinned)
    Booking.objects.filter(pk=arrived.pk).update(status="arrived")
    Booking.objects.filter(pk=seated.pk).update(status="seated")

    outcome = block(house, "T1", start="17:00", end="22:00")

    assert left_of(outcome) == [
        (pinned.reference, ("T1",), LeftReason.PINNED),
        (arrived.reference, ("T1",), LeftReason.ARRIVED),
        (seated.reference, ("T1",), LeftReason.SEATED),
    ]
    assert outcome.moves == ()
    assert len(outcome.blocks) == 1
    assert [tables_of(each) for each in (pinned, arrived, seated)] == [["T1"]] * 3


def test_a_party_about_to_come_stays_and_one_a_minute_later_is_moved() -> None:
    house = open_restaurant(tables=3, timezone="Etc/UTC", reseat_freeze_minutes=30)
    now = read_clock()
    materialize(house, now.date())
    soon, later = (
        BookingFactory(restaurant=house, business_date=now.date(), starts_at=now + timedelta(minutes=minutes))
        for minutes in (29, 31)
    )
    for party, number in ((soon, "T1"), (later, "T2")):
        TableAssignment.objects.create(
            restaurant=house,
            booking=party,
            table=table(house, number),
            during=Range(party.starts_at, party.ends_at),
            assigned_by="test",
        )

    outcome = block(house, "T1", "T2", starts_at=now, ends_at=now + timedelta(hours=1))

    assert left_of(outcome) == [(soon.reference, ("T1",), LeftReason.FROZEN)]
    assert moves_of(outcome) == [(later.reference, ("T2",), ("T3",))]


def test_of_several_as_many_as_can_be_are_moved_in_order_of_start() -> None:
    house = open_restaurant(tables=3, timezone="Etc/UTC")
    first, second = book(house, EVENING, "18:00", 4), book(house, EVENING, "18:30", 4)
    third = book(house, EVENING, "18:30", 4)
    assert (tables_of(first), tables_of(second), tables_of(third)) == (["T1"], ["T2"], ["T3"])

    outcome = block(house, "T1", "T2", start="17:00", end="22:00")

    assert outcome.moves == ()
    assert left_of(outcome) == [
        (first.reference, ("T1",), LeftReason.NO_OTHER_TABLE),
        (second.reference, ("T2",), LeftReason.NO_OTHER_TABLE),
    ]
    cancel_booking(booking_id=third.pk)
    again = block(house, "T1", "T2", start="17:00", end="22:15")
    assert moves_of(again) == [(first.reference, ("T1",), ("T3",))]
    assert left_of(again) == [(second.reference, ("T2",), LeftReason.NO_OTHER_TABLE)]


def test_a_party_at_a_combination_leaves_all_of_its_tables(house: Restaurant) -> None:
    pair = list(house.tables.filter(number__in=["T1", "T2"]))
    TableCombinationFactory(restaurant=house, tables=pair, min_party_size=5, max_party_size=8)
    TableFactory(restaurant=house, number="T9", capacity=8, min_party_size=7)
    party = book(house, EVENING, "19:00", 7, seating=None)
    BookingEvent.objects.all().delete()
    if tables_of(party) == ["T9"]:
        party.assignments.all().delete()
        TableAssignment.objects.bulk_create(
            TableAssignment(
                restaurant=house,
                booking=party,
                table=each,
                during=Range(party.starts_at, party.ends_at),
                assigned_by="test",
            )
            for each in pair
        )

    outcome = block(house, "T2")

    assert moves_of(outcome) == [(party.reference, ("T1", "T2"), ("T9",))]
    assert_sound(house)


def test_the_same_block_again_changes_nothing(house: Restaurant) -> None:
    pinned, movable = book(house, EVENING, "19:00", 2), book(house, EVENING, "20:30", 2)
    pin(pinned)
    first = block(house, "T1")
    before = list(TableAssignment.objects.order_by("pk").values()), BookingEvent.objects.count()

    again = block(house, "T1", actor=UserFactory(), reason="another word")

    assert (again.blocks, again.moves) == (first.blocks, ())
    assert left_of(again) == left_of(first) == [(pinned.reference, ("T1",), LeftReason.PINNED)]
    assert (list(TableAssignment.objects.order_by("pk").values()), BookingEvent.objects.count()) == before
    assert TableBlock.objects.get().reason == "leak"
    assert tables_of(movable) == ["T2"]


def test_a_section_is_blocked_table_by_table_without_its_retired_ones(house: Restaurant) -> None:
    patio = SectionFactory(restaurant=house, name="Patio")
    house.tables.filter(number__in=["T1", "T2"]).update(section=patio)
    TableFactory(restaurant=house, number="T8", section=patio, status="retired")
    party = book(house, EVENING, "19:00", 4)

    outcome = block_section(
        restaurant_id=house.pk, section_id=patio.pk, starts_at=at("18:00"), ends_at=at("22:00"), reason="rain"
    )

    assert [each.table.number for each in outcome.blocks] == ["T1", "T2"]
    assert moves_of(outcome) == [(party.reference, ("T1",), ("T3",))]
    assert party.events.get(kind=EventKind.RESEATED).reason == "T1 -> T3, Patio is blocked: rain"


def test_service_days_that_are_not_there_are_created_and_all_that_meet_are_locked(house: Restaurant) -> None:
    block(house, "T1", start="18:00", ends_at=at("18:30", days=2))

    days = ServiceDay.objects.filter(restaurant=house).order_by("business_date")
    assert [(day.business_date, day.version) for day in days] == [
        (EVENING + timedelta(days=each), 2) for each in range(3)
    ]


def test_a_block_outside_every_service_is_written_as_well(house: Restaurant) -> None:
    outcome = block(house, "T1", start="08:00", end="09:00")

    assert len(outcome.blocks) == 1
    assert not ServiceDay.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"ends_at": at("18:00")}, "endsAt", "order"),
        ({"ends_at": at("18:01", days=62)}, "endsAt", "too_long"),
        ({"starts_at": at("18:00", days=-400), "ends_at": at("18:00", days=-399)}, "endsAt", "past"),
        ({"reason": "  "}, "reason", "required"),
        ({"reason": "x" * 201}, "reason", "too_long"),
        ({"table_ids": []}, "tableIds", "unknown"),
        ({"table_ids": [0]}, "tableIds", "unknown"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    house: Restaurant, changes: dict[str, Any], field: str, code: str
) -> None:
    book(house, EVENING, "19:00", 2)
    before = list(TableAssignment.objects.values())

    with pytest.raises(InputInvalid) as refused:
        block(house, "T1", **changes)

    assert {name: [each["code"] for each in problems] for name, problems in refused.value.details.items()} == {
        field: [code]
    }
    assert not TableBlock.objects.exists()
    assert list(TableAssignment.objects.values()) == before


def test_sixty_two_days_are_allowed(house: Restaurant) -> None:
    materialize(house, EVENING)

    assert len(block(house, "T1", ends_at=at("18:00", days=62)).blocks) == 1


def test_a_table_or_section_of_another_restaurant_is_not_blocked(house: Restaurant) -> None:
    stranger, section = TableFactory(), SectionFactory()

    with pytest.raises(InputInvalid):
        block(house, "T1", table_ids=[table(house, "T1").pk, stranger.pk])
    with pytest.raises(RecordNotFound):
        block_section(
            restaurant_id=house.pk, section_id=section.pk, starts_at=at("18:00"), ends_at=at("22:00"), reason="leak"
        )

    assert not TableBlock.objects.exists()


def test_an_unblocked_table_is_given_out_again(house: Restaurant) -> None:
    house.tables.exclude(number="T1").update(status="out_of_service")
    (written,) = block(house, "T1").blocks
    with pytest.raises(CapacityExceeded):
        book(house, EVENING, "19:00", 2)

    gone = unblock_table(block_id=written.pk)

    assert (gone.pk, gone.table.number) == (written.pk, "T1")
    assert not TableBlock.objects.exists()
    assert tables_of(book(house, EVENING, "19:00", 2)) == ["T1"]
    with pytest.raises(RecordNotFound):
        unblock_table(block_id=written.pk)


def test_a_hold_that_is_over_is_freed_where_a_party_moves_to_its_table() -> None:
    house = open_restaurant(tables=2, timezone="Etc/UTC")
    party = book(house, EVENING, "19:00", 2)
    hold = BookingFactory(
        restaurant=house,
        business_date=EVENING,
        wall_time=time(19),
        status="held",
        expires_at=read_clock() - timedelta(minutes=1),
    )
    TableAssignment.objects.create(
        restaurant=house,
        booking=hold,
        table=table(house, "T2"),
        during=Range(hold.starts_at, hold.ends_at),
        assigned_by="test",
    )

    outcome = block(house, "T1")

    assert moves_of(outcome) == [(party.reference, ("T1",), ("T2",))]
    assert Booking.objects.get(pk=hold.pk).status == "expired"
    assert_sound(house)
