"""Every decision leaves a row: what was asked, what it was decided on, and nothing about the guest."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from prometheus_client import REGISTRY
from pytest_django import Settings

from bookings.decision.record import decode_state, reason_from
from bookings.errors import CapacityExceeded, OperatingHoursClosed, TableTaken
from bookings.insight.replay.replay import Verdict, decide_again
from bookings.models import Booking, Decision
from bookings.services import (
    GuestDetails,
    change_booking,
    extend_stay,
    mark_no_show,
    save_settings_row,
    seat_party,
    seat_walk_in,
    undo_change,
)
from bookings.services import recording as writing
from bookings.services.rows.booking import write_bookings
from capacity.models import ServiceDay
from config.errors import BookingConflict, InputInvalid
from config.transactions import LockTooSmall
from tables.models import Restaurant
from tests.helpers.dining_room import at_tables, book, ids, room, room_at_noon
from tests.helpers.factories import CapacityRuleFactory, days_ahead, materialize, open_restaurant
from tests.helpers.running_service import due, limit_presence, seated

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = GuestDetails("Zyxwvuta Qqanary", "zyxwvuta@canary.example", "+442079469999")


def limited(restaurant: Restaurant, **limits: int) -> Restaurant:
    """Limit a restaurant before anybody books."""
    CapacityRuleFactory(restaurant=restaurant, **limits)
    materialize(restaurant, days_ahead())
    return restaurant


def latest() -> Decision:
    found = Decision.objects.order_by("-pk").first()
    assert found is not None
    return found


def limit(decision: Decision, code: str) -> dict[str, Any]:
    (found,) = [met for met in decision.limits if met["code"] == code]
    return found


def lost() -> float:
    return REGISTRY.get_sample_value("booking_decision_lost_total") or 0.0


def agrees_with_itself(decision: Decision) -> bool:
    """Say whether a decision is the same again, from what was stored, with a state that was stored."""
    state = decode_state(bytes(decision.state or b""))
    stored = [reason_from(reason) for reason in decision.reasons]
    return decide_again(state, stored).verdict is Verdict.AGREES


def denied(mode: str, reason: str) -> float:
    labels = {"mode": mode, "reason": reason}
    return REGISTRY.get_sample_value("booking_denied_covers_total", labels) or 0.0


# What a row says


def test_a_booking_is_recorded_with_all_that_it_met() -> None:
    house = limited(room(2, 4), max_covers=10, pacing_covers=6)

    booking = book(house, party_size=4)

    row = latest()
    assert (row.operation, row.mode, row.verdict, row.error) == ("create", "enforce", "accepted", "")
    assert (row.restaurant, row.booking, row.service_day_id) == (house, booking, booking.service_day_id)
    assert (row.party_size, row.business_date, row.source) == (4, booking.business_date, "web")
    assert (row.starts_at, row.ends_at) == (booking.starts_at, booking.ends_at)
    assert row.request == {"time": "19:00", "channel": "online"}
    assert (row.seating_step, row.tables, row.moves) == ("direct", ["T2"], [])
    assert (row.reasons, row.alternatives, row.attempts, row.sqlstates) == ([], [], 1, [])
    assert row.duration_ms >= row.lock_wait_ms >= 0


def test_each_limit_is_recorded_with_its_rule_and_the_counter_before_and_after() -> None:
    house = limited(room(2, 4), max_covers=10)
    rule = CapacityRuleFactory.build(restaurant=house, pacing_covers=6)
    save_settings_row(row=rule)
    rule.pacing_covers = 5
    save_settings_row(row=rule)
    book(house, party_size=2)

    book(house, party_size=3)

    slot_at = latest().starts_at.isoformat().replace("+00:00", "Z")
    assert limit(latest(), "PACING_COVERS") == {
        "code": "PACING_COVERS",
        "limit": 5,
        "before": 2,
        "after": 5,
        "slotAt": slot_at,
        "ruleId": rule.pk,
        "ruleVersion": 2,
    }
    day = limit(latest(), "SERVICE_COVERS")
    assert (day["limit"], day["before"], day["after"], day["slotAt"], day["ruleVersion"]) == (10, 2, 5, None, 1)
    free = limit(latest(), "OCCUPANCY_PARTIES")
    assert (free["limit"], free["before"], free["after"], free["ruleId"]) == (None, 1, 2, None)


def test_a_refusal_is_recorded_with_every_reason_and_what_was_offered_instead() -> None:
    house = limited(room(2, 4), pacing_covers=3)
    book(house, party_size=2)
    before = denied("enforce", "PACING_COVERS")

    with pytest.raises(CapacityExceeded) as refused:
        book(house, party_size=4)

    row = latest()
    assert (row.verdict, row.error, row.booking) == ("refused", "CAPACITY_EXCEEDED", None)
    assert row.reasons == [{"code": "PACING_COVERS", "limit": 3, "used": 2, "asked": 4}]
    assert row.alternatives == [
        each.starts_at.isoformat().replace("+00:00", "Z") for each in refused.value.alternatives
    ]
    pacing = limit(row, "PACING_COVERS")
    assert (pacing["before"], pacing["after"]) == (2, 2)
    assert denied("enforce", "PACING_COVERS") == before + 4


def test_a_refusal_before_the_lock_is_recorded_too() -> None:
    house = room(2)
    house.closures.create(from_date=days_ahead(), to_date=days_ahead())

    with pytest.raises(OperatingHoursClosed):
        book(house)

    assert (latest().verdict, latest().error) == ("refused", "OPERATING_HOURS_CLOSED")
    assert [reason["code"] for reason in latest().reasons] == ["CLOSED"]
    assert not ServiceDay.objects.exists()


def test_what_shadow_mode_waives_is_recorded_as_what_would_have_been_refused() -> None:
    house = limited(room(2, enforcement="shadow"), max_covers=2)
    book(house)
    before = denied("shadow", "SERVICE_COVERS")

    booking = book(house)

    row = latest()
    assert (row.mode, row.verdict, row.error, row.booking) == ("shadow", "waived", "", booking)
    assert [reason["code"] for reason in row.reasons] == ["SERVICE_COVERS", "NO_TABLE"]
    assert limit(row, "SERVICE_COVERS")["after"] == 4
    assert denied("shadow", "SERVICE_COVERS") == before + 2


def test_a_booking_whose_shadow_decision_failed_is_recorded_as_not_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    house = limited(room(2, enforcement="shadow"), max_covers=1)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bookings.decision.assessment.decide", fail)
    booking = book(house)

    assert (latest().verdict, latest().booking, latest().reasons) == ("unexamined", booking, [])


def test_the_moves_that_made_room_are_recorded() -> None:
    house = room(2, 4)
    small, large = sorted(house.tables.all(), key=lambda each: each.capacity)
    mover = book(house, party_size=2)
    mover.assignments.update(table=large)

    booking = book(house, party_size=4)

    assert at_tables(booking) == ["T2"]
    assert (latest().seating_step, latest().tables) == ("chain", ["T2"])
    assert latest().moves == [{"bookingId": mover.pk, "from": ["T2"], "to": ["T1"]}]
    assert at_tables(mover) == [small.number]


def test_a_change_is_recorded_whether_it_is_taken_or_refused() -> None:
    house = limited(room(4, 4), pacing_covers=4)
    booking, _ = book(house), book(house, at="20:00", party_size=4)

    change_booking(booking_id=booking.pk, party_size=3)
    assert (latest().operation, latest().verdict, latest().booking) == ("change", "accepted", booking)
    assert latest().party_size == 3

    with pytest.raises(CapacityExceeded):
        change_booking(booking_id=booking.pk, wall_time=booking.wall_time.replace(hour=20))
    assert (latest().operation, latest().verdict, latest().booking) == ("change", "refused", booking)


def test_a_refused_change_denies_only_the_covers_that_it_asks_beyond_its_own() -> None:
    house = limited(room(8, 8), pacing_covers=4)
    booking, before = book(house, party_size=4), denied("enforce", "PACING_COVERS")

    with pytest.raises(CapacityExceeded):
        change_booking(booking_id=booking.pk, party_size=5)
    assert denied("enforce", "PACING_COVERS") == before + 1

    book(house, at="20:00", party_size=2)
    with pytest.raises(CapacityExceeded):
        change_booking(booking_id=booking.pk, party_size=3, wall_time=booking.wall_time.replace(hour=20))
    assert denied("enforce", "PACING_COVERS") == before + 1


def test_a_waived_change_denies_as_many() -> None:
    house = limited(room(8, enforcement="shadow"), max_covers=4)
    booking, before = book(house, party_size=4), denied("shadow", "SERVICE_COVERS")

    change_booking(booking_id=booking.pk, party_size=6)

    assert denied("shadow", "SERVICE_COVERS") == before + 2


def test_a_change_that_changes_nothing_is_no_decision() -> None:
    booking = book(room(2))
    change_booking(booking_id=booking.pk, party_size=2)

    assert Decision.objects.filter(operation="change").count() == 0


def test_a_walk_in_is_recorded_by_its_way_in() -> None:
    house = room_at_noon(2)
    seat_walk_in(restaurant_id=house.pk, party_size=2)

    assert (latest().source, latest().request["channel"], latest().tables) == ("walk_in", "walk_in", ["T1"])


def test_a_stay_that_a_person_lengthens_above_a_limit_is_recorded_as_authorised() -> None:
    house = room_at_noon(2, 2)
    limit_presence(house, 2)
    party = seated(house, 60, "T1")
    later = due(house, 60, "T2")

    extend_stay(booking_id=party.pk, ends_at=party.ends_at + timedelta(minutes=60))

    row = latest()
    assert (row.operation, row.mode, row.verdict, row.booking) == ("stay", "enforce", "overridden", party)
    assert (row.party_size, row.ends_at) == (later.party_size, party.ends_at + timedelta(minutes=60))
    assert row.request["happening"] == "extended"
    assert row.reasons == [{"code": "OCCUPANCY_COVERS", "limit": 2, "used": 2, "asked": 2}]
    met = limit(row, "OCCUPANCY_COVERS")
    assert (met["limit"], met["before"], met["after"], met["ruleVersion"]) == (2, 2, 4, 1)
    assert (row.attempts, row.tables, row.sqlstates) == (1, ["T1"], [])
    assert row.duration_ms >= row.lock_wait_ms >= 0
    assert agrees_with_itself(row)


def test_a_longer_stay_within_the_limits_is_recorded_and_a_shorter_one_decides_nothing() -> None:
    house = room_at_noon(2)
    party = seated(house, 60, "T1")

    extend_stay(booking_id=party.pk, ends_at=party.ends_at + timedelta(minutes=15))
    extend_stay(booking_id=party.pk, ends_at=party.ends_at - timedelta(minutes=5))

    row = Decision.objects.get()
    assert (row.operation, row.verdict, row.reasons, row.seating_step) == ("stay", "accepted", [], "direct")


def test_a_party_that_comes_late_is_recorded_with_what_its_stay_takes_above_a_limit() -> None:
    house = room_at_noon(2, 2)
    limit_presence(house, 2)
    party = due(house, -60, "T1")
    due(house, 60, "T2")

    seat_party(booking_id=party.pk)

    row = latest()
    assert (row.operation, row.verdict, row.request["happening"]) == ("stay", "overridden", "seated")
    assert row.reasons == [{"code": "OCCUPANCY_COVERS", "limit": 2, "used": 2, "asked": 2}]
    assert agrees_with_itself(row)


def test_a_party_that_sits_down_as_booked_decides_nothing() -> None:
    house = room_at_noon(2)
    seat_party(booking_id=due(house, 10, "T1").pk)

    assert not Decision.objects.exists()


def test_a_party_that_finds_no_table_at_the_door_is_recorded() -> None:
    house = room_at_noon(2)
    seated(house, 20, "T1")
    party, before = due(house, 0), denied("enforce", "NO_TABLE")

    with pytest.raises(CapacityExceeded):
        seat_party(booking_id=party.pk)

    row = latest()
    assert (row.operation, row.verdict, row.error, row.booking) == ("stay", "refused", "CAPACITY_EXCEEDED", party)
    assert [reason["code"] for reason in row.reasons] == ["NO_TABLE"]
    assert (row.attempts, row.service_day_id, row.ends_at) == (1, party.service_day_id, party.ends_at)
    assert limit(row, "SERVICE_COVERS")["before"] == limit(row, "SERVICE_COVERS")["after"] == 2
    assert agrees_with_itself(row)
    # Its covers are in the counters: nobody is turned away who was not let in.
    assert denied("enforce", "NO_TABLE") == before


def test_a_party_whose_chosen_table_is_taken_is_recorded() -> None:
    house = room_at_noon(2, 2)
    seated(house, 20, "T1")
    party = due(house, 10, "T2")

    with pytest.raises(TableTaken):
        seat_party(booking_id=party.pk, table_ids=ids(house, "T1"))

    row = latest()
    assert (row.verdict, row.request["tableIds"]) == ("refused", ids(house, "T1"))
    assert [reason["code"] for reason in row.reasons] == ["NO_TABLE"]
    assert agrees_with_itself(row)


def test_a_no_show_that_comes_too_late_is_recorded() -> None:
    house = room_at_noon(2, 2)
    limit_presence(house, 2)
    party = due(house, -30, "T1")
    mark_no_show(booking_id=party.pk)
    seated(house, 10, "T2")
    event = party.events.get(kind="no_show")

    with pytest.raises(CapacityExceeded):
        undo_change(booking_id=party.pk, event_id=event.pk)

    row = latest()
    assert (row.operation, row.verdict, row.request["happening"]) == ("stay", "refused", "undone")
    assert row.reasons == [{"code": "OCCUPANCY_COVERS", "limit": 2, "used": 2, "asked": 2}]
    assert agrees_with_itself(row)


def test_a_party_that_is_refused_at_the_door_costs_nothing_where_the_ledger_is_away() -> None:
    house = room_at_noon(2)
    seated(house, 20, "T1")
    party, before = due(house, 0), lost()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bookings_decision RENAME TO bookings_decision_away")
    try:
        with pytest.raises(CapacityExceeded):
            seat_party(booking_id=party.pk)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE bookings_decision_away RENAME TO bookings_decision")

    assert (Decision.objects.count(), lost()) == (0, before + 1)


# What leaves no row, and what a row never has


def test_a_repeated_request_is_no_second_decision() -> None:
    house = room(2)
    first = book(house, idempotency_key="once")
    again = book(house, idempotency_key="once")

    assert first == again
    assert Decision.objects.count() == 1


def test_bad_input_is_no_decision() -> None:
    with pytest.raises(InputInvalid):
        book(room(2), at="19:07")

    assert not Decision.objects.exists()


def test_a_row_says_nothing_about_the_guest() -> None:
    house = room(2)
    book(house, guest=CANARY, notes="Qqanary allergy")
    with pytest.raises(CapacityExceeded):
        book(house, guest=CANARY, notes="Qqanary allergy")

    kept = json.dumps(list(Decision.objects.values()), default=str)
    states = [repr(decode_state(bytes(row.state or b""))) for row in Decision.objects.all()]
    assert Decision.objects.count() == 2
    for word in ("anary", "Zyxwvuta", "46999"):
        assert word not in kept
        assert not any(word in state for state in states)


# It costs nobody anything


def test_a_ledger_that_cannot_be_written_costs_no_booking() -> None:
    house, before = room(2), lost()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bookings_decision RENAME TO bookings_decision_away")
    try:
        booking = book(house)
        with pytest.raises(CapacityExceeded):
            book(house)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE bookings_decision_away RENAME TO bookings_decision")

    assert Booking.objects.get() == booking
    assert (Decision.objects.count(), lost()) == (0, before + 2)


def test_a_ledger_that_is_locked_costs_no_booking_and_little_time() -> None:
    house, before = room(2), lost()
    materialize(house, days_ahead())
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE bookings_decision IN ACCESS EXCLUSIVE MODE")
            booking = book(house)
            cursor.execute("ROLLBACK")
    finally:
        other.close()

    assert Booking.objects.get() == booking
    assert (Decision.objects.count(), lost()) == (0, before + 1)


def test_no_service_day_is_locked_while_a_decision_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    house = limited(room(2), max_covers=2)
    write, seen = writing.WRITING._work, []

    def write_and_look(rows: Sequence[Decision]) -> Sequence[None]:
        with connection.cursor() as cursor:
            # What a serializable transaction has read is remembered for a while after it, and keeps nobody waiting.
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND mode <> 'SIReadLock' AND ("
                " locktype IN ('advisory', 'tuple', 'transactionid') OR relation = 'capacity_serviceday'::regclass)"
            )
            seen.append((rows[0].verdict, cursor.fetchone()[0]))
        return write(rows)

    monkeypatch.setattr(writing.WRITING, "_work", write_and_look)
    book(house)
    with pytest.raises(CapacityExceeded):
        book(house)

    assert seen == [("accepted", 0), ("refused", 0)]


def test_the_ledger_can_be_switched_off(settings: Settings) -> None:
    settings.DECISION_LEDGER = False
    book(room(2))

    assert (Booking.objects.count(), Decision.objects.count()) == (1, 0)


# Attempts


def test_attempts_and_why_they_ran_again_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    house = room(2)
    materialize(house, days_ahead())
    tries = []

    def fail_once(*args: Any, **kwargs: Any) -> Booking:
        tries.append(args)
        if len(tries) == 1:
            raise LockTooSmall
        return write_bookings(*args, **kwargs)

    monkeypatch.setattr("bookings.services.booking.write_bookings", fail_once)
    booking = book(house)

    assert (latest().attempts, latest().sqlstates, latest().booking) == (2, ["claim"], booking)


def test_a_request_that_is_given_up_is_recorded_as_undecided(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    house = room(2)
    materialize(house, days_ahead())
    settings.BOOKING_DEADLINE_SECONDS = 1

    def fail(*args: Any, **kwargs: Any) -> Booking:
        raise LockTooSmall

    monkeypatch.setattr("bookings.services.booking.write_bookings", fail)
    with pytest.raises(BookingConflict):
        book(house)

    row = latest()
    assert (row.verdict, row.error, row.booking, row.reasons) == ("undecided", "BOOKING_CONFLICT", None, [])
    assert row.attempts == len(row.sqlstates) > 1
    assert limit(row, "SERVICE_COVERS")["after"] == 0


def test_a_request_that_waits_for_the_lock_until_the_deadline_is_recorded_too(settings: Settings) -> None:
    house = room(2)
    (day,) = materialize(house, days_ahead())
    settings.BOOKING_DEADLINE_SECONDS = 0.3
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT * FROM capacity_serviceday WHERE id = %s FOR UPDATE", [day.pk])
            with pytest.raises(BookingConflict):
                book(house, party_size=2)
            cursor.execute("ROLLBACK")
    finally:
        other.close()

    row = latest()
    assert (row.verdict, row.party_size, row.booking) == ("undecided", 2, None)
    assert set(row.sqlstates) <= {"55P03", "57014"}
    assert row.duration_ms >= 200


def test_the_request_id_is_recorded(client: Any) -> None:
    house = open_restaurant(tables=1)
    body = {
        "restaurantId": house.slug,
        "date": days_ahead().isoformat(),
        "time": "19:00",
        "partySize": 2,
        "name": "Ada",
        "email": "ada@example.com",
        "phone": "+442079460018",
    }
    client.post("/api/bookings", json.dumps(body), content_type="application/json", headers={"X-Request-ID": "call-17"})

    assert latest().request_id == "call-17"
