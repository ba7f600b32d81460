"""The auditor on the tables: two parties on one, and assignments that do not fit their booking."""

from datetime import UTC, datetime, time, timedelta

import pytest
from psycopg.types.range import Range

from bookings.models import Booking, TableAssignment
from bookings.services import cancel_booking
from tables.models import Restaurant, Table, TableBlock
from tests.helpers.factories import BookingFactory, TableCombinationFactory, TableFactory, days_ahead, open_restaurant
from tests.helpers.planted_faults import book, brief, constraint_dropped, ids, run_audit, write

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = days_ahead()
NO_DOUBLE_SEATING = ("booking_table_assignments", "assignment_no_double_seating")


def seat(booking: Booking, table: Table, *, until: timedelta = timedelta()) -> TableAssignment:
    return TableAssignment.objects.create(
        restaurant=booking.restaurant,
        booking=booking,
        table=table,
        during=Range(booking.starts_at, booking.ends_at + timedelta(minutes=booking.buffer_minutes) + until),
        assigned_by="test",
    )


def legacy(restaurant: Restaurant, **row: object) -> Booking:
    return BookingFactory(restaurant=restaurant, business_date=EVENING, **row)


def test_parties_seated_by_the_engine_one_after_the_other_are_right() -> None:
    restaurant = open_restaurant(tables=1, buffer_minutes=15)
    book(restaurant, EVENING, "17:00")
    book(restaurant, EVENING, "18:45")

    report = run_audit()

    assert report.is_clean
    assert report.notes == []
    assert report.checked["assignments"] == 2


def test_two_parties_on_one_table_are_an_overbooking() -> None:
    restaurant = open_restaurant(tables=1)
    first, second = book(restaurant, EVENING, "19:00"), legacy(restaurant, wall_time=time.fromisoformat("20:00"))
    assignment = first.assignments.get()

    with constraint_dropped(*NO_DOUBLE_SEATING):
        seat(second, assignment.table)
        report = run_audit()

    (overbooking,) = report.overbookings
    assert report.has_overbooking
    assert overbooking.kind == "TABLE_DOUBLE_BOOKED"
    assert ids(overbooking) == [first.pk, second.pk]
    assert overbooking.facts["table"] == "T1"
    assert (overbooking.facts["from"], overbooking.facts["to"]) == (second.starts_at, first.ends_at)
    assert report.problems == []


def test_every_pair_on_a_table_is_named_also_under_a_long_stay() -> None:
    restaurant = open_restaurant(tables=1)
    table = restaurant.tables.get()
    long = legacy(restaurant, wall_time=time.fromisoformat("17:00"), turn_minutes=300)
    short = [legacy(restaurant, wall_time=time.fromisoformat(at)) for at in ("17:15", "19:00")]

    with constraint_dropped(*NO_DOUBLE_SEATING):
        for booking in (long, *short):
            seat(booking, table)
        report = run_audit()

    assert [ids(each) for each in report.overbookings] == [[long.pk, short[0].pk], [long.pk, short[1].pk]]


def test_only_those_who_overlap_are_named_of_all_that_a_table_has() -> None:
    restaurant = open_restaurant(tables=1)
    table = restaurant.tables.get()
    parties = [legacy(restaurant, wall_time=time.fromisoformat(at)) for at in ("17:00", "18:00", "19:30")]
    gone = legacy(restaurant, wall_time=time.fromisoformat("17:30"), status="cancelled")
    over = legacy(
        restaurant,
        wall_time=time.fromisoformat("17:15"),
        status="held",
        expires_at=datetime.now(UTC) - timedelta(hours=1),
    )

    with constraint_dropped(*NO_DOUBLE_SEATING):
        for booking in (*parties, gone, over):
            seat(booking, table)
        report = run_audit()

    assert [ids(each) for each in report.overbookings] == [[parties[0].pk, parties[1].pk]]
    # A hold that is over keeps its table until a write frees it.
    assert [(each.kind, ids(each)) for each in report.problems] == [("ASSIGNMENT_NOT_LIVE", [gone.pk])]


def test_a_party_that_starts_when_the_other_has_left_shares_no_time() -> None:
    restaurant = open_restaurant(tables=1)
    first, second = (
        legacy(restaurant, wall_time=time.fromisoformat("17:00")),
        legacy(restaurant, wall_time=time.fromisoformat("18:30")),
    )
    assert second.starts_at == first.ends_at

    for booking in (first, second):
        seat(booking, restaurant.tables.get())

    assert run_audit().is_clean


