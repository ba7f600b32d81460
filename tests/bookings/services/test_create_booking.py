"""Booking a party: accepted if and only if the committed state can take it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db.models import Model

from bookings.choices import BookingSource, BookingStatus, EventKind, OverrideSource
from bookings.decision.requests import StartTime
from bookings.errors import (
    CapacityExceeded,
    IdempotencyKeyReused,
    NonexistentTime,
    OperatingHoursClosed,
    OutsideBookingWindow,
    PartySizeNotAccepted,
)
from bookings.models import Booking, BookingEvent, CapacityOverride, TableAssignment
from bookings.selectors import check_time
from bookings.services import (
    BookingReceipt,
    GuestDetails,
    create_booking_with_capacity_check,
    resume_enforcement,
    roll_back_enforcement,
)
from capacity.models import BookingSlot, ServiceDay
from capacity.policy import Reason, ReasonCode
from config.errors import InputInvalid, RecordNotFound
from tables.models import Restaurant
from tests.helpers.factories import (
    CapacityRuleFactory,
    ClosureFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TableFactory,
    TurnTimeFactory,
    days_ahead,
)

pytestmark = pytest.mark.django_db(transaction=True)

ANN = GuestDetails("Ann Lee", "ann@example.com", "+442071838750")
WRITTEN: tuple[type[Model], ...] = (Booking, BookingEvent, TableAssignment, CapacityOverride)


def house(**columns: Any) -> Restaurant:
    """Make a restaurant with dinner from 17:00 to 21:30 and turns of 90 minutes."""
    restaurant = RestaurantFactory(timezone="Etc/UTC", **columns)
    ServicePeriodFactory(restaurant=restaurant)
    TurnTimeFactory(restaurant=restaurant)
    return restaurant


def book(restaurant: Restaurant, at: str = "19:00", party_size: int = 4, **changes: Any) -> BookingReceipt:
    asked: dict[str, Any] = {
        "restaurant_id": restaurant.pk,
        "business_date": days_ahead(),
        "wall_time": time.fromisoformat(at),
        "party_size": party_size,
        "guest": ANN,
    }
    return create_booking_with_capacity_check(**{**asked, **changes})


def counters(restaurant: Restaurant) -> tuple[int, int, dict[str, tuple[int, int]]]:
    """Return covers, parties, and (starting, present) covers of the slots that are not empty."""
    day = ServiceDay.objects.get(restaurant=restaurant)
    slots = BookingSlot.objects.filter(service_day=day, present_covers__gt=0).order_by("starts_at")
    filled = {f"{slot.starts_at:%H:%M}": (slot.starting_covers, slot.present_covers) for slot in slots}
    return day.booked_covers, day.booked_parties, filled


@pytest.fixture
def nothing_written() -> Iterator[None]:
    """Hold that a refusal leaves no booking, history, assignment, override or counter behind."""
    yield
    assert {model.__name__: model._default_manager.count() for model in WRITTEN} == {
        model.__name__: 0 for model in WRITTEN
    }
    assert not ServiceDay.objects.exclude(booked_covers=0, booked_parties=0).exists()
    assert not BookingSlot.objects.exclude(starting_covers=0, present_covers=0).exists()


def test_a_booking_counts_where_it_starts_and_where_it_stays() -> None:
    restaurant = house()

    receipt = book(restaurant)

    assert counters(restaurant) == (
        4,
        1,
        {"19:00": (4, 4), "19:15": (0, 4), "19:30": (0, 4), "19:45": (0, 4), "20:00": (0, 4), "20:15": (0, 4)},
    )
    assert receipt.booking.ends_at - receipt.booking.starts_at == timedelta(minutes=90)
    assert receipt.booking.status == BookingStatus.CONFIRMED


def test_a_booking_has_a_history_from_its_first_moment() -> None:
    booking = book(house()).booking

    event = BookingEvent.objects.get(booking=booking)
    assert (event.kind, event.actor_label) == (EventKind.CREATED, "guest")


@pytest.mark.parametrize(("limit", "is_refused"), [(7, True), (8, False), (9, False)])
def test_covers_of_the_service_are_full_only_when_they_are(limit: int, is_refused: bool) -> None:
    restaurant = house()
    CapacityRuleFactory(restaurant=restaurant, max_covers=limit)
    book(restaurant, "17:00")

    if is_refused:
        with pytest.raises(CapacityExceeded, match="No capacity for 4 guests at 19:00") as refused:
            book(restaurant)
        assert [(str(each.code), each.limit, each.used, each.asked) for each in refused.value.reasons] == [
            ("SERVICE_COVERS", 7, 4, 4)
        ]
    else:
        assert book(restaurant).answer["capacity"]["bookedCovers"] == 8


def test_pacing_refuses_one_slot_and_offers_the_nearest_others() -> None:
    restaurant = house()
    CapacityRuleFactory(restaurant=restaurant, pacing_parties=1)
    book(restaurant)

    with pytest.raises(CapacityExceeded) as refused:
        book(restaurant)

    assert refused.value.reasons == (Reason(ReasonCode.PACING_PARTIES, limit=1, used=1, asked=1),)
    assert [f"{start.wall_time:%H:%M}" for start in refused.value.alternatives] == [
        "18:45",
        "19:15",
        "18:30",
        "19:30",
        "18:15",
    ]


def test_occupancy_counts_everybody_present_not_only_who_starts() -> None:
    restaurant = house()
    CapacityRuleFactory(restaurant=restaurant, occupancy_covers=6)
    book(restaurant, "18:00")

    with pytest.raises(CapacityExceeded) as refused:
        book(restaurant, "19:15")

    assert [str(each.code) for each in refused.value.reasons] == ["OCCUPANCY_COVERS"]
    assert book(restaurant, "19:30").booking.party_size == 4


def test_lunch_that_stays_into_dinner_takes_its_places_there() -> None:
    restaurant = house()
    ServicePeriodFactory(
        restaurant=restaurant,
        name="Lunch",
        start_time=time(12),
        last_seating=time(16),
        end_time=time(17),
    )
    CapacityRuleFactory(restaurant=restaurant, occupancy_covers=6)
    book(restaurant, "16:00")

    with pytest.raises(CapacityExceeded) as refused:
        book(restaurant, "17:15")

    assert [(str(each.code), each.used) for each in refused.value.reasons] == [("OCCUPANCY_COVERS", 4)]
    assert book(restaurant, "17:30").booking.wall_time == time(17, 30)


def test_the_buffer_blocks_the_table_and_not_the_counters() -> None:
    restaurant = house(buffer_minutes=30)
    restaurant.service_periods.update(seating_mode="tables")
    TableFactory(restaurant=restaurant, number="T1")

    booking = book(restaurant, "17:00").booking

    blocked = TableAssignment.objects.get(booking=booking).during
    assert (blocked.upper - blocked.lower) == timedelta(minutes=120)
    assert list(counters(restaurant)[2]) == ["17:00", "17:15", "17:30", "17:45", "18:00", "18:15"]
    with pytest.raises(CapacityExceeded) as refused:
        book(restaurant, "18:45")
    assert refused.value.reasons == (Reason(ReasonCode.NO_TABLE, limit=1, used=1, asked=1),)
    assert book(restaurant, "19:00").booking.pk


@pytest.mark.usefixtures("nothing_written")
def test_a_party_that_no_table_could_ever_seat_is_refused_by_capacity() -> None:
    restaurant = house()
    restaurant.service_periods.update(seating_mode="tables")
    TableFactory(restaurant=restaurant, capacity=2, max_party_size=2)

    with pytest.raises(CapacityExceeded) as refused:
        book(restaurant)

    assert refused.value.reasons == (Reason(ReasonCode.NO_TABLE, limit=0, used=0, asked=1),)
    assert refused.value.alternatives == ()


def test_a_seating_wish_is_a_requirement() -> None:
    restaurant = house()
    restaurant.service_periods.update(seating_mode="tables")
    TableFactory(restaurant=restaurant, number="T1", seating_type="indoor")
    TableFactory(restaurant=restaurant, number="P1", seating_type="patio")

    book(restaurant, seating="patio")

    assert TableAssignment.objects.get().table.number == "P1"
    with pytest.raises(CapacityExceeded):
        book(restaurant, seating="patio")
    assert book(restaurant).booking.pk


def test_guests_see_their_table_only_where_the_restaurant_shows_it() -> None:
    for shows_tables, seen in ((False, []), (True, ["T7"])):
        restaurant = house(shows_tables=shows_tables)
        restaurant.service_periods.update(seating_mode="tables")
        TableFactory(restaurant=restaurant, number="T7")

        assert book(restaurant).answer["booking"]["tables"] == seen


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"party_size": 9}, PartySizeNotAccepted),
        ({"business_date": date(2026, 1, 5)}, OutsideBookingWindow),
        ({"business_date": days_ahead(400)}, OutsideBookingWindow),
        ({"at": "03:00"}, OperatingHoursClosed),
        ({"at": "21:45"}, OperatingHoursClosed),
        ({"at": "19:07"}, InputInvalid),
        ({"starts_at": datetime(2027, 1, 1, 19, tzinfo=UTC)}, InputInvalid),
        ({"restaurant_id": 0}, RecordNotFound),
    ],
)
def test_what_no_state_could_take_is_refused_with_its_own_error(
    changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        book(house(), **changes)

    assert not ServiceDay.objects.exists()


@pytest.mark.usefixtures("nothing_written")
def test_a_closed_date_is_refused_and_so_is_its_every_other_time() -> None:
    restaurant = house()
    ClosureFactory(restaurant=restaurant, from_date=days_ahead(), to_date=days_ahead())

    with pytest.raises(OperatingHoursClosed) as refused:
        book(restaurant)

    assert [str(each.code) for each in refused.value.reasons] == ["CLOSED"]
    assert refused.value.alternatives == ()


@pytest.mark.usefixtures("nothing_written")
def test_a_time_that_the_clocks_jump_over_names_the_next_real_one() -> None:
    restaurant = RestaurantFactory(timezone="Europe/London")
    ServicePeriodFactory(
        restaurant=restaurant, name="Night", start_time=time(0), last_seating=time(4), end_time=time(5)
    )

    with pytest.raises(NonexistentTime) as refused:
        book(restaurant, "01:30", business_date=date(2027, 3, 28))

    assert refused.value.following == StartTime(time(2), datetime(2027, 3, 28, 1, tzinfo=UTC), date(2027, 3, 28))


def test_a_repeated_hour_is_two_slots_and_the_time_alone_means_the_first() -> None:
    restaurant = RestaurantFactory(timezone="Europe/London")
    ServicePeriodFactory(
        restaurant=restaurant, name="Night", start_time=time(0), last_seating=time(4), end_time=time(5)
    )
    at = {"at": "01:30", "business_date": date(2027, 10, 31)}

    first = book(restaurant, **at)
    second = book(restaurant, **at, starts_at=datetime(2027, 10, 31, 1, 30, tzinfo=UTC))

    assert first.answer["booking"]["startsAt"] == "2027-10-31T00:30:00Z"
    assert second.answer["booking"]["startsAt"] == "2027-10-31T01:30:00Z"
    assert first.answer["booking"]["startTime"] == second.answer["booking"]["startTime"] == "01:30"


def test_dinner_past_midnight_keeps_its_business_date() -> None:
    restaurant = RestaurantFactory(timezone="Europe/Lisbon")
    ServicePeriodFactory(restaurant=restaurant, last_seating=time(1), end_time=time(2))

    booking = book(restaurant, "00:30").booking

    assert booking.business_date == days_ahead()
    assert booking.starts_at.date() == days_ahead() + timedelta(days=1)
    assert booking.service_day.business_date == days_ahead()


def test_the_same_key_and_body_give_the_same_answer_and_one_booking() -> None:
    restaurant = house()

    first = book(restaurant, idempotency_key="k1")
    again = book(restaurant, idempotency_key="k1")

    assert (first.is_replayed, again.is_replayed) == (False, True)
    assert (again.answer, again.manage_token) == (first.answer, first.manage_token)
    assert Booking.objects.count() == 1
    assert counters(restaurant)[0] == 4


def test_a_key_with_another_body_is_refused() -> None:
    restaurant = house()
    book(restaurant, idempotency_key="k1")

    with pytest.raises(IdempotencyKeyReused):
        book(restaurant, idempotency_key="k1", party_size=3)

    assert Booking.objects.count() == 1


def test_keys_are_per_restaurant() -> None:
    assert not book(house(), idempotency_key="k1").is_replayed
    assert not book(house(), idempotency_key="k1").is_replayed


def test_a_refused_request_is_not_remembered() -> None:
    restaurant = house()
    rule = CapacityRuleFactory(restaurant=restaurant, max_covers=3)
    with pytest.raises(CapacityExceeded):
        book(restaurant, idempotency_key="k1")
    ServiceDay.objects.update(max_covers=None)
    rule.delete()

    assert not book(restaurant, idempotency_key="k1").is_replayed


def test_a_hold_that_is_over_takes_no_place_and_is_freed_by_the_next_booking() -> None:
    restaurant = house()
    restaurant.service_periods.update(seating_mode="tables")
    CapacityRuleFactory(restaurant=restaurant, max_covers=4, pacing_covers=4, occupancy_covers=4)
    TableFactory(restaurant=restaurant)
    held = book(restaurant).booking
    Booking.objects.filter(pk=held.pk).update(
        status=BookingStatus.HELD, expires_at=datetime.now(UTC) - timedelta(seconds=1)
    )

    shown = check_time(restaurant_id=restaurant.pk, business_date=days_ahead(), party_size=4, wall_time=time(19))
    booked = book(restaurant).booking

    assert shown.assessment.is_available
    held.refresh_from_db()
    assert held.status == BookingStatus.EXPIRED
    assert TableAssignment.objects.get().booking_id == booked.pk
    assert counters(restaurant)[:2] == (4, 1)
    assert BookingEvent.objects.filter(booking=held, kind=EventKind.EXPIRED).count() == 1


def test_a_hold_that_still_runs_keeps_its_place() -> None:
    restaurant = house()
    CapacityRuleFactory(restaurant=restaurant, max_covers=4)
    held = book(restaurant).booking
    Booking.objects.filter(pk=held.pk).update(
        status=BookingStatus.HELD, expires_at=datetime.now(UTC) + timedelta(minutes=5)
    )

    with pytest.raises(CapacityExceeded):
        book(restaurant)


def full_house(**columns: Any) -> Restaurant:
    restaurant = house(**columns)
    restaurant.service_periods.update(seating_mode="tables")
    CapacityRuleFactory(restaurant=restaurant, max_covers=2, pacing_parties=0, occupancy_covers=3)
    return restaurant


def test_shadow_mode_books_above_the_limits_and_says_who_let_it() -> None:
    restaurant = full_house(enforcement="shadow")

    booking = book(restaurant).booking

    overrides = CapacityOverride.objects.filter(booking=booking)
    amounts = {(each.limit, each.slot_starts_at and f"{each.slot_starts_at:%H:%M}"): each.amount for each in overrides}
    assert amounts == {
        ("SERVICE_COVERS", None): 2,
        ("PACING_PARTIES", "19:00"): 1,
        **{("OCCUPANCY_COVERS", at): 1 for at in ("19:00", "19:15", "19:30", "19:45", "20:00", "20:15")},
    }
    assert {each.source for each in overrides} == {OverrideSource.SHADOW}
    day = ServiceDay.objects.get(restaurant=restaurant)
    assert (day.booked_covers, day.max_covers, day.excess_covers) == (4, 2, 2)
    assert not booking.assignments.exists()


def test_in_shadow_mode_what_is_shown_is_what_is_accepted() -> None:
    restaurant = full_house(enforcement="shadow")

    shown = check_time(
        restaurant_id=restaurant.pk, business_date=days_ahead(), party_size=4, wall_time=time(19)
    ).assessment

    assert shown.is_available
    assert [str(each.code) for each in shown.decision.waived] == [
        "SERVICE_COVERS",
        "PACING_PARTIES",
        "OCCUPANCY_COVERS",
        "NO_TABLE",
    ]


@pytest.mark.usefixtures("nothing_written")
def test_shadow_mode_waives_no_closure_and_no_party_size() -> None:
    restaurant = full_house(enforcement="shadow")
    ClosureFactory(restaurant=restaurant, from_date=days_ahead(), to_date=days_ahead())

    with pytest.raises(OperatingHoursClosed):
        book(restaurant)
    with pytest.raises(PartySizeNotAccepted):
        book(restaurant, party_size=9)


def test_the_weakest_of_the_three_switches_wins(settings: Any) -> None:
    restaurant = full_house()
    with pytest.raises(CapacityExceeded):
        book(restaurant)

    roll_back_enforcement(reason="trial")
    assert book(restaurant).booking.pk

    resume_enforcement(reason="trial over")
    with pytest.raises(CapacityExceeded):
        book(restaurant)

    settings.ENABLE_CAPACITY_ENFORCEMENT = False
    assert book(restaurant).booking.pk


def test_an_error_inside_the_shadow_decision_costs_no_booking(monkeypatch: pytest.MonkeyPatch) -> None:
    restaurant = full_house(enforcement="shadow")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("capacity.policy._limit_reasons", broken)

    assert book(restaurant).booking.pk
    assert ServiceDay.objects.get(restaurant=restaurant).excess_covers == 2


def test_an_error_inside_an_enforced_decision_is_no_acceptance(monkeypatch: pytest.MonkeyPatch) -> None:
    restaurant = full_house()

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("capacity.policy._limit_reasons", broken)

    with pytest.raises(ZeroDivisionError):
        book(restaurant)


def test_staff_book_larger_parties_and_without_notice() -> None:
    restaurant = house(min_notice_minutes=60 * 24 * 60)

    assert book(restaurant, party_size=20, source=BookingSource.PHONE).booking.party_size == 20


def test_a_table_for_staff_only_is_not_given_out_online() -> None:
    restaurant = house()
    restaurant.service_periods.update(seating_mode="tables")
    TableFactory(restaurant=restaurant, audience=["in_house"])

    with pytest.raises(CapacityExceeded):
        book(restaurant)
    assert book(restaurant, source=BookingSource.PHONE).booking.assignments.count() == 1


def test_every_write_raises_the_version_of_the_service_day() -> None:
    restaurant = house()
    book(restaurant)
    before = ServiceDay.objects.get(restaurant=restaurant).version

    book(restaurant)

    assert ServiceDay.objects.get(restaurant=restaurant).version == before + 1
