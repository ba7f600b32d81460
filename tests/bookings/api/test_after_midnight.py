"""A time after midnight, asked for by its calendar date: it belongs to the night before, and is offered there."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from bookings.errors import NonexistentTime, OperatingHoursClosed
from bookings.insight.explain import explain_availability
from bookings.insight.explain.wording import summary_text
from bookings.selectors import check_time
from bookings.services import GuestDetails, change_booking, create_booking_with_capacity_check
from tables.models import Restaurant
from tests.helpers.admin_screens import form_of, text_of
from tests.helpers.factories import RestaurantFactory, ServicePeriodFactory, TableFactory, days_ahead

pytestmark = pytest.mark.django_db(transaction=True)

SATURDAY = days_ahead() + timedelta(days=(6 - days_ahead().isoweekday()) % 7)
SUNDAY = SATURDAY + timedelta(days=1)
GUEST = GuestDetails("Ada Lovelace", "ada@example.com", "+442079460000")


@pytest.fixture
def house() -> Restaurant:
    return open_on([6])


def open_on(weekdays: list[int], *, last: time = time(1), mode: str = "tables", **row: Any) -> Restaurant:
    """Make a house that is open from 18:00 to 02:00, with two tables."""
    house: Restaurant = RestaurantFactory(**row)
    ServicePeriodFactory(
        restaurant=house,
        name="Night",
        weekdays=weekdays,
        start_time=time(18),
        last_seating=last,
        end_time=time(2),
        seating_mode=mode,
    )
    TableFactory(restaurant=house, number="T1")
    TableFactory(restaurant=house, number="T2")
    return house


def ask(house: Restaurant, on: date, at: str) -> Any:
    query = {"restaurantId": house.slug, "date": on.isoformat(), "time": at, "partySize": 2}
    return Client().get("/api/availability", query).json()


def book(house: Restaurant, on: date, at: time, **asked: Any) -> Any:
    return create_booking_with_capacity_check(
        restaurant_id=house.pk, business_date=on, wall_time=at, party_size=2, guest=GUEST, **asked
    )


def instant(house: Restaurant, on: date, at: time) -> str:
    return datetime.combine(on, at, house.zone).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_availability_offers_the_start_under_the_date_of_its_service(house: Restaurant) -> None:
    answer = ask(house, SUNDAY, "00:30")

    assert not answer["available"]
    assert answer["alternatives"] == ["00:30", "00:15", "00:45", "00:00", "01:00"]
    assert answer["alternativeSlots"][0] == {
        "time": "00:30",
        "startsAt": instant(house, SUNDAY, time(0, 30)),
        "date": SATURDAY.isoformat(),
    }
    assert {slot["date"] for slot in answer["alternativeSlots"]} == {SATURDAY.isoformat()}


def test_a_booking_is_refused_with_the_date_that_its_time_belongs_to_and_taken_by_it(house: Restaurant) -> None:
    body = {
        "restaurantId": house.slug,
        "date": SUNDAY.isoformat(),
        "time": "00:30",
        "partySize": 2,
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": "+442079460000",
    }
    refused = Client().post("/api/bookings", body, content_type="application/json")

    assert (refused.status_code, refused.json()["error"]) == (422, "OPERATING_HOURS_CLOSED")
    assert refused.json()["message"] == (
        f"No service at 00:30 on {SUNDAY}: 00:30 belongs to the service of Saturday, {SATURDAY}"
    )
    offered = refused.json()["alternativeSlots"][0]

    taken = Client().post(
        "/api/bookings", body | {"date": offered["date"], "time": offered["time"]}, content_type="application/json"
    )

    assert taken.status_code == 201
    assert taken.json()["booking"]["startsAt"] == offered["startsAt"] == instant(house, SUNDAY, time(0, 30))


def test_what_is_full_is_not_offered(house: Restaurant) -> None:
    for _ in range(2):
        book(house, SATURDAY, time(23, 30))

    assert ask(house, SUNDAY, "00:30")["alternatives"] == ["01:00"]


def test_past_the_last_seating_the_starts_before_it_are_offered(house: Restaurant) -> None:
    with pytest.raises(OperatingHoursClosed, match=f"01:30 belongs to the service of Saturday, {SATURDAY}") as refused:
        book(house, SUNDAY, time(1, 30))

    assert [(each.wall_time, each.business_date) for each in refused.value.alternatives[:2]] == [
        (time(1), SATURDAY),
        (time(0, 45), SATURDAY),
    ]


def test_an_instant_before_midnight_under_the_next_date_is_offered_under_its_own(house: Restaurant) -> None:
    starts_at = datetime.combine(SATURDAY, time(23, 30), house.zone)

    found = check_time(restaurant_id=house.pk, business_date=SUNDAY, party_size=2, starts_at=starts_at)

    assert not found.assessment.is_available
    first = found.alternatives[0].wish
    assert (first.starts_at, first.business_date) == (starts_at, SATURDAY)


def test_an_instant_of_the_next_date_is_offered_under_that(house: Restaurant) -> None:
    friday = SATURDAY - timedelta(days=1)
    starts_at = datetime.combine(SATURDAY, time(19), house.zone)

    found = check_time(restaurant_id=house.pk, business_date=friday, party_size=2, starts_at=starts_at)

    assert found.assessment.wish.belongs_to == SATURDAY
    first = found.alternatives[0].wish
    assert (first.starts_at, first.business_date) == (starts_at, SATURDAY)


def test_a_time_that_the_own_date_has_means_its_own_night() -> None:
    house = open_on([6, 7])

    answer = ask(house, SUNDAY, "00:30")

    assert answer["available"]
    assert answer["startsAt"] == instant(house, SUNDAY + timedelta(days=1), time(0, 30))


def test_a_time_that_nobody_offers_belongs_nowhere(house: Restaurant) -> None:
    with pytest.raises(OperatingHoursClosed) as refused:
        book(house, SUNDAY, time(12))

    assert refused.value.message == f"No service at 12:00 on {SUNDAY}"
    assert refused.value.alternatives == ()


def test_a_time_that_the_clocks_jump_over_leads_to_the_next_of_the_night_before() -> None:
    house = open_on([6], last=time(1, 45), timezone="Europe/London")
    house.service_periods.update(last_seating=time(3), end_time=time(4))

    with pytest.raises(NonexistentTime) as refused:
        book(house, date(2027, 3, 28), time(1, 30))

    following: Any = refused.value.following
    assert (following.wall_time, following.business_date) == (time(2), date(2027, 3, 27))
    book(house, following.business_date, following.wall_time, starts_at=following.starts_at)


def test_both_passings_of_a_repeated_hour_are_offered_under_the_night_before() -> None:
    house = open_on([6], timezone="Europe/London", slot_minutes=60, max_days_ahead=2000)

    answer = ask(house, date(2027, 10, 31), "01:00")

    offered = [(slot["startsAt"], slot["date"]) for slot in answer["alternativeSlots"] if slot["time"] == "01:00"]
    assert offered == [("2027-10-31T00:00:00Z", "2027-10-30"), ("2027-10-31T01:00:00Z", "2027-10-30")]


def test_the_change_of_a_booking_offers_the_night_before(admin_client: Client, house: Restaurant) -> None:
    booking = book(house, SATURDAY, time(19)).booking
    url = f"/admin/bookings/booking/{booking.pk}/rebook/"
    asked = form_of(admin_client.get(url)) | {"business_date": SUNDAY.isoformat(), "wall_time": "00:30"}

    with pytest.raises(OperatingHoursClosed) as refused:
        change_booking(booking_id=booking.pk, business_date=SUNDAY, wall_time=time(0, 30))

    assert refused.value.alternatives[0].business_date == SATURDAY
    assert f"Other starts that would do: 00:30 of {SATURDAY:%a %-d %b %Y}" in text_of(admin_client.post(url, asked))


def test_the_explanation_names_the_date_that_the_time_belongs_to(house: Restaurant) -> None:
    explained = explain_availability(restaurant_id=house.pk, business_date=SUNDAY, party_size=2, wall_time=time(0, 30))

    assert summary_text(explained).endswith(f"; that time belongs to the service of {SATURDAY}")
