"""A party without a booking at the door: one page, and the table that it gets."""

from typing import Any

import pytest
from django.test import Client

from bookings.models import Booking
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, form_of, messages_of, text_of
from tests.helpers.dining_room import at_tables, everything_written, ids, room_at_noon, table
from tests.helpers.factories import CapacityRuleFactory
from tests.helpers.running_service import assert_all_right, due, seated

pytestmark = pytest.mark.django_db(transaction=True)

WALK_IN = "/admin/bookings/booking/walk-in/"
TONIGHT = "/admin/bookings/booking/?when=tonight&party=live"


@pytest.fixture
def house() -> Restaurant:
    """A house in the middle of its service: T1 for two, T2 for four."""
    return room_at_noon(2, 4, name="Bistro")


def filled_in(client: Client, **values: Any) -> dict[str, Any]:
    return {**form_of(client.get(WALK_IN)), **values}


def seat(client: Client, **values: Any) -> Any:
    return client.post(WALK_IN, filled_in(client, **values), follow=True)


def test_a_party_gets_the_best_table_for_its_turn_time(
    admin_client: Client, admin_user: Any, house: Restaurant
) -> None:
    page = seat(admin_client, party_size="2")

    party = Booking.objects.get()
    until = f"{party.ends_at.astimezone(house.zone):%H:%M}"
    assert page.redirect_chain == [(TONIGHT, 302)]
    (said,) = messages_of(page)
    assert said.startswith(f"Walk-in, party of 2, sits at T1 until {until} (<a ")
    assert (party.status, party.source, party.turn_minutes) == ("seated", "walk_in", 90)
    assert at_tables(party) == ["T1"]
    assert party.events.earliest("pk").actor == admin_user
    assert_all_right(house)


def test_a_party_stays_as_long_and_sits_where_the_host_says(admin_client: Client, house: Restaurant) -> None:
    seat(admin_client, party_size="2", minutes="45", name="Grace Hopper", tables=ids(house, "T2"))

    party = Booking.objects.get()
    assert (party.guest_name, party.turn_minutes, at_tables(party)) == ("Grace Hopper", 45, ["T2"])


def test_a_double_click_seats_one_party(admin_client: Client, house: Restaurant) -> None:
    form = filled_in(admin_client, party_size="2")

    first, second = admin_client.post(WALK_IN, form), admin_client.post(WALK_IN, form)

    assert (first["Location"], second["Location"]) == (TONIGHT, TONIGHT)
    assert Booking.objects.count() == 1


def test_a_page_that_has_seated_a_party_seats_no_other(admin_client: Client, house: Restaurant) -> None:
    form = filled_in(admin_client, party_size="2")
    admin_client.post(WALK_IN, form)

    page = admin_client.post(WALK_IN, {**form, "party_size": "3"})

    assert "This page has seated a party already. Open it again for the next one." in text_of(page)
    assert Booking.objects.count() == 1


def test_a_full_house_says_every_reason(admin_client: Client, house: Restaurant) -> None:
    seated(house, 10, "T1")
    seated(house, 10, "T2")
    CapacityRuleFactory(restaurant=house, max_covers=4)
    house.service_days.update(max_covers=4)
    before = everything_written(house)

    page = seat(admin_client, party_size="2")

    said = text_of(page)
    assert page.status_code == 200
    assert "covers per service: 4 of 4 are taken and 2 more were asked" in said
    assert "no table: 2 of the 2 that would suit are taken, and no moves make room" in said
    assert everything_written(house) == before


def test_a_table_that_somebody_has_is_refused_with_the_name(admin_client: Client, house: Restaurant) -> None:
    other = seated(house, 10, "T1")
    before = everything_written(house)

    page = seat(admin_client, party_size="2", tables=ids(house, "T1"))

    assert f"T1 is taken by {other.reference} until" in text_of(page)
    assert everything_written(house) == before


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"party_size": ""}, "party_size"),
        ({"party_size": "0"}, "party_size"),
        ({"party_size": "2", "minutes": "9999"}, "minutes"),
        ({"party_size": "2", "tables": ["999999"]}, "tables"),
    ],
)
def test_what_makes_no_sense_is_said_at_the_field(
    admin_client: Client, house: Restaurant, values: dict[str, Any], field: str
) -> None:
    page = seat(admin_client, **values)

    assert list(page.context["form"].errors) == [field]
    assert not Booking.objects.exists()


