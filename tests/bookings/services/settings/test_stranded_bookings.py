"""Bookings that a change of settings has stranded: named at once, listed until settled, and never in the way."""

import json
from datetime import time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from bookings.choices import EventKind
from bookings.errors import OperatingHoursClosed
from bookings.insight.audit.keeping import audit_changes
from bookings.models import Booking
from bookings.selectors.undecided import find_undecided, list_undecided
from bookings.selectors.undecided_count import count_undecided
from bookings.services import (
    assign_tables,
    block_tables,
    cancel_booking,
    change_booking,
    delete_settings_row,
    keep_booking,
    pin_tables,
    save_settings_row,
    set_table_status,
    unblock_table,
)
from bookings.services.rows.seating import shown_tables
from bookings.services.settings.outcomes import SettingsOutcome
from capacity.models import Closure
from config import metrics
from config.errors import InputInvalid
from tables.choices import TableStatus
from tables.models import Restaurant
from tests.helpers.dining_room import at_tables, book, faults, ids, latest, room
from tests.helpers.factories import UserFactory, days_ahead, open_restaurant
from tests.helpers.job_workers import forget_jobs
from tests.helpers.planted_faults import run_audit

pytestmark = pytest.mark.django_db(transaction=True)


def change_dinner(house: Restaurant, **columns: Any) -> SettingsOutcome:
    row = house.service_periods.get()
    for name, value in columns.items():
        setattr(row, name, value)
    return save_settings_row(row=row)


def reasons(house: Restaurant) -> dict[str, str]:
    return {found.booking.reference: found.reason for found in list_undecided(house.pk)}


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"last_seating": time(20)}, "after the last seating, 20:00"),
        ({"start_time": time(21, 20)}, "before the first seating, 21:20"),
        ({"start_time": time(17, 5)}, "no start time any more: starts run every 15 minutes from 17:05"),
        ({"weekdays": []}, "no Dinner on that date any more"),
        ({"valid_to": days_ahead(29)}, "no Dinner on that date any more"),
    ],
)
def test_narrower_hours_name_the_bookings_outside_and_leave_them_in_the_list(columns: Any, why: str) -> None:
    house = room(2, 2)
    late = book(house, "21:15")

    outcome = change_dinner(house, **columns)

    assert [(found.booking, found.reason) for found in outcome.stranded] == [(late, why)]
    assert outcome.waiting == ()
    assert reasons(house) == {late.reference: why}
    again = change_dinner(house, **columns)
    assert (again.stranded, [found.booking for found in again.waiting]) == ((), [late])


def test_the_list_empties_as_each_is_settled() -> None:
    house = room(2, 2, 2, 2)
    moved, cancelled, kept = book(house, "21:00"), book(house, "21:15"), book(house, "21:30")
    change_dinner(house, last_seating=time(20))
    assert len(reasons(house)) == count_undecided() == 3

    change_booking(booking_id=moved.pk, wall_time=time(20), actor=UserFactory())
    cancel_booking(booking_id=cancelled.pk)
    assert set(reasons(house)) == {kept.reference}

    change_dinner(house, last_seating=time(21, 30))
    assert reasons(house) == {}
    assert count_undecided() == 0


def test_a_booking_that_is_kept_waits_no_more_until_something_else_stands_in_its_way() -> None:
    house = room(2, 2)
    late = book(house, "21:15")
    change_dinner(house, last_seating=time(20))
    host = UserFactory(username="mary")

    keep_booking(booking_id=late.pk, reason="the kitchen stays for them", actor=host)
    keep_booking(booking_id=late.pk, reason="the kitchen stays for them", actor=host)

    assert reasons(house) == {}
    entry = latest(late)
    assert (entry.kind, entry.actor_label, entry.reason) == (EventKind.KEPT, "mary", "the kitchen stays for them")
    assert late.events.filter(kind=EventKind.KEPT).count() == 1
    assert change_dinner(house, last_seating=time(19)).stranded == ()
    closed = save_settings_row(row=Closure(restaurant=house, from_date=days_ahead(), to_date=days_ahead()))
    assert [found.booking for found in closed.stranded] == [late]
    with pytest.raises(InputInvalid):
        keep_booking(booking_id=late.pk, reason=" ", actor=host)


