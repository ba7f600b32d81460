"""Walk-ins: seated now, at any minute, by the decision that everybody gets."""

import hashlib
from datetime import UTC, date, datetime, time

import pytest

from bookings.choices import BookingSource, BookingStatus, EventKind
from bookings.errors import CapacityExceeded, IdempotencyKeyReused, OperatingHoursClosed, TablesNotSuitable, TableTaken
from bookings.models import Booking
from bookings.services import GuestDetails, leave_early, seat_walk_in
from bookings.services.requests import BookingRequest
from capacity.models import BookingSlot, ServiceDay
from config.errors import InputInvalid, RecordNotFound
from tables.models import Restaurant
from tests.helpers.dining_room import at_tables, ids
from tests.helpers.factories import (
    CapacityRuleFactory,
    ClosureFactory,
    ServicePeriodFactory,
    TableFactory,
    TurnTimeFactory,
    UserFactory,
    materialize,
)
from tests.helpers.running_service import (
    assert_all_right,
    due,
    kept,
    kinds,
    latest,
    minute_of,
    minutes,
    present_at,
    room_at_noon,
    rows_of,
    seated,
)

pytestmark = pytest.mark.django_db(transaction=True)


def hours(house: Restaurant, start: str, last_seating: str, end: str) -> None:
    house.service_periods.update(start_time=start, last_seating=last_seating, end_time=end)


def today(house: Restaurant) -> date:
    return datetime.now(house.zone).date()


def test_a_walk_in_sits_at_the_best_table_from_this_minute_on() -> None:
    house = room_at_noon(4, 2)
    host = UserFactory()

    receipt = seat_walk_in(restaurant_id=house.pk, party_size=2, actor=host)

    party = Booking.objects.get()
    starts_at = minute_of(party.seated_at)
    assert (party.status, party.source, party.guest_name) == (BookingStatus.SEATED, BookingSource.WALK_IN, "Walk-in")
    assert (party.starts_at, party.ends_at) == (starts_at, starts_at + minutes(90))
    assert party.wall_time == starts_at.astimezone(house.zone).time()
    assert kept(party) == [("T2", starts_at, starts_at + minutes(90))]
    assert present_at(house, starts_at) == 2
    assert (latest(party).kind, latest(party).actor) == (EventKind.CREATED, host)
    assert latest(party).to_value == {"status": "seated"}
    assert receipt.answer["booking"]["status"] == "seated"
    assert_all_right(house)


def test_a_walk_in_starts_in_the_latest_slot_not_after_it() -> None:
    house = room_at_noon(2)

    seat_walk_in(restaurant_id=house.pk, party_size=2)

    party = Booking.objects.get()
    slot = BookingSlot.objects.get(starting_parties=1)
    assert slot.starts_at <= party.starts_at < slot.ends_at


def test_a_walk_in_after_the_last_seating_counts_in_the_last_slot() -> None:
    house = room_at_noon(2)
    hours(house, "09:00", "10:00", "18:00")

    seat_walk_in(restaurant_id=house.pk, party_size=2)

    slot = BookingSlot.objects.get(starting_parties=1)
    assert slot.starts_at.astimezone(house.zone).time() == time(10)
    assert_all_right(house)


def test_staff_name_the_guest_the_minutes_and_the_tables() -> None:
    house = room_at_noon(2, 4, 4)
    guest = GuestDetails("Ann Lee", "ann@example.com", "+442071838750")

    seat_walk_in(restaurant_id=house.pk, party_size=6, minutes=45, table_ids=ids(house, "T3", "T2"), guest=guest)

    party = Booking.objects.get()
    assert (party.guest_name, party.turn_minutes) == ("Ann Lee", 45)
    assert party.ends_at == party.starts_at + minutes(45)
    assert at_tables(party) == ["T2", "T3"]


