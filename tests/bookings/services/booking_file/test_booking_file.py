"""Bookings by CSV: read, decided in their order, made once, with nothing written before."""

import csv
import io
from datetime import time, timedelta
from typing import Any

import pytest

from bookings.models import Booking, Decision
from bookings.restaurant_file import RestaurantFileInvalid
from bookings.restaurant_file.csv_lines import inert
from bookings.services import GuestDetails, cancel_booking, correct_guest
from bookings.services.booking_file import (
    BOOKING_COLUMNS,
    BookingPlan,
    Fate,
    booking_cells,
    import_bookings,
    plan_bookings,
    read_booking_lines,
)
from capacity.models import ServiceDay
from tables.models import Restaurant
from tests.helpers.dining_room import at_tables, book, everything_written, faults, room
from tests.helpers.factories import CapacityRuleFactory, days_ahead

pytestmark = pytest.mark.django_db(transaction=True)

DAY = days_ahead()
HEAD = "external_reference,date,time,party_size,name,phone,email,notes,seating,turn_minutes"


def lines(*rows: str, head: str = HEAD) -> str:
    return "\n".join((head, *(f"{row}{',' * (head.count(',') - row.count(','))}" for row in rows)))


def row(name: str, at: str = "19:00", size: int = 2, on: Any = DAY) -> str:
    return f"{name},{on},{at},{size},Ada {name}"


def planned(house: Restaurant, content: str) -> BookingPlan:
    file = read_booking_lines(content.encode(), restaurant=house)
    return plan_bookings(restaurant=house, file=file)


def fates(house: Restaurant, content: str) -> list[str]:
    return [str(line.fate) for line in planned(house, content).lines]


def imported(house: Restaurant, content: str) -> tuple[int, int]:
    outcome = import_bookings(plan=planned(house, content))
    return len(outcome.booked), len(outcome.refused)


def problems_of(house: Restaurant, content: str) -> list[str]:
    with pytest.raises(RestaurantFileInvalid) as invalid:
        planned(house, content)
    return [str(problem) for problem in invalid.value.problems]


def exported(*bookings: Booking) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([BOOKING_COLUMNS, *([inert(cell) for cell in booking_cells(each)] for each in bookings)])
    return text.getvalue()


def test_a_file_is_booked_once_however_often_it_is_imported() -> None:
    house = room(2, 4, timezone="Europe/London")
    content = lines(
        f'x1,{DAY},19:00,2,Ada,020 7183 8750,ada@example.com,"Cake, candles",indoor,60', row("x2", "17:00", 4)
    )

    assert imported(house, content) == (2, 0)
    assert fates(house, content) == ["there", "there"]
    assert imported(house, content) == (0, 0)

    first = Booking.objects.get(guest_name="Ada")
    assert (first.guest_phone, first.guest_email, first.notes) == ("+442071838750", "ada@example.com", "Cake, candles")
    assert (first.wall_time, first.party_size, first.turn_minutes, first.source) == (time(19), 2, 60, "phone")
    assert (first.seating, first.idempotency_key) == ("indoor", "import:x1")
    assert Booking.objects.count() == 2
    assert faults(house) == []


def test_planning_writes_nothing() -> None:
    house = room(2)
    book(house, "17:00")
    before, decisions = everything_written(house), Decision.objects.count()
    day = ServiceDay.objects.get()

    assert fates(house, lines(row("x1"), row("x2"), row("x3", on=DAY + timedelta(days=1)))) == [
        *("book", "refused", "book"),
    ]

    assert everything_written(house) == before
    assert Decision.objects.count() == decisions
    assert ServiceDay.objects.get().version == day.version


def test_each_line_is_decided_with_the_parties_of_those_before_it() -> None:
    house = room(2, 4)
    content = lines(row("x1"), row("x2"), row("x3"), row("x4", "20:30"), row("x5", size=4))

    plan = planned(house, content)

    # Two parties of two take both tables; the third finds none, and neither do four.
    assert [str(line.fate) for line in plan.lines] == ["book", "book", "refused", "book", "refused"]
    assert imported(house, content) == (3, 0)
    assert faults(house) == []


