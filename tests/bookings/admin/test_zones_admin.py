"""The zone of a restaurant, as the screens of all restaurants meet it."""

from typing import Any

import pytest
from django.test import Client

from bookings.services import save_settings_row
from tables.models import Restaurant
from tests.helpers.admin_screens import confirmed, form_of, messages_of, text_of
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


def test_another_zone_under_bookings_asks_first_and_then_names_whom_to_tell(admin_client: Client) -> None:
    house = open_restaurant()
    booking = BookingFactory(restaurant=house, business_date=days_ahead())
    url = f"/admin/tables/restaurant/{house.pk}/change/"
    page = admin_client.get(url)
    assert "The wall clock stays" not in text_of(page)

    refused = admin_client.post(url, form_of(page) | {"timezone": "America/New_York"})

    assert refused.status_code == 200
    when = f"{days_ahead():%a %-d %b %Y} 19:00"
    assert f"{booking.reference} , Ada Lovelace, {when}, party of 2" in text_of(refused)
    assert "The wall clock stays" in text_of(refused)
    house.refresh_from_db()
    assert house.timezone == "Europe/London"

    asked = admin_client.post(url, form_of(refused) | {"keeps_wall_clock": "on"})
    assert "1 booking keeps its date and time in the new zone." in text_of(asked)
    house.refresh_from_db()
    assert house.timezone == "Europe/London"
    moved = confirmed(admin_client, asked)

    house.refresh_from_db()
    booking.refresh_from_db()
    assert house.timezone == "America/New_York"
    assert f"{booking.starts_at.astimezone(house.zone):%H:%M}" == "19:00"
    (said,) = [message for message in messages_of(moved) if "tell the guests" in message]
    assert "1 booking keeps its date and time in the new zone" in said
    assert "Ada Lovelace, +442079460000" in said
    shown = text_of(admin_client.get(f"/admin/bookings/booking/{booking.pk}/change/"))
    assert "19:00 to 20:30 (America/New_York)" in shown
    assert "by the clock of Europe/London by the clock of America/New_York" in shown


def test_what_is_past_shows_the_clock_that_it_took_place_by(admin_client: Client) -> None:
    house = open_restaurant()
    past = BookingFactory(restaurant=house, business_date=days_ahead(-3), status="completed")
    house.timezone = "America/New_York"
    save_settings_row(row=house)

    assert "19:00 to 20:30 (Europe/London)" in text_of(admin_client.get(f"/admin/bookings/booking/{past.pk}/change/"))
    listed = text_of(admin_client.get("/admin/bookings/booking/?when=past"))
    assert "19:00 20:30" in listed