@pytest.mark.parametrize("house_minutes", [1, 24 * 60])
def test_a_stay_of_a_minute_or_a_day_is_a_stay(house_minutes: int) -> None:
    house = room_at_noon(2)

    seat_walk_in(restaurant_id=house.pk, party_size=2, minutes=house_minutes)

    party = Booking.objects.get()
    assert party.ends_at - party.starts_at == minutes(house_minutes)
    assert_all_right(house)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"minutes": 0}, "minutes"), ({"minutes": 1441}, "minutes"), ({"party_size": 0}, "partySize")],
)
def test_no_stay_is_empty_or_longer_than_a_day_and_no_party_is_empty(changes: dict[str, int], field: str) -> None:
    house = room_at_noon(2)

    with pytest.raises(InputInvalid) as refusal:
        seat_walk_in(**{"restaurant_id": house.pk, "party_size": 2, **changes})

    assert list(refusal.value.details) == [field]
    assert not Booking.objects.exists()


def test_neither_notice_nor_the_largest_online_party_binds_a_walk_in() -> None:
    house = room_at_noon(9, min_notice_minutes=600, party_size_max=4)

    assert seat_walk_in(restaurant_id=house.pk, party_size=9).booking.pk


def test_only_tables_open_to_walk_ins_are_given_to_them() -> None:
    house = room_at_noon(2, 4)
    house.tables.filter(number="T1").update(audience=["online", "in_house"])

    seat_walk_in(restaurant_id=house.pk, party_size=2)

    assert at_tables(Booking.objects.get()) == ["T2"]


def test_a_party_is_moved_for_a_walk_in() -> None:
    house = room_at_noon(2, 4)
    following = due(house, 60, "T2")

    seat_walk_in(restaurant_id=house.pk, party_size=4)

    assert at_tables(following) == ["T1"]
    assert "to make room for 4" in latest(following).reason
    assert_all_right(house)


def test_a_walk_in_gets_the_table_of_a_party_that_leaves_in_the_same_minute() -> None:
    house = room_at_noon(2)
    sitting = seated(house, 30, "T1")
    leave_early(booking_id=sitting.pk)

    seat_walk_in(restaurant_id=house.pk, party_size=2)

    assert_all_right(house)


@pytest.mark.parametrize("minutes_ago", [90, 100])
def test_a_table_at_which_somebody_sits_past_their_time_is_not_free_until_they_leave(minutes_ago: int) -> None:
    house = room_at_noon(2)
    sitting = seated(house, minutes_ago, "T1")

    with pytest.raises(CapacityExceeded) as refusal:
        seat_walk_in(restaurant_id=house.pk, party_size=2)
    leave_early(booking_id=sitting.pk)
    receipt = seat_walk_in(restaurant_id=house.pk, party_size=2)

    assert [reason.code for reason in refusal.value.reasons] == ["NO_TABLE"]
    assert [number for number, _, _ in kept(receipt.booking)] == ["T1"]
    assert_all_right(house)


def test_a_full_house_refuses_a_walk_in_with_every_reason_and_no_alternatives() -> None:
    house = room_at_noon(2)
    CapacityRuleFactory(restaurant=house, max_covers=3)
    seated(house, 10, "T1")
    before = rows_of(house)

    with pytest.raises(CapacityExceeded) as refusal:
        seat_walk_in(restaurant_id=house.pk, party_size=2)

    assert [each.code for each in refusal.value.reasons] == ["SERVICE_COVERS", "NO_TABLE"]
    assert refusal.value.alternatives == ()
    assert rows_of(house) == before


@pytest.mark.parametrize(("covers", "is_seated"), [(3, False), (4, True)])
def test_a_limit_holds_for_a_walk_in_to_the_last_cover(covers: int, is_seated: bool) -> None:
    house = room_at_noon(2, 2)
    CapacityRuleFactory(restaurant=house, pacing_covers=covers, occupancy_covers=covers)
    seat_walk_in(restaurant_id=house.pk, party_size=2)

    if is_seated:
        assert seat_walk_in(restaurant_id=house.pk, party_size=2).booking.pk
    else:
        with pytest.raises(CapacityExceeded):
            seat_walk_in(restaurant_id=house.pk, party_size=2)

    assert Booking.objects.count() == 1 + is_seated
    assert_all_right(house)


