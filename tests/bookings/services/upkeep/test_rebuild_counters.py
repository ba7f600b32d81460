"""Repair of counters: what drifted is set right and named, what is overbooked is left and named."""

import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.models import Booking, CapacityOverride
from bookings.services import cancel_booking, rebuild_counters, save_settings_row
from bookings.services.upkeep.counter_repair import CounterRepairs
from capacity.locks import lock_service_days
from capacity.models import BookingSlot, ServiceDay
from config.transactions import settings_transaction
from tables.models import Restaurant
from tests.helpers.factories import BookingFactory, CapacityRuleFactory, days_ahead, materialize, open_restaurant
from tests.helpers.planted_faults import book, brief, run_audit, write
from tests.helpers.stopping_points import wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = days_ahead()
DAY_COUNTERS = ("booked_covers", "booked_parties")
SLOT_COUNTERS = ("starting_covers", "starting_parties", "present_covers", "present_parties")
LIMITS = dict.fromkeys(("max_covers", "max_parties", "pacing_covers", "occupancy_covers"), 100)


def limited(**limits: int) -> Restaurant:
    restaurant = open_restaurant()
    CapacityRuleFactory(restaurant=restaurant, **limits)
    return restaurant


def shadowed(**limits: int) -> Restaurant:
    restaurant = limited(**limits)
    restaurant.enforcement = "shadow"
    save_settings_row(row=restaurant)
    return restaurant


def stored() -> list[tuple[Any, ...]]:
    """Return everything that a repair may touch."""
    return [
        *ServiceDay.objects.order_by("pk").values_list("pk", *DAY_COUNTERS, "excess_covers", "excess_parties"),
        *BookingSlot.objects.order_by("pk").values_list(
            "pk", "version", *SLOT_COUNTERS, "excess_pacing_covers", "excess_occupancy_covers"
        ),
    ]


def said(repairs: CounterRepairs) -> list[tuple[int, datetime | None, str, int, int]]:
    return [
        (each.service_day.pk, each.slot_starts_at, each.column, each.before, each.after) for each in repairs.changes
    ]


def test_counters_that_are_right_are_not_touched() -> None:
    book(limited(**LIMITS), EVENING)
    before = stored()

    repairs = rebuild_counters()

    assert repairs == CounterRepairs(service_days=1)
    assert stored() == before


@pytest.mark.parametrize("wrong", [0, 7])
def test_each_counter_is_repaired_and_named(wrong: int) -> None:
    booking = book(limited(**LIMITS), EVENING)
    slot = BookingSlot.objects.get(starts_at=booking.starts_at)
    right = stored()
    ServiceDay.objects.update(**dict.fromkeys(DAY_COUNTERS, wrong))
    BookingSlot.objects.filter(pk=slot.pk).update(**dict.fromkeys(SLOT_COUNTERS, wrong))

    repairs = rebuild_counters()

    day = booking.service_day_id
    assert said(repairs) == [
        (day, None, "booked_covers", wrong, 2),
        (day, None, "booked_parties", wrong, 1),
        (day, slot.starts_at, "starting_covers", wrong, 2),
        (day, slot.starts_at, "starting_parties", wrong, 1),
        (day, slot.starts_at, "present_covers", wrong, 2),
        (day, slot.starts_at, "present_parties", wrong, 1),
    ]
    assert [row[2:] for row in stored()] == [row[2:] for row in right]
    assert run_audit().is_clean
    assert rebuild_counters().changes == ()


def test_a_dry_run_says_the_same_and_writes_nothing() -> None:
    booking = book(limited(**LIMITS), EVENING)
    write("UPDATE capacity_serviceday SET booked_covers = 9 WHERE id = %s", booking.service_day_id)
    before = stored(), ServiceDay.objects.get().version

    planned = rebuild_counters(is_dry_run=True)

    assert (stored(), ServiceDay.objects.get().version) == before
    assert said(rebuild_counters()) == said(planned) != []


def test_a_repair_raises_the_versions_of_what_it_touches() -> None:
    booking = book(limited(**LIMITS), EVENING)
    slot = BookingSlot.objects.get(starts_at=booking.starts_at)
    write("UPDATE booking_slots SET present_covers = 9 WHERE id = %s", slot.pk)
    version = ServiceDay.objects.get().version

    rebuild_counters()

    assert ServiceDay.objects.get().version == version + 1
    assert BookingSlot.objects.get(pk=slot.pk).version == slot.version + 1


