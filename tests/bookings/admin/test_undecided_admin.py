"""The bookings to be decided on the screens: told after the change, counted in the sidebar, listed, kept."""

from datetime import time

import pytest
from django.test import Client

from bookings.models import Booking
from bookings.selectors.undecided import find_undecided
from bookings.services import pin_tables, save_settings_row
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, confirmed, count_queries, form_of, messages_of, text_of
from tests.helpers.dining_room import book, ids, latest, room

pytestmark = pytest.mark.django_db(transaction=True)

BOOKINGS = "/admin/bookings/booking/"
TO_DECIDE = f"{BOOKINGS}?decision=to_be_decided"


def end_seating(house: Restaurant, at: time) -> None:
    dinner = house.service_periods.get()
    dinner.last_seating = at
    save_settings_row(row=dinner)


@pytest.fixture
def house() -> Restaurant:
    return room(2, 2, 2, name="Bistro")


@pytest.fixture
def late(house: Restaurant) -> Booking:
    late = book(house, "21:15")
    book(house, "17:00")
    return late


def test_saving_narrower_hours_names_who_is_outside(admin_client: Client, house: Restaurant, late: Booking) -> None:
    page = f"/admin/capacity/serviceperiod/{house.service_periods.get().pk}/change/"
    form = form_of(admin_client.get(page)) | {"last_seating": "20:00"}

    said = " ".join(messages_of(confirmed(admin_client, admin_client.post(page, form))))

    assert "1 booking stays in place and waits for your decision" in said
    assert f">{late.reference}</a> ({late.business_date:%a %-d %b} 21:15, 2 covers) Ann Lee: after the last" in said
    again = form_of(admin_client.get(page))
    said = " ".join(messages_of(admin_client.post(page, again, follow=True)))
    assert "1 booking waits for your decision since before" in said
    assert late.reference in said


def test_sidebar_first_page_and_list_lead_to_the_bookings(
    admin_client: Client, house: Restaurant, late: Booking
) -> None:
    assert "could not be made again" not in text_of(admin_client.get("/admin/"))
    end_seating(house, time(20))
    end_seating(other := room(2, name="Other"), time(20))

    first = admin_client.get("/admin/")
    assert "1 booking could not be made again as it is and waits for a decision. See which" in text_of(first)
    assert "To be decided 1" in text_of(first)
    listed = admin_client.get(TO_DECIDE)
    assert [booking.pk for booking in listed.context["cl"].result_list] == [late.pk]
    assert "after the last seating, 20:00" in text_of(listed)
    assert list(admin_client.get(f"{TO_DECIDE}&restaurant__id__exact={other.pk}").context["cl"].result_list) == []


def test_a_booking_is_kept_with_a_reason(admin_client: Client, house: Restaurant, late: Booking) -> None:
    assert "Keep as it is" not in text_of(admin_client.get(f"{BOOKINGS}{late.pk}/change/"))
    end_seating(house, time(20))
    assert "Keep as it is" in text_of(admin_client.get(f"{BOOKINGS}{late.pk}/change/"))
    page = f"{BOOKINGS}{late.pk}/keep/"
    asked = admin_client.get(page)
    assert "It could not be made again: after the last seating, 20:00." in text_of(asked)

    refused = admin_client.post(page, form_of(asked))
    done = admin_client.post(page, form_of(asked) | {"reason": "the kitchen stays"}, follow=True)

    assert "This field is required." in text_of(refused)
    assert messages_of(done) == [f"{late.reference} is kept as it is."]
    assert "Kept as it is admin after the last seating, 20:00 - the kitchen stays" in text_of(done)
    assert latest(late).reason == "the kitchen stays"
    assert find_undecided() == {}


def test_a_second_change_of_status_names_who_is_still_there(admin_client: Client, house: Restaurant) -> None:
    party = book(house)
    pin_tables(booking_id=party.pk)
    chosen = {"action": "take_out_of_service", "_selected_action": ids(house, "T1")}

    for _ in range(2):
        asked = admin_client.post("/admin/tables/table/", chosen)
        said = " ".join(messages_of(admin_client.post("/admin/tables/table/", form_of(asked), follow=True)))
        assert "1 booking keeps its table and waits for your decision" in said
        assert f"{party.reference}</a>" in said


def test_the_list_takes_no_query_per_booking(admin_client: Client, house: Restaurant, late: Booking) -> None:
    end_seating(house, time(20))
    few = count_queries(admin_client, TO_DECIDE)
    end_seating(house, time(21, 30))
    book(house, "21:15")
    book(other := room(2), "21:15")
    end_seating(house, time(20))
    end_seating(other, time(20))

    assert count_queries(admin_client, TO_DECIDE) == few


def test_who_may_not_see_bookings_is_not_led_to_them() -> None:
    page = text_of(client_with("capacity.view_serviceday").get("/admin/"))

    assert "To be decided" not in page
