"""A period decided again on another house: exact values, by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bookings.choices import BookingSource, DecisionVerdict, EventKind
from bookings.insight.what_if import wording
from bookings.insight.what_if.guests import join_repeated
from bookings.insight.what_if.record import Happening, Record, Request
from bookings.insight.what_if.results import Tally
from bookings.insight.what_if.simulation import simulate
from tests.helpers.what_if_evenings import (
    FRIDAY,
    TABLES,
    asks,
    at,
    becomes,
    compared,
    house,
    ids,
    numbers_only,
    reasons,
    record,
    tables_given,
    taken,
    there,
)

# Other settings


def test_a_higher_pacing_limit_gains_the_party_that_it_refused() -> None:
    happened = record(asks(1, "19:00", 4, booked=True), asks(2, "19:00", 3))

    result = compared(
        happened,
        numbers_only("capacity_rules: [{pacing_covers: 6}]"),
        numbers_only("capacity_rules: [{pacing_covers: 7}]"),
    )

    assert (result.difference, ids(result.gained), result.lost) == (Tally(1, 3), [2], ())
    assert (result.gained[0].reasons, result.gained[0].reference) == (("PACING_COVERS",), "")
    assert result.today.first_reasons == {"PACING_COVERS": Tally(1, 3)}
    assert result.proposed.first_reasons == {}


def test_a_smaller_limit_loses_the_party_that_passes_it() -> None:
    happened = record(asks(1, "18:00", 4, booked=True), asks(2, "20:00", 3, booked=True))

    result = compared(happened, numbers_only(), numbers_only("capacity_rules: [{max_covers: 6, max_parties: 1}]"))

    assert (result.difference, result.gained, ids(result.lost)) == (Tally(-1, -3), (), [2])
    assert (result.lost[0].reasons, result.lost[0].reference) == (("SERVICE_COVERS", "SERVICE_PARTIES"), "B102")
    assert result.proposed.every_reason == {"SERVICE_COVERS": Tally(1, 3), "SERVICE_PARTIES": Tally(1, 3)}
    assert result.proposed.first_reasons == {"SERVICE_COVERS": Tally(1, 3)}


def test_longer_turns_fill_the_house_for_longer() -> None:
    happened = record(asks(1, "18:00", 4), asks(2, "19:30", 4))
    limit = "capacity_rules: [{occupancy_covers: 6}]"

    result = compared(happened, numbers_only(limit), numbers_only(limit, turn=105))

    assert (ids(result.lost), result.lost[0].reasons) == ([2], ("OCCUPANCY_COVERS",))


def test_shorter_turns_show_in_the_peak_of_who_is_present() -> None:
    happened = record(asks(1, "18:00", 4), asks(2, "19:00", 4))

    result = compared(happened, numbers_only(), numbers_only(turn=60))

    (today,), (proposed,) = result.today.services, result.proposed.services
    assert (today.occupancy.used, today.occupancy.slot_at) == (8, at("19:00"))
    assert (proposed.occupancy.used, proposed.occupancy.slot_at) == (4, at("18:00"))
    assert (today.covers.used, today.covers.limit, today.pacing.used) == (8, None, 4)


def test_with_fewer_tables_the_last_party_has_none() -> None:
    happened = record(asks(1), asks(2, party_size=4))

    result = compared(happened, house(TABLES), house("tables: [{number: T2, capacity: 4}]"))

    assert (ids(result.lost), result.lost[0].reasons) == ([2], ("NO_TABLE",))


def test_a_buffer_takes_the_start_after_a_party() -> None:
    happened = record(asks(1, "18:00"), asks(2, "19:30"))
    table = "tables: [{number: T1, capacity: 2}]"

    result = compared(happened, house(table), house(table, "buffer_minutes: 15"))

    assert (ids(result.lost), result.lost[0].reasons) == ([2], ("NO_TABLE",))


def test_parties_are_moved_as_a_plan_says() -> None:
    tables = "tables: [{number: T1, capacity: 2}, {number: T2, capacity: 2, seating_type: patio}]"
    happened = record(asks(1), asks(2, seating="indoor"))

    assert tables_given(simulate(record(asks(1)), house(tables))) == {-1: ["T1"]}
    assert tables_given(simulate(happened, house(tables))) == {-1: ["T2"], -2: ["T1"]}


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("closures: [{date: 2026-11-27}]", "CLOSED"),
        (
            "service_periods: [{name: Dinner, days: [fri], start: '17:10', last_seating: '21:00', end: '23:00', "
            "seating_mode: covers}]",
            "OUTSIDE_SERVICE",
        ),
        (
            "service_periods: [{name: Dinner, days: [fri], start: '17:00', last_seating: '18:45', end: '23:00', "
            "seating_mode: covers}]",
            "OUTSIDE_SERVICE",
        ),
        (
            "service_periods: [{name: Dinner, days: [sat], start: '17:00', last_seating: '21:00', end: '23:00', "
            "seating_mode: covers}]",
            "CLOSED",
        ),
        (
            "restaurant: {slug: bistro, name: Bistro, timezone: Etc/UTC, party_size: {min: 3, max: 8}}",
            "PARTY_TOO_SMALL",
        ),
    ],
    ids=["closure", "off the grid", "after the last seating", "no service", "too small to book online"],
)
def test_other_hours_refuse_what_lies_outside_them(part: str, code: str) -> None:
    simulation = simulate(record(asks(1, "19:00")), numbers_only(part))

    assert reasons(simulation)[1][0] == code


def test_the_clock_of_a_decision_is_when_it_was_made() -> None:
    late = asks(1, "19:00", decided_at=at("18:45"))
    notice = "restaurant: {slug: bistro, name: Bistro, timezone: Etc/UTC, min_notice_minutes: 30}"

    assert reasons(simulate(record(late), numbers_only(notice))) == {1: ("TOO_SOON",)}
    assert taken(simulate(record(late), numbers_only())) == [1]


# What became of the bookings


@pytest.mark.parametrize("kind", [EventKind.CANCELLED, EventKind.NO_SHOW, EventKind.EXPIRED])
def test_a_party_that_does_not_come_frees_covers_and_table_from_then_on(kind: EventKind) -> None:
    table, limit = "tables: [{number: T1, capacity: 2}]", "capacity_rules: [{max_covers: 2}]"
    requests = (asks(1, booked=True), asks(2), asks(4))
    gone = becomes(101, kind, asks(3).decided_at)

    simulation = simulate(record(*requests, happenings=(gone,)), house(table, limit))

    assert taken(simulation) == [1, 4]
    assert reasons(simulation) == {2: ("SERVICE_COVERS", "NO_TABLE")}
    assert tables_given(simulation) == {101: [], -4: ["T1"]}


def test_what_happened_to_a_booking_that_the_simulation_refuses_is_nothing() -> None:
    gone = becomes(102, EventKind.CANCELLED, asks(3).decided_at)
    happened = record(asks(1, booked=True), asks(2, booked=True), asks(4), happenings=(gone,))

    simulation = simulate(happened, numbers_only("capacity_rules: [{max_covers: 2}]"))

    assert taken(simulation) == [1]


def test_a_table_is_free_when_its_party_has_left() -> None:
    left = becomes(101, EventKind.LEFT, at("18:20"))
    walk_in = asks(2, "18:30", decided_at=at("18:30"), source=BookingSource.WALK_IN)
    table = house("tables: [{number: T1, capacity: 2}]")

    assert taken(simulate(record(asks(1, "17:30", booked=True), walk_in, happenings=(left,)), table)) == [1, 2]
    assert taken(simulate(record(asks(1, "17:30", booked=True), walk_in), table)) == [1]


def test_a_longer_stay_moves_who_comes_next() -> None:
    longer = becomes(101, EventKind.EXTENDED, at("18:00"), ends_at=at("20:00"))
    sits = becomes(101, EventKind.SEATED, at("17:30"))
    happened = record(asks(1, "17:30", booked=True), asks(2, "19:00", booked=True), happenings=(sits, longer))
    tables = "tables: [{number: T1, capacity: 2}, {number: T2, capacity: 2, priority: 1}]"

    simulation = simulate(happened, house(tables))

    assert tables_given(simulation) == {101: ["T1"], 102: ["T2"]}
    assert simulation.room.parties[101].ends_at == at("20:00")


def test_a_longer_stay_that_finds_no_other_table_ends_for_the_table_as_the_next_party_comes() -> None:
    sits, longer = (
        becomes(101, EventKind.SEATED, at("17:30")),
        becomes(101, EventKind.EXTENDED, at("18:00"), ends_at=at("20:00")),
    )
    happened = record(asks(1, "17:30", booked=True), asks(2, "19:00", booked=True), happenings=(sits, longer))

    simulation = simulate(happened, house("tables: [{number: T1, capacity: 2}]"))

    first, second = simulation.room.parties.values()
    assert [each.ends_at for each in first.held.values()] == [at("19:00")]
    assert [each.starts_at for each in second.held.values()] == [at("19:00")]
    assert first.ends_at == at("20:00")


def test_who_sits_down_late_stays_that_much_longer_as_proposed() -> None:
    late = becomes(101, EventKind.SEATED, at("19:20"))

    simulation = simulate(record(asks(1, "19:00", booked=True), happenings=(late,)), numbers_only(turn=60))

    assert simulation.room.parties[101].ends_at == at("20:20")


def test_an_undone_no_show_is_there_again() -> None:
    gone = becomes(101, EventKind.NO_SHOW, at("19:10"))
    back = becomes(101, EventKind.UNDONE, at("19:15"), undone="no_show")
    walk_in = asks(2, "19:30", decided_at=at("19:30"), source=BookingSource.WALK_IN)
    happened = record(asks(1, booked=True), walk_in, happenings=(gone, back))

    simulation = simulate(happened, house("tables: [{number: T1, capacity: 2}]"))

    assert taken(simulation) == [1]
    assert tables_given(simulation) == {101: ["T1"]}


def test_a_change_moves_the_party_and_frees_its_former_start() -> None:
    change = asks(2, "20:00", 3, booking_id=101, verdict=DecisionVerdict.ACCEPTED, channel="in_house")
    limit = "capacity_rules: [{pacing_covers: 4}]"
    happened = record(asks(1, "19:00", 2, booked=True), asks(3, "19:00", 4), asks(4, "20:00", 2), changes=(change,))

    simulation = simulate(happened, numbers_only(limit))

    assert taken(simulation) == [1, 3]
    assert reasons(simulation) == {4: ("PACING_COVERS",)}
    assert (simulation.room.parties[101].starts_at, simulation.room.parties[101].party_size) == (at("20:00"), 3)


def test_a_change_that_finds_no_room_leaves_the_booking_as_it_was() -> None:
    change = asks(3, "20:00", 2, booking_id=101, verdict=DecisionVerdict.ACCEPTED, channel="in_house")
    happened = record(asks(1, "19:00", booked=True), asks(2, "20:00", booked=True), changes=(change,))

    simulation = simulate(happened, numbers_only("capacity_rules: [{pacing_covers: 2}]"))

    assert (simulation.changes_refused, simulation.room.parties[101].starts_at) == (1, at("19:00"))


def test_a_change_of_the_wish_alone_leaves_start_and_stay_as_proposed() -> None:
    change = asks(
        2,
        "19:00",
        2,
        booking_id=101,
        verdict=DecisionVerdict.ACCEPTED,
        keeps_start=True,
        turn_minutes=90,
        seating="indoor",
    )
    happened = record(asks(1, "19:00", 2, booked=True), changes=(change,))

    simulation = simulate(happened, house(TABLES, turn=120))

    assert simulation.room.parties[101].ends_at == at("21:00")
    assert simulation.room.parties[101].seating == "indoor"


WALK_IN = BookingSource.WALK_IN
ONE_TABLE = "tables: [{number: T1, capacity: 2}]"


def walks_in(pk: int, when: str, **changes: Any) -> Request:
    return asks(pk, when, 2, decided_at=at(when), source=WALK_IN, **changes)


def test_a_walk_in_that_only_the_simulation_takes_leaves_when_its_time_is_over() -> None:
    happened = record(walks_in(1, "18:05"), walks_in(2, "20:35", booked=True))
    strict = house(ONE_TABLE, "capacity_rules: [{time_from: '18:00', time_to: '18:30', pacing_covers: 1}]")

    result = compared(happened, strict, house(ONE_TABLE))

    assert (ids(result.gained), result.lost) == ([1], ())
    # Until then it sits, and its buffer is kept.
    assert taken(simulate(record(walks_in(1, "18:05"), walks_in(2, "19:30")), house(ONE_TABLE))) == [1]
    buffered = house(ONE_TABLE, "buffer_minutes: 15")
    assert taken(simulate(record(walks_in(1, "18:05"), walks_in(2, "19:45")), buffered)) == [1]


def test_a_walk_in_whose_turn_time_is_another_leaves_at_its_end_unless_somebody_saw_it_leave() -> None:
    evening = (walks_in(1, "18:05", booked=True), walks_in(2, "19:10"))
    left = becomes(101, EventKind.LEFT, at("19:20"))
    short = house(ONE_TABLE, turn=60)

    # As it was, it sits as long as nobody notes that it left; so it did then.
    assert taken(simulate(record(*evening, walks_in(3, "20:35")), house(ONE_TABLE))) == [1]
    assert taken(simulate(record(*evening), short)) == [1, 2]
    assert taken(simulate(record(*evening, happenings=(left,)), short)) == [1]
    assert taken(simulate(record(*evening, walks_in(3, "19:25"), happenings=(left,)), short)) == [1, 3]


# What became of a party that starts at another time than it really did


def evening_of_another_start(real: str, *happenings: Happening, later: Sequence[Request] = ()) -> Record:
    """Return a guest who wished 18:00 and took another start, and what became of that booking, 102."""
    wish = asks(1, "18:00", 2, alternatives=(at(real),))
    return record(wish, asks(2, real, 2, booked=True), *later, happenings=happenings)


def test_a_party_that_gets_its_first_wish_sits_and_leaves_as_long_after_its_start() -> None:
    sits, left = becomes(102, EventKind.SEATED, at("18:30")), becomes(102, EventKind.LEFT, at("19:50"))
    left = replace(left, event_id=103)

    simulation = simulate(evening_of_another_start("18:30", sits, left), house(ONE_TABLE))

    party = simulation.room.parties[-1]
    assert (party.status, party.starts_at, party.ends_at) == ("completed", at("18:00"), at("19:20"))
    assert [each.ends_at for each in party.held.values()] == [at("19:20")]


def test_a_party_whose_real_start_was_earlier_stays_as_long_as_it_did() -> None:
    sits, left = becomes(102, EventKind.SEATED, at("17:15")), becomes(102, EventKind.LEFT, at("18:05"))
    left = replace(left, event_id=103)

    party = simulate(evening_of_another_start("17:15", sits, left), house(ONE_TABLE)).room.parties[-1]

    assert (party.starts_at, party.ends_at) == (at("18:00"), at("18:50"))


def test_what_happens_earlier_than_it_really_did_is_there_for_who_asks_in_between() -> None:
    sits, left = becomes(102, EventKind.SEATED, at("20:00")), becomes(102, EventKind.LEFT, at("20:40"))
    left = replace(left, event_id=103)
    happened = evening_of_another_start("20:00", sits, left, later=(walks_in(3, "18:45"),))

    assert taken(simulate(happened, house(ONE_TABLE))) == [1, 3]


def test_a_cancellation_is_when_it_was_unless_the_party_would_sit_by_then() -> None:
    in_time = becomes(102, EventKind.CANCELLED, at("17:30"))
    too_late = becomes(102, EventKind.CANCELLED, at("19:00"))
    walk_in = walks_in(3, "17:45", turn_minutes=10)

    assert taken(simulate(evening_of_another_start("20:00", in_time, later=(walk_in,)), house(ONE_TABLE))) == [1, 3]
    simulation = simulate(
        evening_of_another_start("20:00", too_late, later=(asks(4, "18:00", decided_at=at("17:10")),)),
        house(ONE_TABLE),
    )
    assert taken(simulation) == [1, 4]


def test_a_party_whose_change_is_refused_lives_its_evening_from_its_old_start() -> None:
    change = asks(3, "20:00", 2, booking_id=101, verdict=DecisionVerdict.ACCEPTED, channel="in_house")
    sits, left = becomes(101, EventKind.SEATED, at("20:10")), becomes(101, EventKind.LEFT, at("20:50"))
    happened = record(
        asks(1, "18:00", booked=True),
        asks(2, "20:00", booked=True),
        changes=(change,),
        happenings=(sits, replace(left, event_id=102)),
    )

    simulation = simulate(happened, numbers_only("capacity_rules: [{pacing_covers: 2}]"))

    party = simulation.room.parties[101]
    assert (simulation.changes_refused, party.starts_at, party.ends_at) == (1, at("18:00"), at("18:50"))


def test_a_party_that_is_changed_to_the_start_that_it_really_had_lives_its_evening_then() -> None:
    change = asks(3, "19:00", 2, booking_id=102, verdict=DecisionVerdict.ACCEPTED, channel="in_house")
    sits, left = becomes(102, EventKind.SEATED, at("19:00")), becomes(102, EventKind.LEFT, at("19:40"))
    happened = evening_of_another_start("20:00", sits, replace(left, event_id=103))

    party = simulate(replace(happened, changes=(change,)), house(ONE_TABLE)).room.parties[-1]

    assert (party.starts_at, party.ends_at, party.status) == (at("19:00"), at("19:40"), "completed")


# Who asked


def test_one_guest_who_asks_the_same_again_is_one_party_and_the_last_request_counts() -> None:
    first, *others = (asks(pk, "19:00", 4, alternatives=(at(f"{pk + 16}:00"),)) for pk in range(1, 6))

    joined = join_repeated([first, *others])

    assert ([each.decision_id for each in joined.requests], joined.repeated) == ([5], 4)
    # Whatever it was offered on the way it may take.
    assert joined.requests[0].alternatives == tuple(at(f"{hour}:00") for hour in range(17, 22))


@pytest.mark.parametrize(
    "other",
    [
        {"party_size": 3},
        {"wall_time": "19:15"},
        {"seating": "patio"},
        {"source": BookingSource.PHONE},
        {"decided_at": asks(17).decided_at},
        {"business_date": FRIDAY + timedelta(days=1)},
        {"booked": True},
    ],
    ids=["size", "start", "wish", "way in", "a quarter of an hour later", "date", "taken"],
)
def test_who_asks_otherwise_or_much_later_is_another_guest(other: dict[str, Any]) -> None:
    joined = join_repeated([asks(1, "19:00", 2), asks(2, **{"wall_time": "19:00", **other})])

    assert ([each.decision_id for each in joined.requests], joined.repeated) == ([1, 2], 0)


def test_a_quarter_of_an_hour_runs_from_the_last_time_that_was_asked() -> None:
    joined = join_repeated([asks(1), asks(16), asks(31)])

    assert [each.decision_id for each in joined.requests] == [31]


@pytest.mark.parametrize("is_booked", [True, False])
def test_a_request_that_was_not_decided_in_time_and_the_next_try_are_one_party(is_booked: bool) -> None:
    joined = join_repeated([asks(1, verdict=DecisionVerdict.UNDECIDED), asks(2, booked=is_booked)])

    assert ([each.decision_id for each in joined.requests], joined.repeated) == ([2], 1)
    table = house("tables: [{number: T1, capacity: 2}]")
    assert taken(simulate(record(*joined.requests), table)) == [2]


def test_a_second_booking_is_another_party() -> None:
    joined = join_repeated(
        [asks(1, verdict=DecisionVerdict.UNDECIDED), asks(2, booked=True), asks(3, booked=True), asks(4)]
    )

    assert [each.decision_id for each in joined.requests] == [2, 3, 4]


def test_a_guest_who_took_another_start_is_one_party() -> None:
    refused = asks(1, "19:00", 4, alternatives=(at("19:15"),))
    happened = record(
        asks(3, "19:00", 4, booked=True, decided_at=asks(0).decided_at), refused, asks(2, "19:15", 4, booked=True)
    )

    result = compared(
        happened,
        numbers_only("capacity_rules: [{pacing_covers: 4}]"),
        numbers_only("capacity_rules: [{pacing_covers: 8}]"),
    )

    assert (result.requests, result.parties) == (3, 2)
    assert result.actual.accepted == result.today.told.accepted == result.proposed.told.accepted == Tally(2, 8)
    assert result.today.first_reasons == {"PACING_COVERS": Tally(1, 4)}
    assert (result.proposed.first_reasons, result.gained, result.lost) == ({}, (), ())


def test_the_booking_of_another_start_frees_the_first_wish_when_it_is_cancelled() -> None:
    refused = asks(1, "19:00", 4, alternatives=(at("19:15"),))
    gone = becomes(102, EventKind.CANCELLED, asks(3).decided_at)
    happened = record(refused, asks(2, "19:15", 4, booked=True), asks(4, "19:00", 4), happenings=(gone,))

    simulation = simulate(happened, numbers_only("capacity_rules: [{pacing_covers: 4}]"))

    assert taken(simulation) == [1, 4]
    assert simulation.outcomes[2].is_answered


def test_tables_that_the_staff_chose_are_kept_where_they_still_take_the_party() -> None:
    phone = asks(1, "19:00", 2, source=BookingSource.PHONE, table_ids=(2,))

    assert tables_given(simulate(record(phone), house(TABLES))) == {-1: ["T2"]}
    assert tables_given(simulate(record(phone), house("tables: [{number: T1, capacity: 2}]"))) == {-1: ["T1"]}
    smaller = "tables: [{number: T1, capacity: 2}, {number: T2, capacity: 1}]"
    assert tables_given(simulate(record(phone), house(smaller))) == {-1: ["T1"]}


def test_minutes_that_the_staff_named_are_kept() -> None:
    phone = asks(1, "19:00", source=BookingSource.PHONE, turn_minutes=45)

    assert simulate(record(phone), numbers_only()).room.parties[-1].ends_at == at("19:45")


def test_a_walk_in_is_seated_at_its_minute() -> None:
    walk_in = asks(1, "19:07", source=BookingSource.WALK_IN, decided_at=at("19:07") + timedelta(seconds=20))

    simulation = simulate(record(walk_in), house(TABLES))

    party = simulation.room.parties[-1]
    assert (taken(simulation), party.status, party.starts_at) == ([1], "seated", at("19:07"))
    assert reasons(simulate(record(walk_in), house(TABLES, "capacity_rules: [{pacing_covers: 1}]"))) == {
        1: ("PACING_COVERS",)
    }


def test_bookings_that_are_not_in_the_ledger_are_there_from_the_beginning() -> None:
    happened = record(asks(1), asks(2, party_size=4), fixed=(there(50, "19:00", 4, 2),))

    result = compared(happened, house(TABLES), house(TABLES, "capacity_rules: [{max_covers: 6}]"))

    assert reasons(simulate(happened, house(TABLES))) == {2: ("NO_TABLE",)}
    assert (result.today.services[0].covers.used, result.proposed.services[0].covers.used) == (6, 6)
    assert [each.reference for each in result.unrecorded] == ["R50"]


def test_a_booking_whose_table_is_gone_is_given_another_before_anybody_else() -> None:
    happened = record(asks(1), fixed=(there(50, "19:00", 2, 2),))

    assert reasons(simulate(happened, house("tables: [{number: T1, capacity: 2}]"))) == {1: ("NO_TABLE",)}


def test_a_request_that_was_not_decided_in_time_is_one_too_and_is_counted() -> None:
    happened = record(asks(1, verdict=DecisionVerdict.UNDECIDED))

    result = compared(happened, numbers_only(), numbers_only())

    assert (result.undecided, result.actual.undecided, result.today.told.accepted) == (1, Tally(1, 2), Tally(1, 2))


# What it adds up to


def test_seats_used_are_covers_by_their_minutes_of_all_seats_in_opening_hours() -> None:
    result = compared(record(asks(1, "19:00", 2)), house(TABLES), house(TABLES, turn=180))

    # Six seats for 390 minutes; two covers for 90, or 180.
    assert (result.today.seat_minutes, result.today.seat_minutes_offered) == (180, 2340)
    assert (result.today.seats_used_percent, result.proposed.seats_used_percent) == (8, 15)


def test_peaks_name_their_limit_and_their_moment() -> None:
    rules = (
        "capacity_rules: [{max_covers: 10, pacing_covers: 6}, {time_from: '20:00', time_to: '21:00', pacing_covers: 5}]"
    )
    happened = record(asks(1, "19:00", 5), asks(2, "20:00", 5))

    (service,) = compared(happened, numbers_only(rules), numbers_only(rules)).today.services

    assert (service.period_name, service.covers.used, service.covers.limit) == ("Dinner", 10, 10)
    # Of two starts with as many covers the one with less room.
    assert (service.pacing.used, service.pacing.limit, service.pacing.slot_at) == (5, 5, at("20:00"))
    assert (service.occupancy.used, service.occupancy.slot_at) == (10, at("20:00"))


def test_services_are_told_by_their_start() -> None:
    periods = (
        "service_periods: [{name: Dinner, days: [fri], start: '18:00', last_seating: '21:00', end: '23:00', "
        "seating_mode: covers}, {name: Drinks, days: [fri], start: '15:00', last_seating: '17:00', end: '18:00', "
        "seating_mode: covers}]"
    )

    result = compared(record(asks(1, "19:00")), numbers_only(periods), numbers_only(periods))

    assert [row[1] for row in wording.peaks(result)] == ["Drinks", "Drinks", "Dinner", "Dinner"]


def test_covers_are_told_by_date() -> None:
    saturday = FRIDAY + timedelta(days=1)
    happened = record(asks(1, party_size=3), asks(2, business_date=saturday), to_date=saturday)

    result = compared(happened, numbers_only(), numbers_only("closures: [{date: 2026-11-28}]"))

    assert list(result.today.covers_by_date.values()) == [3, 2]
    assert list(result.proposed.covers_by_date.values()) == [3, 0]