def test_who_is_left_at_a_table_out_of_service_is_named_each_time_and_listed_until_seated_elsewhere() -> None:
    house = room(2, 2)
    party = book(house)
    pin_tables(booking_id=party.pk)
    (table_id,) = ids(house, *at_tables(party))

    for _ in range(2):
        outcome = set_table_status(restaurant_id=house.pk, table_ids=[table_id], status=TableStatus.OUT_OF_SERVICE)
        assert [(left.booking, shown_tables(left.tables)) for left in outcome.left] == [(party, "T1")]
    assert reasons(house) == {party.reference: "T1 is out of service"}
    assert [found.kind for found in run_audit(house).notes] == ["LEFT_ON_UNUSABLE_TABLE"]

    assign_tables(booking_id=party.pk, table_ids=ids(house, "T2"), actor=UserFactory())
    assert reasons(house) == {}
    assert run_audit(house).notes == []


def test_a_second_change_of_status_moves_who_can_be_moved_by_then() -> None:
    house = room(2, 2)
    party, other = book(house), book(house)
    (table_id,) = ids(house, "T1")
    out = {"restaurant_id": house.pk, "table_ids": [table_id], "status": TableStatus.OUT_OF_SERVICE}
    first = set_table_status(**out)
    left = first.left[0].booking
    cancel_booking(booking_id=(other if left == party else party).pk)

    second = set_table_status(**out)

    assert [move.booking_reference for move in second.moves] == [left.reference]
    assert (second.left, reasons(house)) == ((), {})


def test_a_block_over_a_party_is_to_be_decided_until_it_is_lifted() -> None:
    house = room(2)
    party = book(house)
    span = {"starts_at": party.starts_at, "ends_at": party.ends_at}

    (block,) = block_tables(restaurant_id=house.pk, table_ids=ids(house, "T1"), reason="leak", **span).blocks

    assert reasons(house) == {party.reference: "T1 is blocked"}
    unblock_table(block_id=block.pk)
    assert reasons(house) == {}


def test_of_parties_without_a_table_those_wait_for_which_there_is_none() -> None:
    house = open_restaurant(tables=1, timezone="Etc/UTC")
    house.service_periods.update(seating_mode="covers")
    one, two, alone = book(house), book(house), book(house, "17:00")
    assert reasons(house) == {}

    outcome = change_dinner(house, seating_mode="tables")

    assert {found.booking for found in outcome.stranded} == {one, two}
    assert alone.reference not in reasons(house)
    assert set(reasons(house).values()) == {"has no table, and none can be found"}


def test_over_and_gone_bookings_wait_for_nobody() -> None:
    house = room(2, 2, 2)
    past, held, gone = book(house), book(house), book(house)
    begun = past.starts_at - timedelta(days=40)
    Booking.objects.filter(pk=past.pk).update(starts_at=begun, ends_at=begun + timedelta(hours=1))
    Booking.objects.filter(pk=held.pk).update(status="held", expires_at=begun)
    Booking.objects.filter(pk=gone.pk).update(status="no_show")

    change_dinner(house, weekdays=[])

    assert reasons(house) == {}


def test_an_online_closure_strands_who_came_online() -> None:
    house = room(2, 2)
    web, _ = book(house), book(house, source="phone")

    save_settings_row(row=Closure(restaurant=house, from_date=days_ahead(), to_date=days_ahead(), channel="online"))

    assert set(reasons(house)) == {web.reference}


def test_the_number_of_queries_grows_with_nothing() -> None:
    for _ in range(2):
        house = room(2, 2, 2)
        for _ in range(3):
            book(house, "21:15")
        change_dinner(house, last_seating=time(20))

    with CaptureQueriesContext(connection) as queries:
        assert len(list_undecided()) == 6

    assert len(queries) == 9
    with CaptureQueriesContext(connection) as queries:
        assert (count_undecided(), count_undecided()) == (6, 6)
    assert len(queries) == 2 * 2 + 7


def test_the_auditor_notes_each_booking_that_could_not_be_made_again() -> None:
    house = room(2, 2)
    late, early = book(house, "21:15"), book(house, "17:00")
    change_dinner(house, last_seating=time(20))

    notes = audit_changes().notes

    assert [(note.kind, note.facts["problems"]) for note in notes] == [
        ("COULD_NOT_BE_MADE_AGAIN", ["after_last_seating"])
    ]
    assert notes[0].facts["bookings"][0]["reference"] == late.reference
    keep_booking(booking_id=late.pk, reason="a regular")
    assert audit_changes().notes == []
    delete_settings_row(row=house.service_periods.get())
    found = {note.facts["bookings"][0]["reference"]: note.facts["problems"] for note in audit_changes().notes}
    assert found == {late.reference: ["no_service"], early.reference: ["no_service"]}


# A change that asks for no more


