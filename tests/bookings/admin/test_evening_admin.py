"""Tonight as the list of bookings shows it: who is late, who sits where until when, what is one click away."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from bookings.models import Booking
from bookings.services import cancel_booking, mark_arrived
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, messages_of, text_of
from tests.helpers.dining_room import at_tables, began, everything_written, history, room_at_noon, sit
from tests.helpers.factories import BookingFactory, days_ahead, materialize, open_restaurant
from tests.helpers.running_service import due, minutes, seated

pytestmark = pytest.mark.django_db(transaction=True)

BOOKINGS = "/admin/bookings/booking/"
TONIGHT = f"{BOOKINGS}?when=tonight"
# Session and user, restaurants and periods to filter by, today on every wall, how many are listed, the bookings and
# their tables, two for the dates above the list, begin and end of the transaction in which filters are tried, the
# pauses of the banner, and the versions that the count of the sidebar depends on.
QUERIES_OF_THE_LIST = 16


@pytest.fixture
def house() -> Restaurant:
    return room_at_noon(2, 2, 4, name="Bistro")


def listed(client: Client, party: str) -> list[str]:
    """Return the guests whom a quick filter finds, in the order of the list."""
    page = client.get(f"{TONIGHT}&party={party}")
    return [booking.guest_name for booking in page.context["cl"].result_list]


def button(page: Any, booking: Booking, label: str) -> tuple[str, dict[str, str]] | None:
    """Return where a button of a row sends what, None where there is none."""
    for tag in re.findall(r"<button[^>]*formaction[^>]*>\s*\w+", page.content.decode()):
        if f"{BOOKINGS}{booking.pk}/" in tag and tag.endswith(label):
            known = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            return known["formaction"].replace("&amp;", "&"), {known["name"]: known["value"]}
    return None


def click(client: Client, booking: Booking, label: str, url: str = TONIGHT) -> Any:
    """Click a button in the row of a booking."""
    found = button(client.get(url), booking, label)
    assert found is not None
    page = client.post(*found, follow=True)
    booking.refresh_from_db()
    return page


def test_a_row_says_until_when_where_and_how_late(admin_client: Client, house: Restaurant) -> None:
    late = began(house, 20, 2, "T1", guest_name="Late")
    over = seated(house, 100, "T2", guest_name="Over")
    pinned = due(house, 40, guest_name="Pinned")
    sit(pinned, "T3", pinned=True)

    shown = text_of(admin_client.get(TONIGHT))

    def wall(instant: datetime) -> str:
        return f"{instant.astimezone(house.zone):%H:%M}"

    # The minute may end between the rows and the page.
    assert re.search(f"{wall(late.starts_at)} {wall(late.ends_at)} T1 Late, 2[01] min Arrived Seat Bistro", shown)
    assert re.search(f"{wall(over.starts_at)} {wall(over.ends_at)} 1[01] min over T2 Seated Left Bistro", shown)
    assert f"{wall(pinned.starts_at)} {wall(pinned.ends_at)} T3 keep Confirmed Arrived Seat Bistro" in shown


@pytest.mark.parametrize(("minutes_ago", "status"), [(13, "Confirmed"), (16, "Late, 1[67] min")])
def test_a_party_is_late_past_the_grace_of_the_house(
    admin_client: Client, house: Restaurant, minutes_ago: int, status: str
) -> None:
    began(house, minutes_ago, 2, "T1")

    assert re.search(f" T1 {status} Arrived Seat", text_of(admin_client.get(TONIGHT)))
    assert listed(admin_client, "late") == (["Ada Lovelace"] if minutes_ago > 15 else [])


def test_quick_filters_find_the_parties_that_a_host_looks_for(admin_client: Client, house: Restaurant) -> None:
    began(house, 20, 2, "T1", guest_name="Late")
    seated(house, 100, "T2", guest_name="Over")
    seated(house, 30, "T3", guest_name="Sits")
    due(house, 45, guest_name="Tableless")
    mark_arrived(booking_id=due(house, 90, "T1", guest_name="Waits").pk)
    cancel_booking(booking_id=due(house, 50, "T2", guest_name="Gone").pk)
    BookingFactory(service_day=materialize(house, days_ahead(2))[0], wall_time=house_noon(), guest_name="Another day")

    assert listed(admin_client, "live") == ["Over", "Sits", "Late", "Tableless", "Waits"]
    assert listed(admin_client, "") == ["Over", "Sits", "Late", "Tableless", "Gone", "Waits"]
    assert listed(admin_client, "to_come") == ["Late", "Tableless"]
    assert listed(admin_client, "late") == ["Late"]
    assert listed(admin_client, "waiting") == ["Waits"]
    assert listed(admin_client, "seated") == ["Over", "Sits"]
    assert listed(admin_client, "over_time") == ["Over"]
    assert listed(admin_client, "no_table") == ["Tableless"]


def house_noon() -> Any:
    return datetime.min.time().replace(hour=12)


def test_a_quick_link_keeps_the_restaurant_and_says_where_one_is(admin_client: Client, house: Restaurant) -> None:
    due(house, 40, "T1", guest_name="Here")
    due(room_at_noon(2), 40, "T1", guest_name="There")

    page = admin_client.get(f"{TONIGHT}&party=to_come&restaurant={house.slug}")

    links = page.context["quick_links"]
    assert [link["title"] for link in links if link["is_chosen"]] == ["To come"]
    assert [link["title"] for link in links][:3] == ["Tonight", "To come", "Late"]
    assert links[0]["url"] == f"?restaurant={house.slug}&when=tonight&party=live"
    found = admin_client.get(f"{BOOKINGS}{links[0]['url']}").context["cl"].result_list
    assert [booking.guest_name for booking in found] == ["Here"]


def test_the_service_of_yesterday_is_tonight_until_it_is_over(admin_client: Client, house: Restaurant) -> None:
    booking = due(house, 40, "T1")
    yesterday = datetime.now(house.zone).date() - timedelta(days=1)
    Booking.objects.update(business_date=yesterday)
    assert listed(admin_client, "live") == ["Ada Lovelace"]

    day = booking.service_day
    type(day).objects.filter(pk=day.pk).update(starts_at=day.starts_at - timedelta(days=2), ends_at=day.starts_at)
    assert listed(admin_client, "live") == []


def test_one_click_brings_a_party_in_seats_it_and_lets_it_go(admin_client: Client, house: Restaurant) -> None:
    booking = due(house, 40, "T1")
    url = f"{TONIGHT}&party=live"

    arrived = click(admin_client, booking, "Arrived", url)
    assert (booking.status, arrived.redirect_chain) == ("arrived", [(url, 302)])
    assert messages_of(arrived) == [f"{booking.reference} has arrived: T1."]

    sits = click(admin_client, booking, "Seat", url)
    assert (booking.status, at_tables(booking), sits.redirect_chain) == ("seated", ["T1"], [(url, 302)])

    left = click(admin_client, booking, "Left", url)
    assert (booking.status, left.redirect_chain) == ("completed", [(url, 302)])
    assert button(left, booking, "Left") is None


def test_a_double_click_in_the_list_is_one_change(admin_client: Client, house: Restaurant) -> None:
    booking = due(house, 40, "T1")
    found = button(admin_client.get(TONIGHT), booking, "Seat")
    assert found is not None

    first, second = admin_client.post(*found), admin_client.post(*found)

    assert (first["Location"], second["Location"]) == (TONIGHT, TONIGHT)
    assert history(booking) == ["seated"]


def test_a_refusal_says_why_and_leads_back_to_the_list(admin_client: Client, house: Restaurant) -> None:
    other, booking = seated(house, 30, "T1"), due(house, 70, "T1")
    before = everything_written(house)

    page = click(admin_client, booking, "Seat")

    assert page.status_code == 200
    assert f"T1 is taken by {other.reference}" in text_of(page)
    assert page.context["back"] == TONIGHT
    assert everything_written(house) == before


def test_a_list_of_an_older_state_is_refused_in_words(admin_client: Client, house: Restaurant) -> None:
    booking = due(house, 40, "T1")
    found = button(admin_client.get(TONIGHT), booking, "Arrived")
    assert found is not None
    Booking.objects.update(version=9)

    page = admin_client.post(*found)

    assert "Somebody changed this booking after you looked at it" in text_of(page)
    assert history(booking) == []


def test_a_list_leads_nowhere_else_than_to_itself(admin_client: Client, house: Restaurant) -> None:
    booking = due(house, 40, "T1")
    url = f"{BOOKINGS}{booking.pk}/arrive/?_changelist_filters=https://elsewhere.example"

    page = admin_client.post(url, {"expected_version": booking.version})

    assert page["Location"] == f"{BOOKINGS}?https://elsewhere.example"


def test_whoever_only_looks_sees_no_buttons(house: Restaurant) -> None:
    booking = due(house, 40, "T1")
    page = client_with("bookings.view_booking").get(TONIGHT)

    assert booking.reference in text_of(page)
    assert "At the door" not in text_of(page)
    assert "Seat a walk-in" not in text_of(page)
    assert button(page, booking, "Arrived") is None


def test_parties_of_other_days_have_no_buttons(admin_client: Client) -> None:
    booking = BookingFactory(service_day=materialize(open_restaurant(), days_ahead())[0])

    assert button(admin_client.get(BOOKINGS), booking, "Arrived") is None


def test_tonight_takes_the_same_queries_however_many_come(admin_client: Client, house: Restaurant) -> None:
    due(house, 40, "T1")
    assert count_queries(admin_client, TONIGHT) == QUERIES_OF_THE_LIST

    for number in ("T2", "T3"):
        seated(house, 100, number)
        due(house, 40, number)
        Booking.objects.update(ends_at=Booking.objects.first().ends_at - minutes(1))  # type: ignore[union-attr]

    assert count_queries(admin_client, TONIGHT) == QUERIES_OF_THE_LIST