def test_a_line_moves_the_parties_of_earlier_lines_as_their_booking_will() -> None:
    house = room(4, 2)
    pinned_small = lines(row("x1", size=2), row("x2", size=4), row("x3", size=2))

    assert fates(house, pinned_small) == ["book", "book", "refused"]
    assert imported(house, pinned_small) == (2, 0)
    assert {booking.party_size: at_tables(booking) for booking in Booking.objects.all()} == {2: ["T2"], 4: ["T1"]}


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ({"pacing_covers": 4}, ["book", "book", "refused", "book"]),
        ({"pacing_parties": 1}, ["book", "refused", "refused", "book"]),
        ({"max_covers": 6}, ["book", "book", "book", "refused"]),
        ({"max_parties": 3}, ["book", "book", "book", "refused"]),
        ({"occupancy_covers": 4}, ["book", "book", "refused", "refused"]),
    ],
)
def test_the_limits_count_the_parties_of_earlier_lines(limit: dict[str, int], expected: list[str]) -> None:
    house = room(2, 2, 2, 2)
    CapacityRuleFactory(restaurant=house, **limit)
    content = lines(row("x1"), row("x2"), row("x3"), row("x4", "19:15"))

    assert fates(house, content) == expected
    assert imported(house, content) == (expected.count("book"), 0)
    assert faults(house) == []


def test_a_refused_line_says_why_and_when_else() -> None:
    house = room(2)
    book(house, "19:00")

    (refused,) = planned(house, lines(row("x1"))).of(Fate.REFUSED)

    assert refused.refusal is not None
    assert refused.refusal.code == "CAPACITY_EXCEEDED"
    alternatives: Any = refused.refusal
    assert f"{alternatives.alternatives[0].wall_time:%H:%M}" == "17:30"


@pytest.mark.parametrize(
    ("at", "code"),
    [("19:07", "VALIDATION_ERROR"), ("12:00", "OPERATING_HOURS_CLOSED")],
)
def test_a_time_without_a_start_is_refused_and_not_the_file(at: str, code: str) -> None:
    house = room(2)

    refused, _ = planned(house, lines(row("x1", at), row("x2"))).lines

    assert refused.refusal is not None
    assert (refused.fate, refused.refusal.code) == (Fate.REFUSED, code)


def test_who_comes_in_between_is_not_overbooked_and_the_rest_is_made() -> None:
    house = room(2)
    plan = planned(house, lines(row("x1"), row("x2", "21:00")))
    book(house)

    outcome = import_bookings(plan=plan)

    assert [booking.guest_name for booking in outcome.booked] == ["Ada x2"]
    assert [(line.number, refusal.code) for line, refusal in outcome.refused] == [(2, "CAPACITY_EXCEEDED")]
    assert faults(house) == []


def test_the_fingerprint_is_that_of_the_fates_alone() -> None:
    house = room(2, 4)
    content = lines(row("x1"))
    before = planned(house, content).fingerprint
    book(house, "17:00")

    assert planned(house, content).fingerprint == before
    book(house), book(house)
    assert planned(house, content).fingerprint != before
    assert planned(house, lines(row("x1", size=1))).fingerprint != before


def test_what_is_exported_is_there_already() -> None:
    house = room(2, 4, timezone="Europe/London")
    guest = GuestDetails('=Ada, "the" O\'Neil', "ada@example.com", "+442071838750;ext=12")
    first = book(house, guest=guest, notes="- nuts\r\n- cake", allergies="+nuts", seating="indoor", turn_minutes=75)
    second = book(house, "17:00", 4, marketing_opt_in=True, guest=GuestDetails("'t Hart"))
    cancel_booking(booking_id=second.pk)
    import_bookings(plan=planned(house, lines(row("x1", "20:30"))))
    before = everything_written(house)

    plan = planned(house, exported(*Booking.objects.order_by("pk")))

    assert [(line.fate, line.differences) for line in plan.lines] == [(Fate.THERE, ())] * 3
    assert import_bookings(plan=plan).booked == ()
    assert everything_written(house) == before
    assert first.reference in exported(first)


def test_a_line_that_differs_from_its_booking_is_told_and_changes_nothing() -> None:
    house = room(2, 4)
    booking = book(house)
    before = everything_written(house)
    content = exported(booking).replace("Ann Lee", "Anne Lee").replace("confirmed,web", "cancelled,web")

    (line,) = planned(house, content).lines

    assert (line.fate, line.booking) == (Fate.THERE, booking)
    assert line.differences == (("name", "Anne Lee", "Ann Lee"), ("status", "cancelled", "confirmed"))
    assert everything_written(house) == before