def test_a_stranded_booking_can_be_made_smaller_and_stays_where_it_sits() -> None:
    house = room(2, 2)
    party = book(house)
    change_dinner(house, weekdays=[])

    change_booking(booking_id=party.pk, party_size=1, actor=UserFactory())

    party.refresh_from_db()
    assert (party.party_size, at_tables(party)) == (1, ["T1"])
    assert faults(house) == []
    for more in ({"party_size": 2}, {"turn_minutes": 120}, {"seating": "patio"}):
        with pytest.raises(OperatingHoursClosed):
            change_booking(booking_id=party.pk, actor=UserFactory(), **more)
    change_booking(booking_id=party.pk, turn_minutes=60, actor=UserFactory())
    party.refresh_from_db()
    assert party.ends_at - party.starts_at == timedelta(hours=1)


def test_a_smaller_party_keeps_a_table_that_is_out_of_service_where_there_is_no_other() -> None:
    house = room(2)
    party = book(house)
    set_table_status(restaurant_id=house.pk, table_ids=ids(house, "T1"), status=TableStatus.RETIRED)

    change_booking(booking_id=party.pk, party_size=1, actor=UserFactory())

    party.refresh_from_db()
    assert (party.party_size, at_tables(party)) == (1, ["T1"])


def test_longer_turns_and_buffers_are_not_asked_of_a_party_that_gets_smaller() -> None:
    house = room(2)
    party, following = book(house, "17:00"), book(house, "18:30")
    house.turn_times.update(minutes=180)
    house.buffer_minutes = 30
    save_settings_row(row=house)
    change_dinner(house, weekdays=[])

    change_booking(booking_id=party.pk, party_size=1, actor=UserFactory())

    party.refresh_from_db()
    assert (party.party_size, party.ends_at, party.buffer_minutes) == (1, following.starts_at, 0)
    assert (at_tables(party), at_tables(following)) == (["T1"], ["T1"])


# The dry run

FILE = """\
restaurant: {slug: inn, name: Inn, timezone: Etc/UTC}
tables: [{number: T1, capacity: 2}, {number: T2, capacity: 2}, {number: T3, capacity: 2}]
service_periods: [{name: Dinner, days: [mon, tue, wed, thu, fri, sat, sun],
                   start: 17:00, last_seating: 21:30, end: 23:00}]
turn_times: [{up_to: 8, minutes: 90}]
capacity_rules: [{max_covers: 40}]
"""


def run(*arguments: object) -> str:
    out = StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def test_a_dry_run_says_all_that_the_import_does_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "inn.yaml"
    path.write_text(FILE)
    run("import_restaurant", path)
    house = Restaurant.objects.get()
    early, late = book(house, "17:00"), book(house, "21:15")
    pinned = book(house, "17:00")
    pin_tables(booking_id=pinned.pk)
    changed = FILE.replace("last_seating: 21:30", "last_seating: 20:00").replace("max_covers: 40", "max_covers: 4")
    out = changed.replace("{number: T1, capacity: 2}, {number: T2, capacity: 2}", "{number: T4, capacity: 2}")
    path.write_text(out)
    forget_jobs()
    moved_before = metrics.booking_reseated._value.get()

    foretold = run("import_restaurant", path, "--dry-run")

    assert not ProcrastinateJob.objects.exists()
    assert metrics.booking_reseated._value.get() == moved_before
    assert reasons(house) == {}
    assert at_tables(early) == ["T1"]
    happened = run("import_restaurant", path)
    assert foretold.replace("would change", "changed").replace("would be fitted", "fitted") == happened
    assert metrics.booking_reseated._value.get() > moved_before
    assert f"{late.reference} {days_ahead()} 21:15, Ann Lee, party of 2: after the last seating, 20:00\n" in happened
    assert f"{pinned.reference} {days_ahead()} 17:00, Ann Lee, party of 2: T2 is retired\n" in happened
    assert f"  {early.reference}: T1 -> T" in happened
    assert "over the limit, authorised: 2 SERVICE_COVERS" in happened
    assert set(reasons(house)) == {late.reference, pinned.reference}


def test_the_list_can_be_read_from_a_shell() -> None:
    house = room(2, slug="inn")
    late = book(house, "21:15")
    assert run("list_undecided", "inn") == "0 bookings to be decided\n"
    change_dinner(house, last_seating=time(20))

    line = f"  {late.reference} inn {days_ahead()} 21:15, Ann Lee, party of 2: after the last seating, 20:00\n"
    assert run("list_undecided", "inn") == f"1 booking to be decided\n{line}"
    assert run("list_undecided") == run("list_undecided", "inn")
    assert [each["problems"] for each in json.loads(run("list_undecided", "--json"))] == [["after_last_seating"]]
    assert set(find_undecided()) == {late.pk}