def test_restaurant_and_first_date_narrow_the_repair() -> None:
    first, second = book(limited(), EVENING), book(limited(), EVENING)
    ServiceDay.objects.update(booked_covers=9)

    assert rebuild_counters(from_date=EVENING + timedelta(days=1)).service_days == 0
    assert said(rebuild_counters(restaurant_id=second.restaurant_id)) == [
        (second.service_day_id, None, "booked_covers", 9, 2)
    ]
    assert said(rebuild_counters()) == [(first.service_day_id, None, "booked_covers", 9, 2)]


def test_dates_before_yesterday_are_repaired_on_request() -> None:
    long_ago = datetime.now(UTC).date() - timedelta(days=9)
    (day,) = materialize(open_restaurant(), long_ago)
    ServiceDay.objects.update(booked_covers=9)

    assert rebuild_counters().changes == ()
    assert said(rebuild_counters(from_date=long_ago)) == [(day.pk, None, "booked_covers", 9, 0)]


def test_a_stay_counts_in_the_slots_of_the_next_date_too() -> None:
    restaurant = open_restaurant()
    (day,) = materialize(restaurant, EVENING + timedelta(days=1))
    BookingFactory(restaurant=restaurant, business_date=EVENING, turn_minutes=1440)
    BookingSlot.objects.filter(service_day=day).update(present_covers=0)

    rebuild_counters(from_date=day.business_date)

    assert run_audit().is_clean
    assert BookingSlot.objects.filter(service_day=day, present_covers=2).exists()


def test_a_hold_that_is_over_keeps_its_place_until_it_is_freed() -> None:
    restaurant = limited(max_covers=2)
    hold = BookingFactory(
        restaurant=restaurant,
        business_date=EVENING,
        status="held",
        expires_at=datetime.now(UTC) - timedelta(minutes=1),
    )
    write("UPDATE capacity_serviceday SET booked_covers = 0 WHERE id = %s", hold.service_day_id)

    rebuild_counters()

    assert run_audit().is_clean
    book(restaurant, EVENING)
    assert run_audit().is_clean
    assert ServiceDay.objects.get().booked_covers == 2


# Excess


def test_excess_falls_with_its_counter() -> None:
    restaurant = shadowed(max_covers=4)
    book(restaurant, EVENING, party_size=4)
    second = book(restaurant, EVENING, party_size=3)
    # Gone behind the engine's back: counters and excess stay.
    Booking.objects.filter(pk=second.pk).update(status="cancelled")

    repairs = rebuild_counters()

    assert (second.service_day_id, None, "booked_covers", 7, 4) in said(repairs)
    assert (second.service_day_id, None, "excess_covers", 3, 0) in said(repairs)
    assert run_audit().is_clean


def test_excess_comes_back_as_far_as_it_was_authorised() -> None:
    restaurant = shadowed(max_covers=4, pacing_covers=4)
    book(restaurant, EVENING, party_size=4)
    book(restaurant, EVENING, party_size=3)
    right = [row[2:] for row in stored()]
    ServiceDay.objects.update(booked_covers=0, excess_covers=0)
    BookingSlot.objects.update(starting_covers=0, excess_pacing_covers=0)

    assert rebuild_counters().left == ()

    assert [row[2:] for row in stored()] == right
    assert run_audit().is_clean


def test_an_overbooking_is_left_alone_and_named() -> None:
    first = book(limited(max_covers=4, pacing_covers=100), EVENING, party_size=4)
    BookingFactory(service_day=first.service_day, party_size=2, is_counted=False)

    repairs = rebuild_counters()

    (left,) = repairs.left
    assert (left.service_day.pk, left.slot_starts_at, left.code) == (first.service_day_id, None, "SERVICE_COVERS")
    assert (left.counted, left.limit, left.authorised) == (6, 4, 0)
    day = ServiceDay.objects.get()
    assert (day.booked_covers, day.booked_parties, day.excess_covers) == (4, 1, 0)
    # The slots pass no limit: they are repaired.
    assert {change.column for change in repairs.changes} == set(SLOT_COUNTERS)
    report = run_audit()
    assert brief(report.overbookings) == ["SERVICE_COVERS"]
    assert set(brief(report.problems)) == {"COUNTER_DRIFT"}


def test_an_excess_whose_override_is_gone_is_named_too() -> None:
    restaurant = shadowed(max_covers=4)
    book(restaurant, EVENING, party_size=6)
    CapacityOverride.objects.all().delete()
    before = stored()

    repairs = rebuild_counters()

    assert [each.code for each in repairs.left] == ["SERVICE_COVERS"]
    assert stored() == before


