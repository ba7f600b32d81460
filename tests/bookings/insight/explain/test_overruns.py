"""The overrun radar: who sits past their time, which later bookings lose their table, and what saves them."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bookings.insight.explain.overruns import Overrun, OverrunReport, Rescue, list_overruns
from bookings.models import Booking, TableAssignment
from bookings.selectors.overview import list_restaurants_today
from capacity.selectors import read_clock
from config.errors import RecordNotFound
from tables.models import Restaurant, Table, TableBlock
from tests.helpers.admin_screens import text_of
from tests.helpers.factories import BookingFactory, TableCombinationFactory, materialize
from tests.helpers.seated_evening import bistro, give

pytestmark = pytest.mark.django_db(transaction=True)

TURN = timedelta(minutes=90)


@pytest.fixture
def now() -> datetime:
    return read_clock()


def open_house(now: datetime, *seats: int, **row: Any) -> Restaurant:
    """Make a house where it is about noon, so that now is far from the ends of its business date."""
    hours = (12 - now.hour) % 24
    zone = f"Etc/GMT{-hours if hours <= 12 else 24 - hours:+d}" if hours else "Etc/GMT"
    house = bistro(*seats, timezone=zone, **row)
    house.service_periods.update(start_time="08:00", last_seating="20:00", end_time="22:00")
    return house


def sit(house: Restaurant, now: datetime, ends_in: int, *numbers: str, **row: Any) -> Booking:
    """Seat a party of two whose time ends in so many minutes, at these tables."""
    return place(house, now, now + timedelta(minutes=ends_in) - TURN, *numbers, **{"status": "seated"} | row)


def expect(house: Restaurant, now: datetime, starts_in: int, *numbers: str, **row: Any) -> Booking:
    """Book a party of two that comes in so many minutes, to these tables."""
    return place(house, now, now + timedelta(minutes=starts_in), *numbers, **row)


def place(house: Restaurant, now: datetime, starts_at: datetime, *numbers: str, **row: Any) -> Booking:
    is_pinned = row.pop("is_pinned", False)
    today = now.astimezone(house.zone).date()
    day = house.service_days.filter(business_date=today).first() or materialize(house, today)[-1]
    booking: Booking = BookingFactory(service_day=day, starts_at=starts_at, **row)
    give(booking, *numbers, is_pinned=is_pinned)
    return booking


def radar(house: Restaurant) -> OverrunReport:
    return list_overruns(restaurant_id=house.pk)


def only(report: OverrunReport) -> Overrun:
    (overrun,) = report.overruns
    return overrun


def moves(report: OverrunReport) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(move.reference, move.from_tables, move.to_tables) for move in report.moves]


def test_nobody_is_late_where_nobody_is_past_their_time(now: datetime) -> None:
    house = open_house(now, 2, 2)
    sit(house, now, 40, "T1")
    expect(house, now, -30, "T2")

    assert (radar(house).overruns, radar(house).moves) == ((), ())


def test_a_seated_party_past_its_time_is_named_with_its_table_and_minutes(now: datetime) -> None:
    house = open_house(now, 4, 2)
    party = sit(house, now, -12, "T1", party_size=3)

    overrun = only(radar(house))

    assert (overrun.reference, overrun.party_size, overrun.tables) == (party.reference, 3, ("T1",))
    assert (overrun.minutes_over, overrun.is_over, overrun.later) == (12, True, ())
    assert overrun.stays_until > now + timedelta(minutes=14)


def test_who_ends_within_a_slot_is_marked_apart_and_hits_nobody_yet(now: datetime) -> None:
    house = open_house(now, 2, 2)
    sit(house, now, -3, "T1")
    soon = sit(house, now, 10, "T2")
    following = expect(house, now, 10, "T2")

    first, second = radar(house).overruns

    assert (first.is_over, second.is_over, second.reference) == (True, False, soon.reference)
    assert -10 <= second.minutes_over < 0
    assert second.stays_until == soon.ends_at
    assert [(each.reference, each.has_lost, each.rescue) for each in second.later] == [
        (following.reference, False, Rescue.NOT_NEEDED)
    ]


def test_the_next_booking_is_re_seated_and_the_one_after_it_keeps_its_table(now: datetime) -> None:
    house = open_house(now, 2, 4)
    sit(house, now, -5, "T1")
    following, last = expect(house, now, 5, "T1"), expect(house, now, 100, "T1")

    report = radar(house)

    hit, safe = only(report).later
    assert (hit.reference, hit.loses_at, hit.has_lost) == (following.reference, following.starts_at, False)
    assert (hit.rescue, hit.new_tables) == (Rescue.RESEATED, ("T2",))
    assert (safe.reference, safe.rescue, safe.new_tables) == (last.reference, Rescue.NOT_NEEDED, ())
    assert [move.text.partition("party")[2] for move in report.moves] == [" of 2 from T1 to T2"]
    assert moves(report) == [(following.reference, ("T1",), ("T2",))]


def test_others_move_to_make_room(now: datetime) -> None:
    house = open_house(now, 6, 6, 2, reseat_freeze_minutes=0)
    sit(house, now, -5, "T1", party_size=6)
    following, other = expect(house, now, 5, "T1", party_size=6), expect(house, now, 10, "T2")

    report = radar(house)

    assert moves(report) == [(following.reference, ("T1",), ("T2",)), (other.reference, ("T2",), ("T3",))]


def test_where_there_is_no_other_table_it_says_so(now: datetime) -> None:
    house = open_house(now, 2, 2)
    sit(house, now, -5, "T1")
    expect(house, now, 5, "T1")
    expect(house, now, 5, "T2", is_pinned=True)

    report = radar(house)

    assert [(each.rescue, each.new_tables) for each in only(report).later] == [(Rescue.NO_TABLE, ())]
    assert report.moves == ()


@pytest.mark.parametrize("row", [{"is_pinned": True}, {"status": "arrived"}])
def test_who_waits_for_a_table_that_is_gone_is_re_seated_whatever_fixed_it_there(
    now: datetime, row: dict[str, Any]
) -> None:
    house = open_house(now, 2, 2)
    sit(house, now, -20, "T1")
    waiting = expect(house, now, -10, "T1", **row)

    report = radar(house)

    (hit,) = only(report).later
    assert (hit.has_lost, hit.rescue) == (True, Rescue.RESEATED)
    assert moves(report) == [(waiting.reference, ("T1",), ("T2",))]
    assert report.moves[0].starts_at == waiting.starts_at


def test_a_party_that_sits_elsewhere_is_no_way_out(now: datetime) -> None:
    house = open_house(now, 2, 2)
    sit(house, now, -5, "T1")
    sit(house, now, 30, "T2")
    expect(house, now, 5, "T1")

    assert [each.rescue for each in only(radar(house)).later] == [Rescue.NO_TABLE]


def test_two_late_parties_do_not_count_on_each_others_tables(now: datetime) -> None:
    house = open_house(now, 2, 2, 2)
    sit(house, now, -9, "T1")
    sit(house, now, -5, "T2")
    first, second = expect(house, now, 5, "T1"), expect(house, now, 6, "T2")

    report = radar(house)

    assert [each.rescue for overrun in report.overruns for each in overrun.later] == [Rescue.RESEATED, Rescue.NO_TABLE]
    assert moves(report) == [(first.reference, ("T1",), ("T3",))]
    assert second.reference not in {move.reference for move in report.moves}


def test_a_booking_of_a_combination_loses_it_with_one_of_its_tables(now: datetime) -> None:
    house = open_house(now, 4, 4, 8)
    TableCombinationFactory(restaurant=house, tables=list(house.tables.filter(number__in=["T1", "T2"])))
    sit(house, now, -5, "T2")
    following = expect(house, now, 5, "T1", "T2", party_size=7)

    report = radar(house)

    assert only(report).later[0].tables == ("T1", "T2")
    assert moves(report) == [(following.reference, ("T1", "T2"), ("T3",))]


def test_the_buffer_is_needed_to_reset_the_table(now: datetime) -> None:
    house = open_house(now, 2, 2)
    sit(house, now, -15, "T1", buffer_minutes=10)
    following = expect(house, now, 20, "T1")

    (hit,) = only(radar(house)).later

    assert hit.loses_at == following.starts_at - timedelta(minutes=10)
    assert hit.rescue is Rescue.RESEATED


def test_after_hours_a_table_where_somebody_sits_is_no_way_out_either(now: datetime) -> None:
    house = open_house(now, 2, 2)
    house.service_periods.update(start_time="08:00", last_seating="08:00", end_time="09:00")
    sit(house, now, -5, "T1")
    sit(house, now, 45, "T2")
    expect(house, now, 5, "T1")

    assert [each.rescue for each in only(radar(house)).later] == [Rescue.NO_TABLE]


def test_a_block_stays_where_it_is(now: datetime) -> None:
    house = open_house(now, 2, 2)
    sit(house, now, -5, "T1")
    expect(house, now, 5, "T1")
    TableBlock.objects.create(
        restaurant=house,
        table=Table.objects.get(number="T2"),
        starts_at=now,
        ends_at=now + timedelta(hours=1),
        reason="paint",
    )

    assert [each.rescue for each in only(radar(house)).later] == [Rescue.NO_TABLE]


def test_a_hold_that_is_over_loses_nothing(now: datetime) -> None:
    house = open_house(now, 2, 2)
    sit(house, now, -5, "T1")
    expect(house, now, 5, "T1", status="held", expires_at=now - timedelta(minutes=1))

    assert only(radar(house)).later == ()


def test_a_party_of_another_evening_was_only_forgotten(now: datetime) -> None:
    house = open_house(now, 2, 2)
    party = sit(house, now, -5, "T1")
    Booking.objects.filter(pk=party.pk).update(business_date=party.business_date - timedelta(days=2))

    assert radar(house).overruns == ()


def test_nothing_is_written(now: datetime) -> None:
    house = open_house(now, 2, 2)
    sit(house, now, -5, "T1")
    expect(house, now, 5, "T1")
    before = list(TableAssignment.objects.order_by("pk").values())

    radar(house)

    assert list(TableAssignment.objects.order_by("pk").values()) == before


def test_an_unknown_restaurant_is_not_found() -> None:
    with pytest.raises(RecordNotFound):
        list_overruns(restaurant_id=0)


def test_the_number_of_queries_does_not_depend_on_how_many_are_late(
    now: datetime, django_assert_num_queries: Any
) -> None:
    house = open_house(now, 2, 2, 2, 2)
    sit(house, now, 40, "T4")
    with django_assert_num_queries(2):
        radar(house)
    sit(house, now, -5, "T1")
    expect(house, now, 5, "T1")
    with django_assert_num_queries(10):
        radar(house)
    sit(house, now, -5, "T2")
    expect(house, now, 5, "T2")

    with django_assert_num_queries(9):
        radar(house)


# The command


def run(*arguments: str) -> str:
    said = StringIO()
    call_command("list_overruns", *arguments, stdout=said)
    return said.getvalue()


def test_the_command_says_who_is_late_whom_it_hits_and_what_saves_them(now: datetime) -> None:
    house = open_house(now, 2, 2)
    late = sit(house, now, -5, "T1")
    following = expect(house, now, 5, "T1")

    def clock(instant: datetime) -> str:
        return f"{instant.astimezone(house.zone):%H:%M}"

    assert run("--restaurant", "bistro").splitlines() == [
        f"T1: {late.reference}, party of 2, 5 minutes over since {clock(late.ends_at)}",
        f"  {following.reference}, party of 2 at {clock(following.starts_at)} loses T1 at "
        f"{clock(following.starts_at)}: T2 instead",
        "What saves them:",
        f"  move the {clock(following.starts_at)} party of 2 from T1 to T2 ({following.reference})",
    ]


def test_the_command_says_that_nobody_is_late(now: datetime) -> None:
    open_house(now, 2)

    assert run("--restaurant", "bistro") == "Nobody sits past their time.\n"


def test_the_command_prints_json(now: datetime) -> None:
    house = open_house(now, 2)
    late = sit(house, now, -5, "T1")

    answer = json.loads(run("--restaurant", "bistro", "--json"))

    assert [(each["reference"], each["minutesOver"]) for each in answer["overruns"]] == [(late.reference, 5)]


def test_the_command_lists_the_restaurants_there_are(now: datetime) -> None:
    open_house(now, 2)

    with pytest.raises(CommandError, match="No restaurant 'nowhere'; there are: bistro"):
        run("--restaurant", "nowhere")


# The first page of the admin


def test_the_first_page_shows_who_is_late_and_who_comes_next(admin_client: Any, now: datetime) -> None:
    house = open_house(now, 2, 2)
    late = sit(house, now, -5, "T1")
    following = expect(house, now, 5, "T1")

    page = text_of(admin_client.get("/admin/"))

    wall_time = f"{following.starts_at.astimezone(house.zone):%H:%M}"
    assert f"T1: {late.reference}, party of 2, 5 minutes over; next is {following.reference} at {wall_time}" in page


def test_the_first_page_is_silent_where_nobody_is_late(admin_client: Any, now: datetime) -> None:
    sit(open_house(now, 2), now, 30, "T1")

    assert "Past their time" not in text_of(admin_client.get("/admin/"))


def test_the_overview_looks_for_late_parties_of_all_restaurants_at_once(
    now: datetime, django_assert_num_queries: Any
) -> None:
    house = open_house(now, 2, 2, 2)
    sit(house, now, -5, "T1")
    sit(house, now, -7, "T2")
    expect(house, now, 5, "T1")

    with django_assert_num_queries(6):
        (at,) = list_restaurants_today([house.pk])

    assert [(each.table, each.minutes_over, each.next_reference is None) for each in at.running_over] == [
        ("T2", 7, True),
        ("T1", 5, False),
    ]