def test_a_cancelled_party_takes_no_table_but_may_not_keep_one() -> None:
    restaurant = open_restaurant(tables=1)
    table = restaurant.tables.get()
    cancelled = book(restaurant, EVENING)
    cancel_booking(booking_id=cancelled.pk)
    other = book(restaurant, EVENING)

    with constraint_dropped(*NO_DOUBLE_SEATING):
        assignment = seat(cancelled, table)
        report = run_audit()

    assert not report.has_overbooking
    (problem,) = report.problems
    assert problem.kind == "ASSIGNMENT_NOT_LIVE"
    assert problem.facts["assignmentId"] == assignment.pk
    assert ids(problem) == [cancelled.pk]
    assert other.pk not in ids(problem)


@pytest.mark.parametrize(
    "during",
    ["[starts_at + '1 minute', ends_at + '15 minutes')", "[starts_at, ends_at + '14 minutes')", "[starts_at, ends_at)"],
)
def test_an_assignment_that_ends_before_its_party_leaves_is_found(during: str) -> None:
    booking = book(open_restaurant(tables=1, buffer_minutes=15), EVENING)
    lower, upper = during.strip("[)").split(", ")

    write(
        f"UPDATE booking_table_assignments SET during = tstzrange(b.{lower}, b.{upper})"  # noqa: S608 - names of this test
        " FROM bookings_booking AS b WHERE b.id = booking_id AND booking_id = %s",
        booking.pk,
    )

    (problem,) = run_audit().problems
    assert (problem.kind, ids(problem)) == ("ASSIGNMENT_TOO_SHORT", [booking.pk])


def test_a_party_that_left_early_needs_its_table_no_longer() -> None:
    booking = book(open_restaurant(tables=1, buffer_minutes=15), EVENING)
    left_at = booking.starts_at + timedelta(minutes=30)
    Booking.objects.filter(pk=booking.pk).update(status="completed", left_at=left_at)

    booking.assignments.update(during=Range(booking.starts_at, left_at))

    assert run_audit().is_clean


def test_a_party_too_large_for_its_only_table_is_found() -> None:
    booking = book(open_restaurant(tables=1, seats=4), EVENING, party_size=4)

    write("UPDATE table_inventory SET max_party_size = 3 WHERE number = %s", "T1")

    report = run_audit()
    assert not report.has_overbooking
    (problem,) = report.problems
    assert (problem.kind, ids(problem)) == ("TABLE_TOO_SMALL", [booking.pk])


def test_a_party_that_a_person_pinned_to_a_table_too_small_for_it_is_a_note() -> None:
    booking = book(open_restaurant(tables=1, seats=4), EVENING, party_size=4)
    write("UPDATE table_inventory SET max_party_size = 3 WHERE number = %s", "T1")

    booking.assignments.update(pinned=True)

    report = run_audit()
    assert report.is_clean
    assert [(each.kind, ids(each)) for each in report.notes] == [("CHOSEN_TABLE_TOO_SMALL", [booking.pk])]


def test_a_party_at_tables_that_are_not_combined_may_be_larger_than_each_and_is_one_note() -> None:
    restaurant = open_restaurant(tables=2, seats=4)
    booking = legacy(restaurant, party_size=7)
    others = TableFactory(restaurant=restaurant), restaurant.tables.get(number="T1")
    TableCombinationFactory(restaurant=restaurant, tables=others, max_party_size=8)

    for table in restaurant.tables.filter(number__in=["T1", "T2"]):
        seat(booking, table)

    report = run_audit()
    assert report.is_clean
    (note,) = report.notes
    assert (note.kind, ids(note)) == ("TABLES_NOT_COMBINED", [booking.pk])
    assert note.message == f"{EVENING}: {booking.reference} has tables T1 + T2, which are no declared combination"


@pytest.mark.parametrize(("largest", "kinds"), [(7, []), (6, ["TABLE_TOO_SMALL"])])
def test_a_party_at_a_combination_is_measured_by_the_combination(largest: int, kinds: list[str]) -> None:
    restaurant = open_restaurant(tables=2, seats=4)
    booking = legacy(restaurant, party_size=7)
    TableCombinationFactory(restaurant=restaurant, tables=restaurant.tables.all(), max_party_size=largest)

    for table in restaurant.tables.all():
        seat(booking, table)

    report = run_audit()
    assert brief(report.problems) == kinds
    assert report.notes == []


def test_a_combination_of_one_table_says_what_that_table_takes() -> None:
    restaurant = open_restaurant(tables=1, seats=4)
    TableCombinationFactory(restaurant=restaurant, tables=restaurant.tables.all(), max_party_size=6)

    seat(legacy(restaurant, party_size=6), restaurant.tables.get())

    assert run_audit().is_clean


def block(table: Table, booking: Booking, *, made: timedelta, at: timedelta = timedelta()) -> None:
    """Block a table for an hour from the start of a booking, or before or after it, made so long after its seat."""
    row = TableBlock.objects.create(
        restaurant=booking.restaurant,
        table=table,
        starts_at=booking.starts_at + at,
        ends_at=booking.starts_at + at + timedelta(hours=1),
        reason="leak",
    )
    TableBlock.objects.filter(pk=row.pk).update(created_at=booking.assignments.get().created_at + made)