def test_a_booking_that_was_changed_since_its_import_is_not_made_again() -> None:
    house = room(2, 4)
    content = lines(row("x1"))
    imported(house, content)
    booking = Booking.objects.get()
    correct_guest(booking_id=booking.pk, guest=GuestDetails("Ada Lovelace"), notes="", allergies="")
    cancel_booking(booking_id=booking.pk)

    assert planned(house, content).lines[0].differences == ()
    assert planned(house, lines(row("x1", size=1))).lines[0].differences == (
        ("the line", "other values", "as it was imported"),
    )
    assert imported(house, content) == (0, 0)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (row("x1", size=0), "line 2: party_size: must be from 1 to 1000, not 0"),
        (row("x1", at="7pm"), 'line 2: time: must be a time from 00:00 to 23:59, not "7pm"'),
        (row("x1", on="24/12/2026"), 'line 2: date: must be a date such as 2026-12-24, not "24/12/2026"'),
        (f"x1,{DAY},19:00,2,", "line 2: name: is missing"),
        (f"x1,{DAY},19:00,2,Ada,12", "line 2: phone: This is too short for a number with the country code +44"),
        (f"x1,{DAY},19:00,2,Ada,4.42E+11", "line 2: phone: A spreadsheet has shortened this number: "
         "make the column text there"),
        (f"x1,{DAY},19:00,2,Ada,,ada", 'line 2: email: must be an e-mail address, not "ada"'),
        (f"x1,{DAY},19:00,2,Ada,,,,roof", "line 2: seating: must be one of indoor, outdoor, bar, patio, private_room, "
         'not "roof"'),
        (row(""), "line 2: external_reference: is missing: it is the name of a new booking, so that the file makes it "
         "once"),
        (f"{row('x1')}\n{row('x1', '20:00')}", "line 3: external_reference: x1 is given twice, first on line 2"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_and_nothing_of_its_file_is_booked(content: str, problem: str) -> None:
    house = room(2, 4, timezone="Europe/London")

    assert problems_of(house, lines(*content.split("\n"), row("y"))) == [problem]
    assert not Booking.objects.exists()


def test_what_the_engine_says_of_a_booking_is_not_set_by_a_new_line() -> None:
    house = room(2, 4)
    head = "external_reference,date,time,party_size,name,tables,status"

    assert problems_of(house, lines(f"x1,{DAY},19:00,2,Ada,T1,seated", head=head)) == [
        "line 2: status: must be empty for a new booking, which is made as one by telephone",
        "line 2: tables: must be empty for a new booking, which is made as one by telephone",
    ]
    assert fates(house, lines(f"x1,{DAY},19:00,2,Ada,,confirmed", head=head)) == ["book"]


def test_a_reference_of_another_restaurant_is_as_one_that_does_not_exist() -> None:
    house, other = room(2), room(2)
    booking = book(other)
    head = "reference,date,time,party_size,name"
    unknown = "no booking of this restaurant has it: leave it empty for a new one"

    for reference in (booking.reference, "NOWHERE"):
        content = lines(f"{reference},{DAY},19:00,2,Ada", head=head)
        assert problems_of(house, content) == [f"line 2: reference: {unknown}"]


def test_the_same_name_elsewhere_is_another_booking_in_another_restaurant() -> None:
    house, other = room(2), room(2)
    imported(other, lines(row("x1")))

    assert fates(house, lines(row("x1"))) == ["book"]


def test_of_a_time_that_comes_twice_the_line_says_which() -> None:
    house = room(2, timezone="America/Santiago")
    house.service_periods.update(start_time=time(20), last_seating=time(23, 45), end_time=time(0, 30))
    house.max_days_ahead = 3000
    house.save()
    head = "external_reference,date,time,starts_at,party_size,name"
    twice = [f"x{hour},2027-04-03,23:00,2027-04-04T0{hour}:00:00Z,2,Ada" for hour in (2, 3)]

    plan = planned(house, lines(*twice, head=head))

    assert [str(line.fate) for line in plan.lines] == ["book", "refused"]
    import_bookings(plan=plan)
    assert Booking.objects.get().starts_at.isoformat() == "2027-04-04T02:00:00+00:00"
