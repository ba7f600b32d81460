"""Two decisions about tonight: online is paused, a section is closed; with who, why and an end."""

from typing import Any

import pytest
from django.test import Client

from bookings.models import Booking
from capacity.models import OnlinePause
from tables.models import Restaurant, TableBlock
from tests.helpers.admin_screens import client_with, form_of, messages_of, text_of
from tests.helpers.dining_room import at_tables, room, room_at_noon, table
from tests.helpers.factories import SectionFactory
from tests.helpers.running_service import assert_all_right, due

pytestmark = pytest.mark.django_db(transaction=True)

PAUSE = "/admin/bookings/booking/pause-online/"
CLOSE = "/admin/bookings/booking/close-section/"


@pytest.fixture
def house() -> Restaurant:
    """A house in the middle of its service: T1 on the patio, T2 inside."""
    house = room_at_noon(2, 2, name="Bistro")
    table_of_patio = table(house, "T1")
    table_of_patio.section = SectionFactory(restaurant=house, name="Patio")
    table_of_patio.save()
    return house


def decide(client: Client, url: str, **values: Any) -> Any:
    return client.post(url, {**form_of(client.get(url)), **values}, follow=True)


def test_online_is_paused_under_a_banner_that_lifts_it(admin_client: Client, house: Restaurant) -> None:
    page = decide(admin_client, PAUSE, length="60", reason="The kitchen is behind")

    pause = OnlinePause.objects.get()
    until = f"{pause.ends_at.astimezone(house.zone):%H:%M}"
    assert messages_of(page) == [f"Online booking for Dinner is paused until {until}."]
    banner = f"Online booking is paused for Dinner at Bistro until {until}, by admin: The kitchen is behind."
    assert banner in text_of(page)
    assert (pause.ends_at - pause.starts_at).total_seconds() == 3600

    lifted = admin_client.post(f"/admin/bookings/booking/lift-pause/{pause.pk}/", follow=True)

    assert messages_of(lifted) == ["Guests book Dinner at Bistro online again."]
    assert "Online booking is paused" not in text_of(lifted)
    assert "Online booking is paused" not in text_of(admin_client.get("/admin/"))


def test_the_rest_of_the_service_is_one_choice(admin_client: Client, house: Restaurant) -> None:
    decide(admin_client, PAUSE, length="rest", reason="Rush")

    assert f"{OnlinePause.objects.get().ends_at.astimezone(house.zone):%H:%M}" == "16:15"


@pytest.mark.parametrize(("values", "field"), [({"reason": ""}, "reason"), ({"length": "5", "reason": "x"}, "length")])
def test_what_is_missing_is_said_at_the_field(
    admin_client: Client, house: Restaurant, values: dict[str, Any], field: str
) -> None:
    page = decide(admin_client, PAUSE, **values)

    assert list(page.context["form"].errors) == [field]
    assert not OnlinePause.objects.exists()


def test_the_list_of_pauses_says_who_why_and_until_when(admin_client: Client, house: Restaurant) -> None:
    decide(admin_client, PAUSE, length="30", reason="Rush")

    listed = text_of(admin_client.get("/admin/capacity/onlinepause/"))

    assert "Rush" in listed
    assert "admin" in listed


def test_a_section_is_closed_until_the_end_of_tonight_and_its_parties_sit_elsewhere(
    admin_client: Client, house: Restaurant
) -> None:
    party = due(house, 100, "T1")

    page = decide(admin_client, CLOSE, section=str(house.sections.get().pk), reason="Rain")

    block = TableBlock.objects.get()
    assert (block.table.number, block.reason, str(block.created_by)) == ("T1", "Rain", "admin")
    assert f"{block.ends_at.astimezone(house.zone):%H:%M}" == "18:00"
    assert messages_of(page)[0] == "Closed until 18:00: T1."
    assert party.reference in messages_of(page)[1]
    assert at_tables(party) == ["T2"]
    assert_all_right(house)


def test_without_a_service_left_nothing_is_closed(admin_client: Client) -> None:
    house = room(2, name="Bistro")
    house.service_periods.update(weekdays=[])

    assert "No service is left today." in text_of(admin_client.get(CLOSE))
    assert "No service that guests could book is left today." in text_of(decide(admin_client, PAUSE, reason="Rush"))


@pytest.mark.parametrize("url", [PAUSE, CLOSE, "/admin/bookings/booking/lift-pause/1/"])
def test_whoever_only_looks_may_decide_nothing(house: Restaurant, url: str) -> None:
    looking = client_with("bookings.view_booking")

    assert looking.post(url, {"reason": "Rush", "length": "30"}).status_code == 403
    assert not OnlinePause.objects.exists()
    assert not Booking.objects.exists()


def test_a_pause_is_lifted_by_a_button_alone(admin_client: Client, house: Restaurant) -> None:
    assert admin_client.get("/admin/bookings/booking/lift-pause/1/").status_code == 405
    lifted = admin_client.post("/admin/bookings/booking/lift-pause/1/", follow=True)
    assert messages_of(lifted) == ["That pause is not there any more."]