@pytest.mark.parametrize(
    ("made", "columns", "kind"),
    [
        (timedelta(seconds=-1), {}, "PARTY_ON_BLOCKED_TABLE"),
        (timedelta(seconds=1), {}, "LEFT_ON_BLOCKED_TABLE"),
        (timedelta(seconds=-1), {"pinned": True}, "LEFT_ON_BLOCKED_TABLE"),
    ],
)
def test_a_party_on_a_blocked_table_is_a_problem_if_the_block_was_there_first(
    made: timedelta, columns: dict[str, bool], kind: str
) -> None:
    restaurant = open_restaurant(tables=1)
    booking = book(restaurant, EVENING)
    booking.assignments.update(pinned=columns.get("pinned", False))

    block(restaurant.tables.get(), booking, made=made)

    report = run_audit()
    found = report.problems if kind == "PARTY_ON_BLOCKED_TABLE" else report.notes
    assert [(each.kind, ids(each)) for each in found] == [(kind, [booking.pk])]
    assert len(report.problems) + len(report.notes) == 1


@pytest.mark.parametrize("at", [timedelta(hours=-1), timedelta(minutes=90)])
def test_a_block_that_only_touches_a_party_is_none_of_its_business(at: timedelta) -> None:
    restaurant = open_restaurant(tables=1)
    booking = book(restaurant, EVENING)

    block(restaurant.tables.get(), booking, made=timedelta(seconds=-1), at=at)

    report = run_audit()
    assert (report.problems, report.notes) == ([], [])


def test_a_table_of_another_restaurant_is_found() -> None:
    booking = legacy(open_restaurant())

    seat(booking, TableFactory())

    (problem,) = run_audit().problems
    assert (problem.kind, ids(problem)) == ("ASSIGNMENT_MISPLACED", [booking.pk])


def test_a_booking_in_a_service_of_another_date_is_found() -> None:
    booking = legacy(open_restaurant())

    write("UPDATE bookings_booking SET business_date = business_date + 1 WHERE id = %s", booking.pk)

    (problem,) = run_audit().problems
    assert (problem.kind, ids(problem)) == ("BOOKING_MISPLACED", [booking.pk])


def test_parties_without_a_table_are_a_note_where_parties_are_seated() -> None:
    seats, numbers = open_restaurant(tables=1), open_restaurant()
    booking = legacy(seats)
    legacy(numbers)
    legacy(seats, status="cancelled")

    report = run_audit()

    assert report.is_clean
    (note,) = report.notes
    assert note.kind == "WITHOUT_TABLE"
    assert note.facts == {"count": 1, "references": [booking.reference]}


def test_who_reaches_into_the_audited_dates_from_the_night_before_counts() -> None:
    restaurant = open_restaurant(tables=1)
    table = restaurant.tables.get()
    night = BookingFactory(
        restaurant=restaurant,
        business_date=EVENING - timedelta(days=1),
        wall_time=time.fromisoformat("21:30"),
        turn_minutes=1300,
    )
    today = legacy(restaurant, wall_time=time.fromisoformat("19:00"))

    with constraint_dropped(*NO_DOUBLE_SEATING):
        for booking in (night, today):
            seat(booking, table)
        found = run_audit(from_date=EVENING)
        before = run_audit(to_date=EVENING - timedelta(days=2))

    assert brief(found.overbookings) == ["TABLE_DOUBLE_BOOKED"]
    assert brief(before.overbookings) == []


def test_a_party_that_sits_longer_than_it_has_its_table_is_a_note() -> None:
    booking = book(open_restaurant(tables=1), EVENING)
    write("UPDATE bookings_booking SET status = 'seated', seated_at = starts_at WHERE id = %s", booking.pk)
    write(
        "UPDATE booking_table_assignments SET during = tstzrange(lower(during), upper(during) - interval '1 minute')"
        " WHERE booking_id = %s",
        booking.pk,
    )

    report = run_audit()

    assert report.is_clean
    (note,) = report.notes
    assert (note.kind, ids(note)) == ("STAYS_PAST_TABLE", [booking.pk])


@pytest.mark.parametrize(("given_after", "is_right"), [("0 minutes", True), ("1 minute", True), ("2 minutes", False)])
def test_a_table_that_is_given_after_the_start_is_needed_from_then_on(given_after: str, is_right: bool) -> None:
    booking = book(open_restaurant(tables=1), EVENING)
    write(
        "UPDATE booking_table_assignments AS a SET during = tstzrange(b.starts_at + %s::interval, b.ends_at),"
        " created_at = b.starts_at FROM bookings_booking AS b WHERE b.id = a.booking_id AND a.booking_id = %s",
        given_after,
        booking.pk,
    )

    assert run_audit().is_clean == is_right
