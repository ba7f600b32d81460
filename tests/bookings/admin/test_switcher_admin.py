"""The restaurant that a person looks at: in the address, remembered, and never another's."""

import pytest
from django.test import Client

from bookings.admin.parts.house import list_choices
from bookings.choices import Role
from tests.helpers.admin_screens import member_of, text_of
from tests.helpers.factories import BookingFactory, TableFactory, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

BOOKINGS, WALK_IN = "/admin/bookings/booking/", "/admin/bookings/booking/walk-in/"


@pytest.fixture
def houses():
    return [open_restaurant(name=name, slug=name.lower(), tables=1) for name in ("Bistro", "Bar", "Cafe")]


@pytest.fixture
def client(houses) -> Client:
    return member_of(*houses[:2], role=Role.MANAGER)


def links_of(page):
    return [(choice.title, choice.link) for choice in page.context["site_dropdown"]]


def listed(page):
    return {booking.restaurant.name for booking in page.context["cl"].result_list}


def test_a_chosen_restaurant_stays_in_the_address_of_every_list(client, houses):
    for house in houses:
        BookingFactory(restaurant=house)

    assert listed(client.get(BOOKINGS)) == {"Bistro", "Bar"}
    assert listed(client.get(f"{BOOKINGS}?restaurant=bar")) == {"Bar"}
    assert client.get(BOOKINGS).headers["Location"] == f"{BOOKINGS}?restaurant=bar"
    assert client.get(f"{BOOKINGS}?when=all").headers["Location"] == f"{BOOKINGS}?restaurant=bar&when=all"
    assert client.get("/admin/").headers["Location"] == "/admin/?restaurant=bar"
    assert listed(client.get(f"{BOOKINGS}?restaurant=all")) == {"Bistro", "Bar"}
    assert listed(client.get(BOOKINGS)) == {"Bistro", "Bar"}


def test_the_first_page_is_of_the_chosen_restaurant_or_of_all_of_a_persons(client):
    every, one = (client.get(f"/admin/?restaurant={asked}") for asked in ("all", "bar"))

    assert [card["at"].restaurant.name for card in every.context["cards"]] == ["Bar", "Bistro"]
    assert one.context["house"].name == "Bar"
    assert "Cafe" not in text_of(every)


def test_the_switcher_offers_a_persons_restaurants_on_the_same_page(client):
    page = client.get(f"{BOOKINGS}?restaurant=bar&when=tonight&o=2")

    assert page.context["site_subheader"] == "Bar"
    assert links_of(page) == [
        ("All restaurants", f"{BOOKINGS}?restaurant=all&when=tonight"),
        ("Bar", f"{BOOKINGS}?restaurant=bar&when=tonight"),
        ("Bistro", f"{BOOKINGS}?restaurant=bistro&when=tonight"),
    ]


def test_who_works_in_one_restaurant_has_nothing_to_switch(houses):
    client = member_of(houses[2], role=Role.HOST)

    page = client.get("/admin/")

    assert (page.status_code, page.context["site_subheader"], links_of(page)) == (200, "Cafe", [])
    assert "Bistro" not in text_of(page)


@pytest.mark.parametrize("path", ["/admin/", BOOKINGS, WALK_IN, "/admin/capacity/closure/add/"])
@pytest.mark.parametrize("asked", ["cafe", "nowhere", "", "\x00", "9" * 30])
def test_the_restaurant_of_others_is_as_one_that_does_not_exist(client, path, asked):
    assert client.get(path, {"restaurant": asked}).status_code == 404


def test_a_restaurant_that_somebody_lost_is_forgotten(client, houses):
    client.get("/admin/?restaurant=bar")
    houses[1].memberships.all().delete()

    page = client.get("/admin/")

    assert (page.status_code, page.context["site_subheader"]) == (200, "Bistro")


def test_a_form_begins_with_the_restaurant_that_is_looked_at(client, houses):
    client.get(f"{BOOKINGS}?restaurant=bar")

    form = client.get("/admin/tables/section/add/").context["adminform"].form

    assert form["restaurant"].value() == str(houses[1].pk)
    assert set(form.fields["restaurant"].queryset) == set(houses[:2])


def test_a_person_sees_and_does_in_each_restaurant_what_the_role_there_permits(houses):
    client = member_of(houses[0], role=Role.MANAGER)
    user = houses[0].memberships.get().user
    user.memberships.create(restaurant=houses[1], role=Role.HOST)
    own, looked_at = (TableFactory(restaurant=house, number="X1") for house in houses[:2])
    chosen = {"action": "retire", "_selected_action": [looked_at.pk], "confirmed": "yes"}

    client.post("/admin/tables/table/?restaurant=all", chosen)
    form = client.get("/admin/tables/section/add/").context["adminform"].form

    looked_at.refresh_from_db()
    assert looked_at.status == "active"
    assert client.get(f"/admin/tables/table/{own.pk}/change/").context["has_change_permission"] is True
    assert client.get(f"/admin/tables/table/{looked_at.pk}/change/").context["has_change_permission"] is False
    assert client.post(f"/admin/tables/table/{looked_at.pk}/delete/", {"post": "yes"}).status_code == 403
    assert list(form.fields["restaurant"].queryset) == [houses[0]]


def test_who_only_looks_in_one_restaurant_seats_nobody_there(houses):
    client = member_of(houses[0], role=Role.HOST)
    houses[0].memberships.get().user.memberships.create(restaurant=houses[1], role=Role.ENGINEER)
    booking = BookingFactory(restaurant=houses[1])

    assert client.get(f"{BOOKINGS}{booking.pk}/arrive/").status_code == 404
    assert client.get(f"{WALK_IN}?restaurant=bar").status_code == 403
    assert client.get(f"{WALK_IN}?restaurant=bistro").status_code == 200


def test_the_timeline_is_of_the_restaurant_that_is_looked_at(houses):
    client = member_of(*houses[:2], role=Role.HOST)

    evening = client.get(f"/admin/timeline/{houses[1].slug}/", follow=True)
    assert client.session["restaurant"] == houses[1].slug
    links = {choice["title"]: choice["link"] for choice in list_choices(evening.wsgi_request)}
    assert links == {
        "All restaurants": "/admin/timeline/?restaurant=all",
        houses[0].name: f"/admin/timeline/{houses[0].slug}/",
        houses[1].name: f"/admin/timeline/{houses[1].slug}/",
    }
    assert client.get("/admin/timeline/").url == "/admin/timeline/?restaurant=bar"
    assert "Bistro" in text_of(client.get("/admin/timeline/?restaurant=all"))
    assert client.session["restaurant"] == ""