def test_a_chosen_table_where_somebody_sits_is_refused_by_name() -> None:
    house = room_at_noon(2, 2)
    sitting = seated(house, 10, "T1")
    before = rows_of(house)

    with pytest.raises(TableTaken, match=f"T1 is taken by {sitting.reference}"):
        seat_walk_in(restaurant_id=house.pk, party_size=2, table_ids=ids(house, "T1"))

    assert rows_of(house) == before


def test_chosen_tables_must_be_in_use_and_take_the_party() -> None:
    house = room_at_noon(2)
    house.tables.update(status="out_of_service")
    elsewhere = TableFactory(number="X1")

    with pytest.raises(TablesNotSuitable):
        seat_walk_in(restaurant_id=house.pk, party_size=2, table_ids=ids(house, "T1"))
    with pytest.raises(RecordNotFound):
        seat_walk_in(restaurant_id=house.pk, party_size=2, table_ids=[elsewhere.pk])

    assert not Booking.objects.exists()


def test_a_table_may_be_chosen_where_numbers_alone_decide() -> None:
    house = room_at_noon(2)
    house.service_periods.update(seating_mode="covers")

    seat_walk_in(restaurant_id=house.pk, party_size=2)
    seat_walk_in(restaurant_id=house.pk, party_size=2, table_ids=ids(house, "T1"))

    first, second = Booking.objects.order_by("pk")
    assert (at_tables(first), at_tables(second)) == ([], ["T1"])


def test_in_shadow_mode_a_walk_in_sits_whatever_is_taken() -> None:
    house = room_at_noon(2, enforcement="shadow")
    seated(house, 10, "T1")

    party = seat_walk_in(restaurant_id=house.pk, party_size=2).booking

    assert (party.status, at_tables(party)) == (BookingStatus.SEATED, [])


@pytest.mark.parametrize(
    ("start", "last_seating", "end"),
    [("15:00", "16:00", "17:00"), ("06:00", "07:00", "08:00")],
    ids=["before", "after"],
)
def test_a_walk_in_outside_all_services_counts_in_the_nearest_of_today(start: str, last_seating: str, end: str) -> None:
    house = room_at_noon(2)
    hours(house, start, last_seating, end)
    ServicePeriodFactory(
        restaurant=house,
        name="Far",
        start_time=time(21),
        last_seating=time(22),
        end_time=time(23),
        seating_mode="tables",
    )

    party = seat_walk_in(restaurant_id=house.pk, party_size=2).booking

    assert (party.service_day.service_period.name, party.business_date) == ("Dinner", today(house))
    assert party.service_day.booked_covers == 2
    assert at_tables(party) == ["T1"]
    assert_all_right(house)


def test_a_walk_in_outside_its_service_leaves_as_any_other() -> None:
    house = room_at_noon(2)
    hours(house, "15:00", "16:00", "17:00")
    party = seat_walk_in(restaurant_id=house.pk, party_size=2).booking

    leave_early(booking_id=party.pk)

    assert ServiceDay.objects.get(pk=party.service_day_id).booked_covers == 2
    assert_all_right(house)


def test_after_midnight_a_walk_in_belongs_to_the_service_of_the_night() -> None:
    hour = datetime.now(UTC).hour
    ahead = hour if hour <= 12 else hour - 24
    house = room_at_noon(2)
    Restaurant.objects.filter(pk=house.pk).update(timezone=f"Etc/GMT{ahead:+d}" if ahead else "Etc/UTC")
    house.refresh_from_db()
    hours(house, "20:00", "02:00", "04:00")

    party = seat_walk_in(restaurant_id=house.pk, party_size=2).booking

    assert (today(house) - party.business_date).days == 1
    assert party.wall_time < time(2)
    assert_all_right(house)


