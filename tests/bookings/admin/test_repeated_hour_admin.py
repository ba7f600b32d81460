"""The night on which the clocks go back, on the screens: two instants of one time are told apart, and chosen from."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.test import Client

from bookings.services import GuestDetails, create_booking_with_capacity_check
from tables.models import Restaurant
from tests.helpers.admin_screens import form_of, text_of
from tests.helpers.factories import RestaurantFactory, ServicePeriodFactory, TableFactory

pytestmark = pytest.mark.django_db(transaction=True)

# Clocks in London go from 02:00 BST back to 01:00 GMT on the 31st.
NIGHT = date(2027, 10, 30)
FIRST, SECOND = datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


@pytest.fixture
def house() -> Restaurant:
    restaurant: Restaurant = RestaurantFactory(timezone="Europe/London", max_days_ahead=3000)
    ServicePeriodFactory(
        restaurant=restaurant, name="Night", start_time=time(18), last_seating=time(3), end_time=time(4)
    )
    TableFactory(restaurant=restaurant, number="T1")
    return restaurant


def book(house: Restaurant, at: time, **asked: Any) -> Any:
    guest = GuestDetails("Ada Lovelace", "ada@example.com", "+442079460000")
    return create_booking_with_capacity_check(
        restaurant_id=house.pk, business_date=NIGHT, wall_time=at, party_size=2, guest=guest, **asked
    ).booking


def test_list_and_page_tell_the_two_clocks_apart(admin_client: Client, house: Restaurant) -> None:
    booking = book(house, time(1, 30))
    evening = book(house, time(19))

    listed = text_of(admin_client.get("/admin/bookings/booking/?when=all"))
    page = text_of(admin_client.get(f"/admin/bookings/booking/{booking.pk}/change/"))

    assert "01:30 BST 02:00 GMT" in listed
    assert "19:00 20:30" in listed
    assert "01:30 BST to 02:00 GMT (Europe/London)" in page
    assert "19:00 to 20:30 (Europe/London)" in text_of(
        admin_client.get(f"/admin/bookings/booking/{evening.pk}/change/")
    )


def test_a_change_to_a_time_that_comes_twice_asks_which_and_takes_the_second(
    admin_client: Client, house: Restaurant
) -> None:
    booking = book(house, time(19))
    url = f"/admin/bookings/booking/{booking.pk}/rebook/"
    page = admin_client.get(url)
    assert "Which of the two" not in text_of(page)

    asked = admin_client.post(url, form_of(page) | {"wall_time": "01:30"})

    assert "This time comes twice that night: choose one." in text_of(asked)
    assert [label for _, label in asked.context["form"].fields["passing"].choices] == [
        "Choose",
        "01:30 BST",
        "01:30 GMT",
    ]

    admin_client.post(url, form_of(page) | {"wall_time": "01:30", "passing": SECOND.isoformat()})

    booking.refresh_from_db()
    assert (booking.starts_at, booking.wall_time, booking.business_date) == (SECOND, time(1, 30), NIGHT)

    page = admin_client.get(url)
    admin_client.post(url, form_of(page) | {"passing": FIRST.isoformat()})

    booking.refresh_from_db()
    assert booking.starts_at == FIRST
    assert "01:30 GMT, until 03:00 01:30 BST, until 02:00" in text_of(
        admin_client.get(f"/admin/bookings/booking/{booking.pk}/change/")
    )
