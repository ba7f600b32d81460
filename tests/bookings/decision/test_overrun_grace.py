"""A party past its time that still sits: for how long its table is kept from guests online, and from nobody else."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bookings.choices import BookingSource
from bookings.errors import CapacityExceeded
from bookings.insight.explain import explain_availability
from bookings.insight.replay import Verdict
from bookings.insight.replay.decisions import DecisionScope, replay_decisions
from bookings.models import Booking, Decision
from bookings.selectors import check_time, list_alternatives, list_day_slots
from bookings.selectors.table_counts import list_table_counts
from bookings.services import (
    assign_tables,
    cancel_booking,
    change_booking,
    leave_early,
    save_settings_row,
    seat_walk_in,
)
from capacity.past import clock_at
from tables.models import Restaurant
from tests.helpers.dining_room import at_tables, book, ids, room, sit
from tests.helpers.factories import BookingFactory, days_ahead, materialize

pytestmark = pytest.mark.django_db(transaction=True)


def instant(wall_time: str) -> datetime:
    return datetime.combine(days_ahead(), time.fromisoformat(wall_time), tzinfo=UTC)


def party(house: Restaurant, start: str, number: str, **row: Any) -> Booking:
    """Make a party of two at a table, seated unless told otherwise, for 90 minutes."""
    starts_at = instant(start)
    day = house.service_days.filter(business_date=days_ahead()).first() or materialize(house, days_ahead())[-1]
    columns = {"party_size": 2, "status": "seated"} | row
    booking: Booking = BookingFactory(
        service_day=day, starts_at=starts_at, wall_time=time.fromisoformat(start), **columns
    )
    sit(booking, number)
    return booking


def offered(house: Restaurant, party_size: int = 2) -> list[str]:
    """Return the starts that guests online are offered from 19:00 to 20:30."""
    slots = list_day_slots(restaurant_id=house.pk, business_date=days_ahead(), party_size=party_size).assessments
    times = [f"{found.wish.wall_time:%H:%M}" for found in slots if found.is_available]
    return [start for start in times if "19:00" <= start <= "20:30"]


FROM_1845 = ["19:00", "19:15", "19:30", "19:45", "20:00", "20:15", "20:30"]


@pytest.mark.parametrize(
    ("now", "first"),
    [("18:29", "19:00"), ("18:40", "19:00"), ("18:45", "19:00"), ("18:46", "19:15"), ("19:10", "19:30")],
)
def test_a_party_past_its_time_keeps_its_table_for_a_slot_from_now_on_as_long_as_it_sits(now: str, first: str) -> None:
    house = room(2)
    party(house, "17:00", "T1")

    with clock_at(instant(now)):
        assert offered(house) == FROM_1845[FROM_1845.index(first) :]


@pytest.mark.parametrize(("grace", "first"), [(0, "19:15"), (5, "19:15"), (14, "19:30"), (20, "19:30"), (60, "20:15")])
def test_the_house_says_for_how_long(grace: int, first: str) -> None:
    house = room(2, overrun_grace_minutes=grace)
    party(house, "17:00", "T1")

    with clock_at(instant("19:07")):
        assert offered(house) == FROM_1845[FROM_1845.index(first) :]


def test_the_table_is_reset_after_the_grace() -> None:
    house = room(2, buffer_minutes=15)
    party(house, "17:00", "T1", buffer_minutes=15)

    with clock_at(instant("18:36")):
        assert offered(house)[0] == "19:15"


def test_a_party_whose_table_ends_before_its_stay_keeps_it_online_until_it_leaves() -> None:
    house = room(2)
    booking = party(house, "17:00", "T1")
    booking.assignments.update(during=(instant("17:00"), instant("18:15")))
    Booking.objects.filter(pk=booking.pk).update(ends_at=instant("19:15"))

    with clock_at(instant("18:10")):
        assert offered(house)[0] == "19:15"


def test_who_has_left_keeps_nothing() -> None:
    house = room(2)
    booking = party(house, "17:00", "T1")

    with clock_at(instant("19:10")):
        leave_early(booking_id=booking.pk)
        assert offered(house)[0] == "19:15"


def test_the_next_service_waits_for_a_party_of_the_one_before_it_across_midnight() -> None:
    house = room(2)
    house.service_periods.update(start_time=time(17), last_seating=time(23, 45), end_time=time(1))
    night = party(house, "23:00", "T1")
    brunch = house.service_periods.get()
    brunch.pk, brunch.name, brunch.start_time, brunch.last_seating = None, "Night", time(1), time(4)
    brunch.end_time = time(5)
    save_settings_row(row=brunch)
    next_day = days_ahead(31)

    with clock_at(night.ends_at + timedelta(minutes=35)):
        slots = list_day_slots(restaurant_id=house.pk, business_date=next_day, party_size=2).assessments

    assert next(f"{found.wish.wall_time:%H:%M}" for found in slots if found.is_available) == "01:30"


def test_what_is_shown_is_what_is_accepted_and_what_is_recorded_decides_equal_again() -> None:
    house = room(2, overrun_grace_minutes=30)
    overrun = party(house, "17:00", "T1")

    with clock_at(instant("18:50")):
        shown = check_time(restaurant_id=house.pk, business_date=days_ahead(), party_size=2, wall_time=time(19, 15))
        near = list_alternatives(
            restaurant_id=house.pk, business_date=days_ahead(), party_size=2, wall_time=time(19, 15)
        )
        told = explain_availability(
            restaurant_id=house.pk, business_date=days_ahead(), party_size=2, wall_time=time(19, 15)
        )
        counts = list_table_counts(restaurant_id=house.pk, business_date=days_ahead(), party_size=2)
        with pytest.raises(CapacityExceeded) as refused:
            book(house, "19:15")
        booked = book(house, "19:30")

    assert not shown.assessment.is_available
    assert near[0].wall_time == time(19, 30)
    assert refused.value.alternatives[0].wall_time == time(19, 30)
    assert [reason.code for reason in told.assessment.decision.reasons] == ["NO_TABLE"]
    (seat,) = told.seats
    assert [holder.reference for holder in seat.holders] == [overrun.reference]
    free = {f"{slot.wall_time:%H:%M}": slot.counts[0].free for slot in counts.slots}
    assert (free["19:15"], free["19:30"]) == (0, 1)
    assert at_tables(booked) == ["T1"]
    assert Decision.objects.count() == 2
    for replayed in replay_decisions(DecisionScope(house.pk)):
        assert replayed.replayed is not None
        assert replayed.replayed.verdict is Verdict.AGREES


def test_a_partner_is_asked_for_as_much_as_a_guest_and_the_staff_for_no_more_than_the_slot_that_runs() -> None:
    house = room(2, overrun_grace_minutes=60)
    party(house, "17:00", "T1")

    with clock_at(instant("19:05")):
        with pytest.raises(CapacityExceeded):
            book(house, "19:30", source=BookingSource.PARTNER)
        assert at_tables(book(house, "19:15", source=BookingSource.PHONE)) == ["T1"]


def test_the_staff_seats_a_walk_in_when_the_slot_that_runs_is_over() -> None:
    house = room(2, overrun_grace_minutes=60)
    party(house, "17:00", "T1")

    with clock_at(instant("19:05")), pytest.raises(CapacityExceeded):
        seat_walk_in(restaurant_id=house.pk, party_size=2)


def test_who_is_promised_the_table_stays_promised_and_may_change_without_its_start() -> None:
    house = room(4, overrun_grace_minutes=60)
    party(house, "17:00", "T1")
    promised = party(house, "19:15", "T1", status="confirmed", party_size=3, source="web")

    with clock_at(instant("19:00")):
        assert at_tables(change_booking(booking_id=promised.pk, party_size=2).booking) == ["T1"]
        assert at_tables(change_booking(booking_id=promised.pk, party_size=4).booking) == ["T1"]
        with pytest.raises(CapacityExceeded):
            change_booking(booking_id=promised.pk, wall_time=time(19, 45))
        assert at_tables(change_booking(booking_id=promised.pk, wall_time=time(20)).booking) == ["T1"]


def test_nobody_is_moved_to_the_table_and_who_is_promised_it_refuses_nobody_else() -> None:
    house = room(2, 2, reseat_freeze_minutes=0, overrun_grace_minutes=60)
    party(house, "17:00", "T1")
    promised = party(house, "19:15", "T1", status="confirmed")

    with clock_at(instant("18:40")):
        assert at_tables(book(house, "19:15")) == ["T2"]
        assert at_tables(promised) == ["T1"]
        with pytest.raises(CapacityExceeded):
            book(house, "19:30")


def test_staff_gives_the_table_by_hand() -> None:
    house = room(2, 2, overrun_grace_minutes=60)
    party(house, "17:00", "T1")
    waiting = party(house, "19:15", "T2", status="confirmed")

    with clock_at(instant("19:00")):
        assert at_tables(assign_tables(booking_id=waiting.pk, table_ids=ids(house, "T1")).booking) == ["T1"]
        cancel_booking(booking_id=waiting.pk)