def test_a_date_without_service_takes_no_walk_in() -> None:
    house = room_at_noon(2)
    weekday = today(house).isoweekday()
    house.service_periods.update(weekdays=[day for day in range(1, 8) if day not in (weekday, weekday - 1 or 7)])

    with pytest.raises(OperatingHoursClosed):
        seat_walk_in(restaurant_id=house.pk, party_size=2)

    assert not Booking.objects.exists()
    assert not ServiceDay.objects.exists()


@pytest.mark.parametrize(("channel", "is_seated"), [("all", False), ("online", True)])
def test_a_closure_closes_to_walk_ins_unless_it_is_online_alone(channel: str, is_seated: bool) -> None:
    house = room_at_noon(2)
    ClosureFactory(restaurant=house, from_date=today(house), channel=channel)

    if is_seated:
        seat_walk_in(restaurant_id=house.pk, party_size=2)
    else:
        with pytest.raises(OperatingHoursClosed):
            seat_walk_in(restaurant_id=house.pk, party_size=2)

    assert Booking.objects.exists() == is_seated


def test_the_turn_time_of_the_service_holds_and_the_buffer_follows_it() -> None:
    house = room_at_noon(2, buffer_minutes=15)
    TurnTimeFactory(restaurant=house, service_period=house.service_periods.get(), up_to=2, minutes=60)

    party = seat_walk_in(restaurant_id=house.pk, party_size=2).booking

    assert party.ends_at == party.starts_at + minutes(60)
    assert kept(party) == [("T1", party.starts_at, party.ends_at + minutes(15))]


def test_a_double_click_seats_once() -> None:
    house = room_at_noon(2, 2)
    first = seat_walk_in(restaurant_id=house.pk, party_size=2, idempotency_key="click")

    again = seat_walk_in(restaurant_id=house.pk, party_size=2, idempotency_key="click")

    assert (again.booking.pk, again.is_replayed, again.answer) == (first.booking.pk, True, first.answer)
    assert kinds(first.booking) == [EventKind.CREATED]
    with pytest.raises(IdempotencyKeyReused):
        seat_walk_in(restaurant_id=house.pk, party_size=2, minutes=30, idempotency_key="click")


def test_an_unknown_restaurant_seats_nobody() -> None:
    with pytest.raises(RecordNotFound):
        seat_walk_in(restaurant_id=0, party_size=2)


def test_a_party_that_is_about_to_come_keeps_its_table_from_a_walk_in() -> None:
    house = room_at_noon(2)
    due(house, 20, "T1")

    with pytest.raises(CapacityExceeded):
        seat_walk_in(restaurant_id=house.pk, party_size=2)
    short = seat_walk_in(restaurant_id=house.pk, party_size=2, minutes=15).booking

    assert at_tables(short) == ["T1"]
    assert_all_right(house)


def test_the_fingerprint_of_a_request_without_minutes_and_tables_is_what_it_always_was() -> None:
    request = BookingRequest(
        restaurant_id=1,
        business_date=date(2030, 1, 5),
        wall_time=time(19),
        party_size=2,
        guest=GuestDetails("Ada"),
        starts_at=None,
        seating=None,
        notes="",
        marketing_opt_in=False,
        source=BookingSource.WEB,
    )
    said = (
        '{"business_date": "2030-01-05", "guest": {"email": "", "name": "Ada", "phone": ""}, "marketing_opt_in": false,'
        ' "notes": "", "party_size": 2, "restaurant_id": 1, "seating": null, "source": "web", "starts_at": null,'
        ' "wall_time": "19:00:00"}'
    )

    assert request.hash == hashlib.sha256(said.encode()).hexdigest()


def test_the_service_of_a_walk_in_is_created_if_it_is_not_there_yet() -> None:
    house = room_at_noon(2)

    seat_walk_in(restaurant_id=house.pk, party_size=2)

    assert ServiceDay.objects.filter(business_date=today(house)).exists()
    assert materialize(house, today(house))[0].booked_covers == 2
