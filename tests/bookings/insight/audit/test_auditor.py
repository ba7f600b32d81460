"""The auditor on the counts: what is right it leaves alone, each kind of wrong it names with exact ids."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from bookings.models import Booking, CapacityOverride
from bookings.services import cancel_booking, save_settings_row
from capacity.models import BookingSlot, CapacityRule, ServiceDay
from tables.models import Restaurant
from tests.helpers.factories import (
    BookingFactory,
    CapacityRuleFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    days_ahead,
    materialize,
    open_restaurant,
)
from tests.helpers.planted_faults import book, brief, constraint_dropped, ids, run_audit, write

pytestmark = pytest.mark.django_db(transaction=True)

COUNTERS = [
    ("capacity_serviceday", "booked_covers", "SERVICE_COVERS"),
    ("capacity_serviceday", "booked_parties", "SERVICE_PARTIES"),
    ("booking_slots", "starting_covers", "PACING_COVERS"),
    ("booking_slots", "starting_parties", "PACING_PARTIES"),
    ("booking_slots", "present_covers", "OCCUPANCY_COVERS"),
    ("booking_slots", "present_parties", "OCCUPANCY_PARTIES"),
]
LIMITS = [
    ("capacity_serviceday", "max_covers", "SERVICE_COVERS"),
    ("capacity_serviceday", "max_parties", "SERVICE_PARTIES"),
    ("booking_slots", "pacing_covers", "PACING_COVERS"),
    ("booking_slots", "pacing_parties", "PACING_PARTIES"),
    ("booking_slots", "occupancy_covers", "OCCUPANCY_COVERS"),
    ("booking_slots", "occupancy_parties", "OCCUPANCY_PARTIES"),
]
ALL_LIMITS = {column: 100 for _, column, _ in LIMITS}
EVENING = days_ahead()


def limited(**limits: int) -> Restaurant:
    restaurant = open_restaurant()
    CapacityRuleFactory(restaurant=restaurant, **limits)
    return restaurant


def shadowed(**limits: int) -> Restaurant:
    restaurant = limited(**limits)
    restaurant.enforcement = "shadow"
    save_settings_row(row=restaurant)
    return restaurant


def slot_at(booking: Booking) -> BookingSlot:
    return BookingSlot.objects.get(restaurant=booking.restaurant, starts_at=booking.starts_at)


# What is right


def test_an_empty_database_has_nothing_to_find() -> None:
    report = run_audit()

    assert report.is_clean
    assert report.as_json()["hasOverbooking"] is False
    assert report.checked == {"restaurants": 0}


def test_what_the_engine_writes_adds_up() -> None:
    restaurant = limited(**ALL_LIMITS)
    ServicePeriodFactory(
        restaurant=restaurant, name="Late", start_time=time(23, 0), last_seating=time(1, 0), end_time=time(2, 0)
    )
    for at, size in (("17:00", 2), ("19:00", 6), ("21:30", 8), ("23:00", 2), ("01:00", 1)):
        book(restaurant, EVENING, at, size)
    cancel_booking(booking_id=book(restaurant, EVENING, "19:15", 4).pk)

    report = run_audit()

    assert report.is_clean
    assert (report.authorised_excess, report.notes) == ([], [])
    assert report.checked["bookings"] == 6
    assert report.checked["serviceDays"] == ServiceDay.objects.count()
    assert report.checked["slots"] == BookingSlot.objects.count()


def test_a_restaurant_without_rules_or_tables_or_slots_is_audited_like_any_other() -> None:
    legacy = BookingFactory()
    BookingSlot.objects.all().delete()

    assert run_audit().is_clean

    write("UPDATE capacity_serviceday SET booked_covers = 3 WHERE id = %s", legacy.service_day_id)
    (problem,) = run_audit().problems
    assert problem.kind == "COUNTER_DRIFT"
    assert (problem.facts["stored"], problem.facts["counted"]) == (3, 2)


def test_a_stay_outside_every_slot_counts_in_its_service_only() -> None:
    day = materialize(open_restaurant(), EVENING)[0]
    first = BookingSlot.objects.filter(service_day=day).earliest("starts_at")

    BookingFactory(service_day=day, starts_at=first.starts_at - timedelta(hours=3))

    assert run_audit().is_clean


def test_a_stay_counts_as_present_in_the_next_service_too() -> None:
    restaurant = open_restaurant()
    ServicePeriodFactory(
        restaurant=restaurant, name="Night", start_time=time(23, 0), last_seating=time(1, 0), end_time=time(2, 0)
    )
    booking = book(restaurant, EVENING, "21:30", 8)
    night = BookingSlot.objects.get(
        service_day__service_period__name="Night",
        starts_at__hour__gte=0,
        present_covers=8,
        starts_at=booking.starts_at + timedelta(minutes=90),
    )

    assert run_audit().is_clean

    write("UPDATE booking_slots SET present_parties = 0 WHERE id = %s", night.pk)
    (problem,) = run_audit().problems
    assert (problem.facts["slotId"], problem.facts["limitKind"]) == (night.pk, "OCCUPANCY_PARTIES")


def test_slots_of_another_length_elsewhere_change_nothing() -> None:
    book(open_restaurant(slot_minutes=60), EVENING)

    book(open_restaurant(slot_minutes=15), EVENING)

    assert run_audit().is_clean


# Counters, limits, excess that are off


@pytest.mark.parametrize(("table", "column", "kind"), COUNTERS)
@pytest.mark.parametrize("by", [-1, 1])
def test_a_counter_that_is_off_is_found(table: str, column: str, kind: str, by: int) -> None:
    booking = book(limited(**ALL_LIMITS), EVENING)
    slot = slot_at(booking)
    row = slot.service_day_id if table == "capacity_serviceday" else slot.pk

    write(f"UPDATE {table} SET {column} = {column} + %s WHERE id = %s", by, row)  # noqa: S608 - names of this test

    report = run_audit()
    (problem,) = report.problems
    counted = 2 if column.endswith("covers") else 1
    assert problem.kind == "COUNTER_DRIFT"
    assert problem.facts["limitKind"] == kind
    assert problem.facts["serviceDayId"] == slot.service_day_id
    assert problem.facts.get("slotId") == (slot.pk if table == "booking_slots" else None)
    assert (problem.facts["stored"], problem.facts["counted"]) == (counted + by, counted)
    assert not report.has_overbooking


@pytest.mark.parametrize(("table", "column", "kind"), LIMITS)
@pytest.mark.parametrize("stored", [None, 99, 101])
def test_a_stored_limit_that_is_not_that_of_the_rules_is_found(
    table: str, column: str, kind: str, stored: int | None
) -> None:
    day = materialize(limited(**ALL_LIMITS), EVENING)[0]
    row = day.pk if table == "capacity_serviceday" else day.slots.earliest("starts_at").pk

    write(f"UPDATE {table} SET {column} = %s WHERE id = %s", stored, row)  # noqa: S608 - names of this test

    (problem,) = run_audit().problems
    assert problem.kind == "LIMIT_DRIFT"
    assert problem.facts["limitKind"] == kind
    assert (problem.facts["stored"], problem.facts["byRules"]) == (stored, 100)


def test_a_rule_changed_behind_the_engine_makes_every_slot_drift() -> None:
    restaurant = limited(pacing_covers=10)
    (day,) = materialize(restaurant, EVENING)

    CapacityRule.objects.update(pacing_covers=9)

    assert brief(run_audit().problems) == ["LIMIT_DRIFT"] * day.slots.count()


def test_a_rule_changed_after_the_service_is_a_note() -> None:
    restaurant = limited(max_covers=10)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    materialize(restaurant, yesterday - timedelta(days=1))

    CapacityRule.objects.update(max_covers=9)

    report = run_audit(from_date=yesterday - timedelta(days=1), to_date=yesterday - timedelta(days=1))
    assert report.is_clean
    assert brief(report.notes) == ["RULES_CHANGED_SINCE"]
    assert report.notes[0].facts == {"limits": 1}


def test_an_excess_that_nobody_needs_is_found() -> None:
    booking = book(limited(max_covers=100), EVENING)
    CapacityOverride.objects.create(
        restaurant=booking.restaurant,
        service_day=booking.service_day,
        limit="SERVICE_COVERS",
        amount=5,
        source="staff",
        reason="A table was brought in",
    )

    write("UPDATE capacity_serviceday SET excess_covers = 5 WHERE id = %s", booking.service_day_id)

    (problem,) = run_audit().problems
    assert problem.kind == "EXCESS_DRIFT"
    assert (problem.facts["stored"], problem.facts["aboveLimit"]) == (5, 0)


# Above a limit


def test_excess_that_shadow_mode_authorised_is_reported_apart() -> None:
    restaurant = shadowed(max_covers=4, pacing_parties=1)
    book(restaurant, EVENING, party_size=4)
    book(restaurant, EVENING, party_size=3)

    report = run_audit()

    assert report.is_clean
    assert not report.has_overbooking
    service, *pacing = report.authorised_excess
    assert (service.kind, service.facts["limit"], service.facts["counted"]) == ("SERVICE_COVERS", 4, 7)
    assert service.facts["authorised"] == 3
    assert brief(pacing) == ["PACING_PARTIES"]


def test_excess_that_a_lower_limit_left_is_reported_apart() -> None:
    restaurant = limited(max_covers=10, occupancy_covers=10)
    book(restaurant, EVENING, party_size=8)
    rule = CapacityRule.objects.get()
    rule.max_covers, rule.occupancy_covers = 5, 6

    save_settings_row(row=rule)

    report = run_audit()
    assert report.is_clean
    assert {(each.kind, each.facts["authorised"]) for each in report.authorised_excess} == {
        ("SERVICE_COVERS", 3),
        ("OCCUPANCY_COVERS", 2),
    }


def test_excess_without_its_override_is_an_overbooking_with_the_bookings() -> None:
    restaurant = shadowed(max_covers=4)
    first, second = book(restaurant, EVENING, party_size=4), book(restaurant, EVENING, "20:00", 3)

    CapacityOverride.objects.all().delete()

    report = run_audit()
    (overbooking,) = report.overbookings
    assert overbooking.kind == "SERVICE_COVERS"
    assert overbooking.facts["serviceDayId"] == first.service_day_id
    assert overbooking.facts["beyond"] == 3
    assert overbooking.facts["bookings"] == [
        {"id": first.pk, "reference": first.reference, "partySize": 4, "isBeyond": False},
        {"id": second.pk, "reference": second.reference, "partySize": 3, "isBeyond": True},
    ]
    assert brief(report.problems) == ["EXCESS_NOT_AUTHORISED"]


def test_an_excess_covered_in_part_is_both() -> None:
    restaurant = shadowed(max_covers=4)
    book(restaurant, EVENING, party_size=4)
    book(restaurant, EVENING, party_size=3)

    CapacityOverride.objects.update(amount=1)

    report = run_audit()
    assert [each.facts["beyond"] for each in report.overbookings] == [2]
    assert [each.facts["authorised"] for each in report.authorised_excess] == [1]


def test_what_was_authorised_for_a_party_who_cancelled_covers_nobody_else() -> None:
    restaurant = shadowed(max_covers=4)
    book(restaurant, EVENING, party_size=4)
    authorised = book(restaurant, EVENING, party_size=3)
    other = book(restaurant, EVENING, party_size=3)
    CapacityOverride.objects.filter(booking=other).delete()

    cancel_booking(booking_id=authorised.pk)

    (overbooking,) = run_audit().overbookings
    assert overbooking.facts["beyond"] == 3
    assert ids(overbooking)[-1] == other.pk


def test_an_override_of_another_limit_slot_or_day_covers_nothing() -> None:
    restaurant = shadowed(pacing_covers=4)
    book(restaurant, EVENING, party_size=4)
    second = book(restaurant, EVENING, party_size=1)
    moved = CapacityOverride.objects.get()

    for change in (
        {"limit": "PACING_PARTIES"},
        {"slot_starts_at": second.starts_at + timedelta(minutes=15)},
        {"slot_starts_at": None},
    ):
        CapacityOverride.objects.update(**change)
        assert brief(run_audit().overbookings) == ["PACING_COVERS"]
        moved.save()
    assert run_audit().is_clean


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        ({"max_covers": 4}, "SERVICE_COVERS"),
        ({"max_parties": 1}, "SERVICE_PARTIES"),
        ({"pacing_covers": 4}, "PACING_COVERS"),
        ({"pacing_parties": 1}, "PACING_PARTIES"),
    ],
)
def test_a_booking_written_behind_the_engine_is_an_overbooking(limits: dict[str, int], kind: str) -> None:
    first = book(limited(**limits), EVENING, party_size=4)

    rogue = BookingFactory(service_day=first.service_day, party_size=2, is_counted=False)

    report = run_audit()
    (overbooking,) = report.overbookings
    assert overbooking.kind == kind
    assert ids(overbooking) == [first.pk, rogue.pk]
    assert [each["isBeyond"] for each in overbooking.facts["bookings"]] == [False, True]
    assert set(brief(report.problems)) == {"COUNTER_DRIFT"}


def test_only_the_bookings_of_the_slot_are_named() -> None:
    first = book(limited(pacing_covers=4), EVENING, "19:00", 4)
    book(first.restaurant, EVENING, "18:45", 4)
    book(first.restaurant, EVENING, "19:15", 4)

    rogue = BookingFactory(service_day=first.service_day, party_size=2, is_counted=False)

    (overbooking,) = run_audit().overbookings
    assert ids(overbooking) == [first.pk, rogue.pk]


def test_only_those_present_in_the_slot_are_named() -> None:
    # Both stay for 90 minutes: one leaves when the others come, one comes when they leave.
    house = limited(occupancy_covers=4)
    before, after = book(house, EVENING, "17:30", 2), book(house, EVENING, "19:15", 2)
    BookingFactory(service_day=before.service_day, wall_time=time(21, 15), turn_minutes=200, party_size=1)
    crowd = [
        BookingFactory(service_day=before.service_day, turn_minutes=15, party_size=3, is_counted=False)
        for _ in range(2)
    ]

    (overbooking,) = run_audit().overbookings
    assert overbooking.facts["startsAt"] == crowd[0].starts_at == before.ends_at
    assert crowd[0].ends_at == after.starts_at
    assert ids(overbooking) == [booking.pk for booking in crowd]


def test_a_hold_that_is_over_is_not_named() -> None:
    restaurant = limited(max_covers=4)
    over = held(restaurant, minutes=-1)
    first = book(restaurant, EVENING, party_size=4)
    assert Booking.objects.get(pk=over.pk).status == "expired"
    Booking.objects.filter(pk=over.pk).update(status="held")

    rogue = BookingFactory(service_day=first.service_day, party_size=1, is_counted=False)

    (overbooking,) = run_audit().overbookings
    assert ids(overbooking) == [first.pk, rogue.pk]


def test_parties_present_together_pass_the_limit_in_the_slots_where_they_meet() -> None:
    first = book(limited(occupancy_covers=4), EVENING, "19:00", 4)

    rogue = BookingFactory(service_day=first.service_day, wall_time=time(20, 45), party_size=2, is_counted=False)

    overbookings = run_audit().overbookings
    assert brief(overbookings) == ["OCCUPANCY_COVERS"]
    assert overbookings[0].facts["startsAt"] == rogue.starts_at
    assert ids(overbookings[0]) == [first.pk, rogue.pk]


def test_a_limit_at_its_brim_is_no_overbooking() -> None:
    restaurant = limited(max_covers=4, max_parties=2, pacing_covers=4, occupancy_covers=4)

    book(restaurant, EVENING, party_size=2)
    book(restaurant, EVENING, party_size=2)

    assert run_audit().is_clean


def test_an_overbooking_is_found_without_any_constraint() -> None:
    first = book(limited(max_covers=4), EVENING, party_size=4)

    with constraint_dropped("capacity_serviceday", "service_day_covers_within_limit"):
        second = BookingFactory(service_day=first.service_day)
        report = run_audit()

    (overbooking,) = report.overbookings
    assert (overbooking.kind, ids(overbooking)) == ("SERVICE_COVERS", [first.pk, second.pk])
    assert brief(report.problems) == ["EXCESS_DRIFT"]


# Holds


def held(restaurant: Restaurant, *, minutes: int, **rest: object) -> Booking:
    return BookingFactory(
        restaurant=restaurant,
        business_date=EVENING,
        status="held",
        expires_at=datetime.now(UTC) + timedelta(minutes=minutes),
        **rest,
    )


def test_a_hold_that_is_over_stays_in_the_counters_until_it_is_freed() -> None:
    hold = held(limited(**ALL_LIMITS), minutes=-1)

    assert run_audit().is_clean

    write("UPDATE capacity_serviceday SET booked_covers = 0 WHERE id = %s", hold.service_day_id)
    assert brief(run_audit().problems) == ["COUNTER_DRIFT"]


@pytest.mark.parametrize(("minutes", "overbookings"), [(-1, []), (60, ["SERVICE_COVERS"])])
def test_a_hold_passes_a_limit_only_while_it_lasts(minutes: int, overbookings: list[str]) -> None:
    restaurant = limited(max_covers=4)
    book(restaurant, EVENING, party_size=4)

    held(restaurant, minutes=minutes, is_counted=False)

    assert brief(run_audit().overbookings) == overbookings


def test_an_excess_of_a_hold_that_is_over_must_have_been_authorised_too() -> None:
    restaurant = shadowed(max_covers=4)
    hold = book(restaurant, EVENING, party_size=6)
    Booking.objects.filter(pk=hold.pk).update(status="held", expires_at=datetime.now(UTC) - timedelta(minutes=1))

    assert run_audit().is_clean

    CapacityOverride.objects.all().delete()
    report = run_audit()
    assert report.overbookings == []
    assert brief(report.problems) == ["EXCESS_NOT_AUTHORISED"]


# Scope and snapshot


def test_restaurant_and_dates_narrow_the_audit() -> None:
    first, second = limited(max_covers=4), limited(max_covers=4)
    wrong = [
        BookingFactory(restaurant=each, business_date=EVENING, party_size=5, is_counted=False)
        for each in (first, second)
    ]
    later = EVENING + timedelta(days=1)

    assert [ids(each) for each in run_audit(first).overbookings] == [[wrong[0].pk]]
    assert run_audit(first, from_date=later).is_clean
    assert run_audit(to_date=EVENING - timedelta(days=1)).is_clean
    assert len(run_audit(from_date=EVENING, to_date=EVENING).overbookings) == 2


def test_a_write_during_the_audit_does_not_show() -> None:
    restaurant = limited(max_covers=10)
    booking = book(restaurant, EVENING)
    seen: list[str] = []

    def interfere(execute: Any, sql: str, *rest: Any) -> Any:
        if "FROM line" in sql:
            seen.append(sql)
            _run_in_thread(lambda: Booking.objects.filter(pk=booking.pk).update(party_size=F("party_size") + 20))
        return execute(sql, *rest)

    with connection.execute_wrapper(interfere):
        report = run_audit()

    assert len(seen) == 1
    assert report.is_clean
    assert run_audit().has_overbooking


def _run_in_thread(work: Callable[[], object]) -> None:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result(timeout=30)


def test_the_number_of_queries_does_not_grow_with_restaurants_or_bookings() -> None:
    for _ in range(2):
        restaurant = limited(max_covers=10)
        book(restaurant, EVENING)
        book(restaurant, EVENING, "20:00")

    with CaptureQueriesContext(connection) as queries:
        run_audit()

    statements = [
        query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
    ]
    assert len(statements) == 13


def test_a_zone_that_the_database_does_not_know_spoils_no_other_restaurant() -> None:
    lost, found = limited(max_covers=4), limited(max_covers=4)
    wrong = [
        BookingFactory(restaurant=each, business_date=EVENING, party_size=5, is_counted=False) for each in (lost, found)
    ]
    Restaurant.objects.filter(pk=lost.pk).update(timezone="Mars/Olympus_Mons")

    report = run_audit()

    assert sorted(ids(each)[0] for each in report.overbookings) == [each.pk for each in wrong]
    assert [each.restaurant_id for each in report.problems if each.kind == "TIMEZONE_UNKNOWN"] == [lost.pk]
    assert "LIMIT_DRIFT" not in brief(report.problems)


@pytest.mark.parametrize("zone", ["Europe/London", "CET", "EET", "Asia/Kathmandu", "America/New_York"])
def test_times_of_rules_are_those_on_the_wall(zone: str) -> None:
    restaurant = RestaurantFactory(timezone=zone)
    ServicePeriodFactory(restaurant=restaurant)
    CapacityRuleFactory(restaurant=restaurant, pacing_covers=20)
    CapacityRuleFactory(restaurant=restaurant, pacing_covers=12, from_time=time(19), to_time=time(19, 30))

    for month in (1, 7):
        materialize(restaurant, date(EVENING.year + 1, month, 10))

    assert BookingSlot.objects.filter(pacing_covers=12).count() == 4
    assert run_audit().is_clean


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ("starts_at = starts_at + interval '5 hours', ends_at = ends_at + interval '5 hours'", "00:00"),
        ("wall_time = '18:45'", "19:00"),
        ("starts_at = starts_at - interval '1 day'", "19:00"),
    ],
)
def test_a_booking_whose_instant_is_another_than_its_wall_clock_says_is_named(change: str, shown: str) -> None:
    house = open_restaurant(timezone="Etc/UTC")
    booking = book(house, EVENING)
    book(house, EVENING, at="20:00")
    assert run_audit(house).is_clean

    write(f"UPDATE bookings_booking SET {change} WHERE id = %s", booking.pk)  # noqa: S608 - of the list above

    (problem,) = [found for found in run_audit(house).problems if found.kind == "BOOKING_AT_ANOTHER_TIME"]
    assert ids(problem) == [booking.pk]
    assert f" {shown}:00 on the wall" in problem.message


def test_a_booking_of_a_former_zone_is_compared_with_no_other_clock() -> None:
    house = open_restaurant(timezone="Etc/UTC")
    booking = book(house, EVENING)

    write(
        "UPDATE bookings_booking SET wall_time = '18:00', timezone = 'Atlantic/Azores' WHERE id = %s",
        booking.pk,
    )

    assert run_audit(house).is_clean