def test_a_table_that_is_too_small_is_refused_at_the_field(admin_client: Client, house: Restaurant) -> None:
    page = seat(admin_client, party_size="4", tables=ids(house, "T1"))

    assert page.context["form"].errors["tables"] == ["T1 can take a party of 1 to 2, not of 4"]


def test_the_page_says_which_tables_are_free_for_how_long(admin_client: Client, house: Restaurant) -> None:
    sits, comes = seated(house, 10, "T1"), due(house, 100, "T2")

    (awaited, [second]), (taken, [first]) = admin_client.get(WALK_IN).context["form"].fields["tables"].choices

    start, end = (f"{each.astimezone(house.zone):%H:%M}" for each in (comes.starts_at, comes.ends_at))
    assert awaited == "Free now, until somebody comes"
    assert second == (table(house, "T2").pk, f"T2 (1 to 4): Ada Lovelace, 2 ({comes.reference}) {start} to {end}")
    assert taken == "Taken now"
    assert sits.reference in first[1]


def test_with_several_restaurants_the_page_asks_at_which(admin_client: Client, house: Restaurant) -> None:
    other = room_at_noon(2, name="Bar")
    room_at_noon(2, name="Shut", active=False)

    choice = text_of(admin_client.get(WALK_IN))
    url = f"{WALK_IN}?restaurant={other.pk}"
    admin_client.post(url, {**form_of(admin_client.get(url)), "party_size": "2"})

    assert "Bar Bistro" in choice
    assert "Shut" not in choice
    assert Booking.objects.get().restaurant == other


@pytest.mark.parametrize("restaurant", ["999999", "x", "-1"])
def test_a_restaurant_that_is_not_there_is_404(admin_client: Client, house: Restaurant, restaurant: str) -> None:
    assert admin_client.get(f"{WALK_IN}?restaurant={restaurant}").status_code == 404


def test_whoever_only_looks_may_not_seat(house: Restaurant) -> None:
    looking = client_with("bookings.view_booking")

    assert looking.get(WALK_IN).status_code == 403
    assert looking.post(WALK_IN, {"party_size": "2"}).status_code == 403
    assert not Booking.objects.exists()


def test_the_page_takes_no_query_per_table_or_party(admin_client: Client, house: Restaurant) -> None:
    few = count_queries(admin_client, WALK_IN)

    for number in ("T1", "T2"):
        seated(house, 10, number)
        due(house, 100, number)

    assert count_queries(admin_client, WALK_IN) == few


def test_a_full_house_takes_a_party_that_somebody_answers_for(house: Restaurant) -> None:
    manager = client_with("bookings.view_booking", "bookings.change_booking", "bookings.override_capacity")
    seated(house, 10, "T1")
    seated(house, 10, "T2")

    refused = seat(manager, party_size="2")
    asked = manager.post(WALK_IN, {**form_of(refused), "override_reason": "At the bar", "override": ""})
    page = manager.post(WALK_IN, {**form_of(asked), "override": asked.context["override"].value}, follow=True)

    party = Booking.objects.latest("pk")
    override = party.overrides.get()
    assert (party.status, at_tables(party)) == ("seated", [])
    assert (override.limit, override.amount, override.reason) == ("NO_TABLE", 1, "At the bar")
    assert messages_of(page)[1].startswith("Authorised: no table")
    assert_all_right(house)


def test_nobody_answers_for_a_table_that_somebody_has(house: Restaurant) -> None:
    manager = client_with("bookings.view_booking", "bookings.change_booking", "bookings.override_capacity")
    seated(house, 10, "T1")

    page = seat(manager, party_size="2", tables=ids(house, "T1"))

    assert "override" not in page.context
