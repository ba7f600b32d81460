"""Changing a booking: decided as a new one, without itself; covers, tables, history move with it or nothing does."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bookings.choices import BookingSource, BookingStatus, EventKind
from bookings.errors import (
    BookingNotActive,
    CapacityExceeded,
    OperatingHoursClosed,
    OutsideBookingWindow,
    PartySizeNotAccepted,
    StayOver,
)
from bookings.models import Booking, CapacityOverride, TableAssignment
from bookings.services import (
    FloorOutcome,
    MovedParty,
    assign_tables,
    cancel_booking,
    change_booking,
    pin_tables,
    roll_back_enforcement,
    save_settings_row,
)
from capacity.models import BookingSlot, CapacityRule, ServiceDay
from capacity.policy import Reason, ReasonCode
from config.errors import EditIsStale, InputInvalid, RecordNotFound
from tables.models import Restaurant
from tests.helpers.dining_room import (
    at_tables,
    began,
    book,
    everything_written,
    faults,
    history,
    ids,
    latest,
    pins,
    room,
    room_at_noon,
)
from tests.helpers.factories import (
    CapacityRuleFactory,
    ClosureFactory,
    ServicePeriodFactory,
    TableFactory,
    TurnTimeFactory,
    UserFactory,
    days_ahead,
)

pytestmark = pytest.mark.django_db(transaction=True)


def change(booking: Booking, at: str | None = None, **what: Any) -> FloorOutcome:
    """Change a booking as the staff does."""
    if at is not None:
        what["wall_time"] = time.fromisoformat(at)
    staff = what.pop("actor", None) or UserFactory()
    return change_booking(booking_id=booking.pk, actor=staff, **what)


def covers_of(restaurant: Restaurant) -> dict[str, int]:
    """Return the covers that start in each slot that is not empty."""
    slots = BookingSlot.objects.filter(restaurant=restaurant, starting_covers__gt=0).order_by("starts_at")
    return {f"{slot.starts_at:%d %H:%M}": slot.starting_covers for slot in slots}


def slot_name(days: int, at: str) -> str:
    return f"{days_ahead(days):%d} {at}"


def test_a_booking_moves_to_another_time_with_its_covers_and_its_table() -> None:
    restaurant = room(2, 2)
    booking = book(restaurant)
    host = UserFactory(username="hannah")

    outcome = change(booking, "20:00", actor=host)

    changed = Booking.objects.get(pk=booking.pk)
    assert (changed.wall_time, changed.version) == (time(20), 2)
    assert (changed.starts_at - booking.starts_at, changed.ends_at - booking.ends_at) == (timedelta(hours=1),) * 2
    assert outcome.booking == changed
    assert outcome.moves == ()
    assert covers_of(restaurant) == {slot_name(30, "20:00"): 2}
    during = TableAssignment.objects.get(booking=booking).during
    assert (at_tables(booking), during.lower, during.upper) == (["T1"], changed.starts_at, changed.ends_at)
    event = latest(booking)
    assert (event.kind, event.actor_label) == (EventKind.CHANGED, "hannah")
    assert set(event.from_value) == {"time", "starts_at", "ends_at"}
    assert (event.from_value["time"], event.to_value["time"]) == ("19:00", "20:00")
    assert faults(restaurant) == []


def test_a_booking_never_collides_with_itself() -> None:
    restaurant = room(2)
    CapacityRuleFactory(restaurant=restaurant, max_covers=2, max_parties=1, occupancy_covers=2, pacing_parties=1)
    booking = book(restaurant)

    change(booking, "19:15")

    assert covers_of(restaurant) == {slot_name(30, "19:15"): 2}
    assert at_tables(booking) == ["T1"]
    assert faults(restaurant) == []


def test_a_booking_moves_to_another_date_that_nobody_booked_before() -> None:
    restaurant = room(2)
    booking = book(restaurant)
    old_day = booking.service_day_id

    change(booking, business_date=days_ahead(40))

    changed = Booking.objects.get(pk=booking.pk)
    assert (changed.business_date, changed.wall_time) == (days_ahead(40), time(19))
    assert changed.service_day_id != old_day
    assert changed.service_day.business_date == days_ahead(40)
    assert ServiceDay.objects.get(pk=old_day).booked_covers == 0
    assert covers_of(restaurant) == {slot_name(40, "19:00"): 2}
    assert latest(booking).to_value["date"] == days_ahead(40).isoformat()
    assert faults(restaurant) == []


def test_a_booking_moves_from_lunch_to_dinner() -> None:
    restaurant = room(2)
    ServicePeriodFactory(
        restaurant=restaurant,
        name="Lunch",
        seating_mode="tables",
        start_time=time(12),
        last_seating=time(14),
        end_time=time(16),
    )
    booking = book(restaurant, "13:00")

    change(booking, "19:00")

    assert Booking.objects.get(pk=booking.pk).service_day.service_period.name == "Dinner"
    assert faults(restaurant) == []


def test_a_larger_party_gets_a_table_that_takes_it_and_the_turn_of_its_size() -> None:
    restaurant = room(2, 4)
    TurnTimeFactory(restaurant=restaurant, up_to=2, minutes=60)
    booking = book(restaurant)
    assert (at_tables(booking), booking.turn_minutes) == (["T1"], 60)

    change(booking, party_size=4)

    changed = Booking.objects.get(pk=booking.pk)
    assert (changed.party_size, changed.turn_minutes, at_tables(booking)) == (4, 90, ["T2"])
    assert changed.ends_at - changed.starts_at == timedelta(minutes=90)
    assert latest(booking).from_value == {
        "ends_at": latest(booking).from_value["ends_at"],
        "party_size": 2,
        "tables": ["T1"],
    }
    assert latest(booking).to_value["tables"] == ["T2"]
    assert faults(restaurant) == []


def test_the_minutes_of_the_stay_may_be_named() -> None:
    restaurant = room(2)
    booking = book(restaurant)

    change(booking, turn_minutes=120)

    changed = Booking.objects.get(pk=booking.pk)
    assert (changed.turn_minutes, changed.ends_at - changed.starts_at) == (120, timedelta(minutes=120))
    assert faults(restaurant) == []


def test_the_buffer_is_that_of_today() -> None:
    restaurant = room(2)
    booking = book(restaurant)
    Restaurant.objects.filter(pk=restaurant.pk).update(buffer_minutes=15)

    change(booking, "20:00")

    changed = Booking.objects.get(pk=booking.pk)
    during = TableAssignment.objects.get(booking=booking).during
    assert (changed.buffer_minutes, during.upper - changed.ends_at) == (15, timedelta(minutes=15))
    assert faults(restaurant) == []


def test_a_new_wish_moves_the_booking_where_it_is_met_and_none_frees_it() -> None:
    restaurant = room(2)
    TableFactory(restaurant=restaurant, number="P1", capacity=2, seating_type="patio")
    booking = book(restaurant)

    change(booking, seating="patio")
    assert (at_tables(booking), Booking.objects.get(pk=booking.pk).seating) == (["P1"], "patio")

    change(booking, seating=None)
    assert (at_tables(booking), Booking.objects.get(pk=booking.pk).seating) == (["P1"], "")


def test_a_booking_stays_at_its_table_where_it_still_fits_though_another_fits_better() -> None:
    restaurant = room(4, 4, 2)
    booking = book(restaurant, party_size=4)
    assign_tables(booking_id=booking.pk, table_ids=ids(restaurant, "T2"), is_pinned=False)

    change(booking, "20:00", party_size=2)

    assert (at_tables(booking), pins(booking)) == (["T2"], {False})


def test_a_booking_takes_another_table_where_its_own_is_taken_rather_than_move_others() -> None:
    restaurant = room(2, 2)
    booking = book(restaurant, "17:00")
    other = book(restaurant, "19:00")
    assert (at_tables(booking), at_tables(other)) == (["T1"], ["T1"])

    outcome = change(booking, "19:00")

    assert (at_tables(booking), at_tables(other), outcome.moves) == (["T2"], ["T1"], ())


def test_a_pinned_booking_keeps_its_table_and_others_make_room() -> None:
    restaurant = room(2, 2)
    booking = book(restaurant, "17:00")
    other = book(restaurant, "19:00")
    pin_tables(booking_id=booking.pk)

    outcome = change(booking, "19:15")

    assert (at_tables(booking), pins(booking), at_tables(other)) == (["T1"], {True}, ["T2"])
    assert outcome.moves == (MovedParty(other.reference, ("T1",), ("T2",)),)
    assert latest(other).reason == "T1 -> T2, to make room for 2 at 19:15"
    assert faults(restaurant) == []


def test_a_pinned_booking_that_must_leave_its_table_is_pinned_no_more() -> None:
    restaurant = room(2, 2)
    booking, other = book(restaurant, "17:00"), book(restaurant, "19:00")
    pin_tables(booking_id=booking.pk)
    pin_tables(booking_id=other.pk)

    change(booking, "19:00")

    assert (at_tables(booking), pins(booking)) == (["T2"], {False})


def test_movable_parties_make_room_for_a_change() -> None:
    restaurant = room(2, 4)
    pair = book(restaurant, "19:00")
    assign_tables(booking_id=pair.pk, table_ids=ids(restaurant, "T2"), is_pinned=False)
    four = book(restaurant, "17:00", 4)

    outcome = change(four, "19:30")

    assert (at_tables(pair), at_tables(four)) == (["T1"], ["T2"])
    assert outcome.moves == (MovedParty(pair.reference, ("T2",), ("T1",)),)
    assert (history(pair)[-1], latest(pair).reason) == (
        EventKind.RESEATED,
        "T2 -> T1, to make room for 4 at 19:30",
    )
    assert faults(restaurant) == []


def test_a_change_without_room_is_refused_with_alternatives_and_nothing_is_written() -> None:
    restaurant = room(2, 4)
    pair, four = book(restaurant, "19:00"), book(restaurant, "17:00", 4)
    assign_tables(booking_id=pair.pk, table_ids=ids(restaurant, "T2"))
    before = everything_written(restaurant)

    with pytest.raises(CapacityExceeded, match="No capacity for 4 guests at 19:30") as refused:
        change(four, "19:30")

    assert refused.value.reasons == (Reason(ReasonCode.NO_TABLE, limit=1, used=1, asked=1),)
    assert [f"{start.wall_time:%H:%M}" for start in refused.value.alternatives] == [
        "20:30",
        "20:45",
        "21:00",
        "21:15",
        "17:30",
    ]
    assert everything_written(restaurant) == before


@pytest.mark.parametrize(("limit", "is_refused"), [(5, True), (6, False), (7, False)])
def test_the_limit_holds_for_what_a_change_adds(limit: int, is_refused: bool) -> None:
    restaurant = room(2, 4)
    CapacityRuleFactory(restaurant=restaurant, max_covers=limit)
    book(restaurant, "17:00")
    booking = book(restaurant)
    before = everything_written(restaurant)

    if is_refused:
        with pytest.raises(CapacityExceeded) as refused:
            change(booking, party_size=4)
        assert refused.value.reasons == (Reason(ReasonCode.SERVICE_COVERS, limit=5, used=2, asked=4),)
        assert everything_written(restaurant) == before
    else:
        change(booking, party_size=4)
        assert faults(restaurant) == []


def test_a_party_that_leaves_as_the_changed_one_comes_is_not_in_the_way() -> None:
    restaurant = room(2)
    book(restaurant, "17:00")
    booking = book(restaurant, "20:00")

    change(booking, "18:30")

    assert at_tables(booking) == ["T1"]
    with pytest.raises(CapacityExceeded):
        change(booking, "18:15")


REFUSALS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"wall_time": time(16)}, OperatingHoursClosed, "No service at 16:00"),
    ({"business_date": days_ahead(-1)}, OutsideBookingWindow, "That time has passed"),
    ({"wall_time": time(19, 7)}, InputInvalid, "not valid"),
    ({"party_size": 0}, InputInvalid, "not valid"),
    ({"party_size": 1001}, InputInvalid, "not valid"),
    ({"turn_minutes": 1441}, InputInvalid, "not valid"),
    ({"wall_time": time(20), "starts_at": datetime(2030, 1, 1, tzinfo=UTC)}, InputInvalid, "not valid"),
]


@pytest.mark.parametrize(("what", "error", "message"), REFUSALS)
def test_what_no_booking_could_be_refuses_the_change(
    what: dict[str, Any], error: type[Exception], message: str
) -> None:
    restaurant = room(2)
    booking = book(restaurant)
    before = everything_written(restaurant)

    with pytest.raises(error, match=message):
        change(booking, **what)

    assert everything_written(restaurant) == before


def test_a_guest_is_bound_by_what_is_taken_online_and_the_staff_is_not() -> None:
    restaurant = room(2, 12)
    booking = book(restaurant)

    with pytest.raises(PartySizeNotAccepted):
        change_booking(booking_id=booking.pk, party_size=9)
    change(booking, party_size=9)

    assert Booking.objects.get(pk=booking.pk).party_size == 9


def test_the_staff_gives_a_guest_from_the_web_tables_for_the_web_first_and_its_own_then() -> None:
    restaurant = room(2, 2, 2)
    restaurant.tables.filter(number="T1").update(audience=["in_house"])
    restaurant.tables.filter(number__in=["T2", "T3"]).update(audience=["online"])
    booking = book(restaurant, "17:00")
    first, second = book(restaurant, "19:00"), book(restaurant, "19:00")
    assert (at_tables(booking), at_tables(first), at_tables(second)) == (["T2"], ["T2"], ["T3"])

    change(booking, "19:00")

    assert at_tables(booking) == ["T1"]
    assert faults(restaurant) == []


def test_the_staff_may_move_a_guest_from_the_web_between_tables_for_the_web_alone() -> None:
    restaurant = room(2, 2)
    restaurant.tables.update(audience=["online"])
    booking = book(restaurant, "17:00")
    book(restaurant, "19:00")

    change(booking, "19:00")

    assert at_tables(booking) == ["T2"]


def test_a_closure_refuses_a_new_start_and_leaves_the_old_one_alone() -> None:
    restaurant = room(4)
    booking = book(restaurant, party_size=4)
    ClosureFactory(restaurant=restaurant)

    with pytest.raises(OperatingHoursClosed):
        change(booking, "20:00")
    change(booking, party_size=3)

    assert Booking.objects.get(pk=booking.pk).party_size == 3
    assert faults(restaurant) == []


def test_a_double_click_is_one_change() -> None:
    restaurant = room(2, 4)
    booking = book(restaurant)
    what: dict[str, Any] = {"party_size": 4, "seating": "indoor", "turn_minutes": 105, "expected_version": 1}
    change(booking, "20:00", **what)
    before = everything_written(restaurant)

    outcome = change(booking, "20:00", **what)

    assert everything_written(restaurant) == before
    assert outcome.booking.version == 2
    assert history(booking) == [EventKind.CREATED, EventKind.CHANGED]


def test_a_change_to_what_is_there_already_writes_nothing() -> None:
    restaurant = room(2)
    booking = book(restaurant)
    before = everything_written(restaurant)

    change(booking, "19:00", business_date=days_ahead(), starts_at=booking.starts_at, party_size=2, seating=None)

    assert everything_written(restaurant) == before


def test_an_older_state_is_not_changed() -> None:
    restaurant = room(2)
    booking = book(restaurant)
    change(booking, "20:00")
    before = everything_written(restaurant)

    with pytest.raises(EditIsStale):
        change(booking, "18:00", expected_version=1)

    assert everything_written(restaurant) == before


def test_a_cancelled_booking_is_not_changed() -> None:
    restaurant = room(2)
    booking = cancel_booking(booking_id=book(restaurant).pk)
    before = everything_written(restaurant)

    with pytest.raises(BookingNotActive, match="A cancelled booking cannot be changed"):
        change(booking, "20:00")

    assert everything_written(restaurant) == before


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (BookingStatus.COMPLETED, "A completed"),
        (BookingStatus.NO_SHOW, "A no_show"),
        (BookingStatus.EXPIRED, "An expired"),
    ],
)
def test_what_is_over_is_not_changed(status: str, shown: str) -> None:
    booking = book(room(2))
    Booking.objects.filter(pk=booking.pk).update(status=status)

    with pytest.raises(BookingNotActive, match=f"{shown} booking cannot be changed"):
        change(booking, "20:00")


def test_nobody_changes_a_booking_that_is_not_there() -> None:
    with pytest.raises(RecordNotFound):
        change_booking(booking_id=1, party_size=3)


def test_a_hold_that_is_over_is_neither_changed_nor_in_the_way() -> None:
    restaurant = room(2)
    hold, booking = book(restaurant, "19:00"), book(restaurant, "17:00")
    Booking.objects.filter(pk=hold.pk).update(status=BookingStatus.HELD, expires_at=hold.created_at)

    with pytest.raises(BookingNotActive, match="An expired booking cannot be changed"):
        change(hold, "20:00")
    change(booking, "19:00")

    assert (at_tables(hold), at_tables(booking)) == ([], ["T1"])
    assert history(hold)[-1] == EventKind.EXPIRED
    assert faults(restaurant) == []


@pytest.mark.parametrize("status", [BookingStatus.ARRIVED, BookingStatus.SEATED])
def test_a_party_in_the_house_may_grow_and_not_begin_at_another_time(status: str) -> None:
    restaurant = room_at_noon(2, 4)
    party = began(restaurant, 20, 2, "T1", status=status)

    with pytest.raises(BookingNotActive, match=f"An? {status} booking cannot be moved to another time"):
        change(party, business_date=days_ahead(1))
    change(party, party_size=3)

    changed = Booking.objects.get(pk=party.pk)
    assert (changed.party_size, changed.starts_at, changed.ends_at) == (3, party.starts_at, party.ends_at)
    assert at_tables(party) == ["T2"]
    assert TableAssignment.objects.get(booking=party).during.lower > party.starts_at
    assert faults(restaurant) == []


def test_a_seated_party_that_fits_where_it_sits_keeps_its_table_since_it_has_it() -> None:
    restaurant = room_at_noon(4, 4)
    party = began(restaurant, 20, 2, "T1", status=BookingStatus.SEATED)

    change(party, party_size=4)

    assert (at_tables(party), TableAssignment.objects.get(booking=party).during.lower) == (["T1"], party.starts_at)
    assert faults(restaurant) == []


def test_a_late_party_may_still_change_its_size() -> None:
    restaurant = room_at_noon(4)
    party = began(restaurant, 10, 2, "T1", source=BookingSource.PHONE)

    change(party, party_size=4)

    assert Booking.objects.get(pk=party.pk).party_size == 4


def test_a_party_past_its_time_grows_no_more() -> None:
    restaurant = room_at_noon(4)
    party = began(restaurant, 100, 2, "T1", status=BookingStatus.SEATED)

    with pytest.raises(StayOver):
        change(party, party_size=4)


def lower_the_limit(restaurant: Restaurant, max_covers: int) -> None:
    save_settings_row(row=CapacityRule(restaurant=restaurant, max_covers=max_covers))


def test_a_party_may_keep_what_it_has_above_a_limit_and_take_no_more() -> None:
    restaurant = room(4, 4)
    book(restaurant, "17:00", 4)
    booking = book(restaurant, party_size=3)
    lower_the_limit(restaurant, 5)
    before = everything_written(restaurant)

    with pytest.raises(CapacityExceeded):
        change(booking, party_size=4)
    assert everything_written(restaurant) == before
    change(booking, "20:00")
    assert ServiceDay.objects.get(pk=booking.service_day_id).excess_covers == 2
    change(booking, party_size=2)

    day = ServiceDay.objects.get(pk=booking.service_day_id)
    assert (day.booked_covers, day.excess_covers) == (6, 1)
    assert faults(restaurant) == []


def test_in_shadow_mode_a_change_passes_limits_and_its_excess_goes_with_it() -> None:
    restaurant = room(4)
    CapacityRuleFactory(restaurant=restaurant, max_covers=3, pacing_covers=3)
    booking = book(restaurant)
    roll_back_enforcement(reason="On trial")

    change(booking, party_size=4)
    assert _overrides(booking) == {("SERVICE_COVERS", None, 1), ("PACING_COVERS", "19:00", 1)}
    change(booking, "20:00")
    assert _overrides(booking) == {("SERVICE_COVERS", None, 1), ("PACING_COVERS", "20:00", 1)}
    assert faults(restaurant) == []

    change(booking, party_size=3)
    assert ServiceDay.objects.get(pk=booking.service_day_id).excess_covers == 0
    assert faults(restaurant) == []


def _overrides(booking: Booking) -> set[tuple[str, str | None, int]]:
    rows = CapacityOverride.objects.filter(booking=booking)
    return {(row.limit, f"{row.slot_starts_at:%H:%M}" if row.slot_starts_at else None, row.amount) for row in rows}


def test_in_shadow_mode_a_change_without_a_table_leaves_the_booking_without_one() -> None:
    restaurant = room(2)
    booking = book(restaurant)
    roll_back_enforcement(reason="On trial")

    change(booking, party_size=4)

    assert (at_tables(booking), latest(booking).to_value["tables"]) == ([], [])
    assert faults(restaurant) == []


def test_a_service_that_counts_covers_alone_keeps_a_table_that_a_person_gave() -> None:
    restaurant = room(2, 2)
    restaurant.service_periods.update(seating_mode="covers")
    booking, other = book(restaurant), book(restaurant, "20:30")
    assign_tables(booking_id=booking.pk, table_ids=ids(restaurant, "T2"))
    assign_tables(booking_id=other.pk, table_ids=ids(restaurant, "T2"))

    change(booking, "18:30")
    assert (at_tables(booking), pins(booking)) == (["T2"], {True})

    change(booking, "20:00")
    assert at_tables(booking) == []
    assert faults(restaurant) == []


def test_a_party_without_table_is_seated_by_a_change() -> None:
    restaurant = room(2)
    booking = book(restaurant)
    TableAssignment.objects.filter(booking=booking).delete()

    change(booking, "20:00")

    assert at_tables(booking) == ["T1"]


@pytest.mark.parametrize("first", [0, 1])
def test_two_bookings_may_change_places_in_time_by_a_free_minute_between(first: int) -> None:
    restaurant = room(2)
    bookings = [book(restaurant, "17:00"), book(restaurant, "18:30")]
    targets = ["20:00", "17:00"] if first == 0 else ["18:30", "20:00"]
    order: list[Callable[[], object]] = [
        lambda: change(bookings[first], "20:00"),
        lambda: change(bookings[1 - first], "17:00" if first == 0 else "18:30"),
    ]

    for step in order:
        step()

    shown = [f"{Booking.objects.get(pk=each.pk).wall_time:%H:%M}" for each in bookings]
    assert shown == targets
    assert faults(restaurant) == []
