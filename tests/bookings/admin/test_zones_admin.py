"""The zone of a restaurant, as the screens of all restaurants meet it."""

from typing import Any

import pytest
from django.test import Client

from tables.models import Restaurant
from tests.helpers.admin_screens import text_of
from tests.helpers.factories import BookingFactory, days_ahead, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = [
    "/admin/",
    *(f"/admin/bookings/booking/?when={when}" for when in ("tonight", "today", "upcoming", "past", "all")),
    "/admin/bookings/booking/?party=late",
    "/admin/capacity/serviceday/",
    "/admin/capacity/bookingslot/",
    "/admin/bookings/decision/",
    "/admin/bookings/capacityoverride/",
    "/admin/bookings/auditrun/",
    "/admin/tables/tableblock/",
    "/admin/tables/restaurant/",
    "/metrics",
]


@pytest.mark.parametrize("name", ["localtime", "Factory", "Mars/Phobos"])
def test_a_stored_name_that_is_no_zone_fails_no_list_of_all_restaurants(admin_client: Client, name: str) -> None:
    for house in (open_restaurant(name="Sound"), open_restaurant(name="Unsound")):
        BookingFactory(restaurant=house, business_date=days_ahead())
    Restaurant.objects.filter(name="Unsound").update(timezone=name)

    assert {url: admin_client.get(url).status_code for url in LISTS} == dict.fromkeys(LISTS, 200)


@pytest.mark.parametrize("name", ["localtime", "Mars/Phobos"])
def test_a_stored_name_that_is_no_zone_is_mended_on_its_page(admin_client: Client, name: str) -> None:
    house: Any = open_restaurant()
    Restaurant.objects.filter(pk=house.pk).update(timezone=name)

    page = admin_client.get(f"/admin/tables/restaurant/{house.pk}/change/")

    assert page.status_code == 200
    assert name not in text_of(page)