def test_what_was_authorised_for_a_party_who_cancelled_authorises_nobody_else() -> None:
    restaurant = shadowed(max_covers=4)
    authorised = book(restaurant, EVENING, party_size=6)
    cancel_booking(booking_id=authorised.pk)
    BookingFactory(service_day=authorised.service_day, party_size=6, is_counted=False)

    assert [each.code for each in rebuild_counters().left] == ["SERVICE_COVERS"]


# Beside others


def test_a_repair_waits_for_a_booking_and_counts_it() -> None:
    booking = book(limited(**LIMITS), EVENING)
    write("UPDATE capacity_serviceday SET booked_covers = 9 WHERE id = %s", booking.service_day_id)
    is_locked, may_commit = threading.Event(), threading.Event()
    found: list[CounterRepairs] = []

    @settings_transaction
    def grow() -> None:
        lock_service_days([booking.service_day_id])
        Booking.objects.filter(pk=booking.pk).update(party_size=5)
        is_locked.set()
        assert may_commit.wait(timeout=30)

    growing = _thread(grow)
    assert is_locked.wait(timeout=30)
    repairing = _thread(lambda: found.append(rebuild_counters()))
    wait_until_blocked()
    may_commit.set()
    for thread in (growing, repairing):
        thread.join(timeout=30)
        assert not thread.is_alive()

    assert (booking.service_day_id, None, "booked_covers", 9, 5) in said(found[0])


def _thread(work: Any) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def house(transactional_db: None) -> Restaurant:
    restaurant = shadowed(max_covers=10, pacing_covers=6, occupancy_covers=8)
    for at, size in (("17:00", 2), ("18:00", 6), ("18:00", 3), ("19:15", 4), ("21:30", 8)):
        book(restaurant, EVENING, at, size)
    return restaurant


# What the constraints let pass: a counter of a slot at or below every limit.
drifts = st.lists(
    st.tuples(st.sampled_from(SLOT_COUNTERS), st.integers(0, 18), st.integers(0, 6)), min_size=1, max_size=5
)


@pytest.mark.fuzz
# Each example ends as it began: everything is right.
@settings(
    max_examples=max(30, settings().max_examples // 10), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drifted=drifts, covers=st.integers(0, 10), excess=st.integers(0, 30))
def test_whatever_drifted_a_repair_brings_back_what_the_engine_wrote(
    house: Restaurant, drifted: list[tuple[str, int, int]], covers: int, excess: int
) -> None:
    right = [(row[0], *row[2:]) for row in stored()[1:]]
    slots = list(BookingSlot.objects.order_by("pk").values_list("pk", flat=True))
    for counter, number, value in drifted:
        BookingSlot.objects.filter(pk=slots[number]).update(**{counter: value})
    ServiceDay.objects.update(booked_covers=covers, excess_covers=excess)

    repairs = rebuild_counters(restaurant_id=house.pk)

    assert repairs.left == ()
    assert [(row[0], *row[2:]) for row in stored()[1:]] == right
    day = ServiceDay.objects.get()
    assert (day.booked_covers, day.excess_covers) == (23, 13)
    assert run_audit().is_clean


# The command


def command(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("rebuild_counters", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_the_command_says_what_it_changed() -> None:
    booking = book(limited(**LIMITS), EVENING)
    write("UPDATE capacity_serviceday SET booked_covers = 9 WHERE id = %s", booking.service_day_id)
    place = f"{EVENING} service day {booking.service_day_id}"
    slug = booking.restaurant.slug

    assert command("--dry-run") == (
        0,
        f"{slug}: 1 service day, 1 value would change\n  {place}: booked_covers from 9 to 2\n",
        "",
    )
    assert command("--restaurant", slug) == (
        0,
        f"{slug}: 1 service day, 1 value changed\n  {place}: booked_covers from 9 to 2\n",
        "",
    )
    assert command("--from", str(EVENING)) == (0, f"{slug}: 1 service day, 0 values changed\n", "")


def test_the_command_ends_with_1_and_a_way_out_over_an_overbooking() -> None:
    first = book(limited(max_covers=4), EVENING, party_size=4)
    BookingFactory(service_day=first.service_day, party_size=2, is_counted=False)

    code, out, err = command()

    assert code == 1
    assert "left alone, SERVICE_COVERS counted 6, limit 4, authorised above it 0" in out
    assert "Cancel or move" in err


def test_the_command_names_the_restaurants_that_there_are() -> None:
    restaurant = open_restaurant()

    with pytest.raises(CommandError, match=restaurant.slug):
        command("--restaurant", "nobody")
    with pytest.raises(CommandError, match="write it as 2026-12-24"):
        command("--from", "24.12.2026")
