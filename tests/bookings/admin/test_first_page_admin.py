"""The first page of the admin, its sidebar and its way in."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from bookings.choices import Role
from bookings.models import AuditRun, CapacityOverride
from capacity.models import ServiceDay
from tests.helpers.admin_screens import client_with, count_queries, member_of, text_of
from tests.helpers.factories import (
    PASSWORD,
    CapacityRuleFactory,
    RestaurantFactory,
    UserFactory,
    materialize,
    open_restaurant,
)

pytestmark = pytest.mark.django_db(transaction=True)

FIRST_PAGE = "/admin/"


def audit(minutes_ago, **values):
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return AuditRun.objects.create(started_at=at, finished_at=at, **({"has_overbooking": False} | values))


def today_in(restaurant):
    return datetime.now(UTC).astimezone(restaurant.zone).date()


def test_a_restaurant_shows_its_services_with_covers_parties_and_percent(admin_client):
    house = open_restaurant(name="Bistro")
    CapacityRuleFactory(restaurant=house, max_covers=80, max_parties=30)
    materialize(house, today_in(house))
    ServiceDay.objects.update(booked_covers=30, booked_parties=8)

    page = text_of(admin_client.get(FIRST_PAGE))

    assert "Bistro" in page
    assert "Dinner 17:00 to 23:00 30 / 80 8 / 30 38 %" in page
    assert "Configure capacity rules" not in page


def over_by_three():
    """Make a house whose dinner has three covers above its limit."""
    house = open_restaurant(slug="bistro")
    CapacityRuleFactory(restaurant=house, max_covers=20)
    materialize(house, today_in(house))
    ServiceDay.objects.update(booked_covers=23, excess_covers=3)
    return ServiceDay.objects.get()


def test_an_overbooked_service_stands_in_red_with_ways_to_see_and_to_resolve_it(admin_client):
    day = over_by_three()

    page = admin_client.get(FIRST_PAGE)

    said = "Dinner: covers per service 23 of 20, 3 overbooked"
    assert f"Overbooked. {said}. View : {said} · Resolve : {said}" in text_of(page)
    first_slot = f"{day.starts_at:%Y-%m-%dT%H%%3A%M%%3A%SZ}"
    assert (
        f"/admin/capacity/bookingslot/heatmap/?restaurant=bistro&amp;date={day.business_date}" in page.content.decode()
    )
    assert f"slot={first_slot}#slot" in page.content.decode()
    assert f'href="/admin/timeline/bistro/{day.business_date}/"' in page.content.decode()


def test_a_service_over_its_limit_says_that_somebody_has_authorised_it(admin_client):
    day = over_by_three()
    CapacityOverride.objects.create(
        restaurant=day.restaurant, service_day=day, limit="SERVICE_COVERS", amount=3, source="staff", reason="a friend"
    )

    page = text_of(admin_client.get(FIRST_PAGE))

    assert "23 / 20 3 over the limit, authorised" in page
    assert "Over the limit. Dinner: covers per service 23 of 20, 3 over the limit, authorised. View" in page
    assert "verbooked" not in page


def test_nothing_stands_in_red_where_no_limit_is_passed(admin_client):
    open_restaurant()

    assert "today-alarm" not in admin_client.get(FIRST_PAGE).content.decode()


def test_a_restaurant_without_a_limit_leads_to_the_rules(admin_client):
    house = open_restaurant()

    page = admin_client.get(FIRST_PAGE)

    assert "No rule limits the covers of a service. Configure capacity rules" in text_of(page)
    assert f'href="/admin/capacity/capacityrule/add/?restaurant={house.pk}"' in page.content.decode()


def test_one_period_without_a_limit_leads_to_a_rule_for_it(admin_client):
    house = open_restaurant()
    dinner = house.service_periods.get()
    CapacityRuleFactory(restaurant=house, service_period=dinner, max_covers=20)
    dinner.pk, dinner.name, dinner.on_date = None, "Gala", today_in(house) + timedelta(days=9)
    dinner.save()

    page = admin_client.get(FIRST_PAGE)
    link = f"/admin/capacity/capacityrule/add/?restaurant={house.pk}&amp;service_period={dinner.pk}"
    form = admin_client.get(link.replace("&amp;", "&")).context["adminform"].form

    assert f'href="{link}"' in page.content.decode()
    assert "No limit on covers at Gala : Configure capacity rules" in text_of(page)
    assert (form["restaurant"].value(), form["service_period"].value()) == (str(house.pk), str(dinner.pk))


def test_a_restaurant_without_periods_leads_to_them(admin_client):
    house = RestaurantFactory()

    page = admin_client.get(FIRST_PAGE)

    assert "No service periods yet. Add one" in text_of(page)
    assert f'href="/admin/capacity/serviceperiod/add/?restaurant={house.pk}"' in page.content.decode()


def test_shadow_mode_names_what_decides(admin_client):
    RestaurantFactory(enforcement="shadow")

    page = text_of(admin_client.get(FIRST_PAGE))

    assert "Limits are recorded, not enforced: the restaurant is set to shadow." in page


@pytest.mark.parametrize(
    ("run", "banner"),
    [
        ({"minutes_ago": 3}, "No overbooking in the audit of all restaurants 3 minutes ago."),
        (
            {"minutes_ago": 3, "has_overbooking": True, "overbookings": 2},
            "Overbooking. The audit of all restaurants 3 minutes ago found 2 overbookings. See which",
        ),
        (
            {"minutes_ago": 61, "problems": 1},
            "No overbooking, but the audit of all restaurants 1 hour, 1 minute ago found 1 problem. See which",
        ),
        (
            {"minutes_ago": 25 * 60},
            "No overbooking in the audit of all restaurants 1 day, 1 hour ago: that is long ago,",
        ),
    ],
)
def test_the_banner_says_what_the_auditor_found_and_when(admin_client, run, banner):
    audit(**run)

    assert banner in text_of(admin_client.get(FIRST_PAGE)).replace("\xa0", " ")


def test_without_an_audit_the_banner_says_how_to_run_one(admin_client):
    assert "Not audited yet: manage.py audit_capacity" in text_of(admin_client.get(FIRST_PAGE))


def test_it_takes_as_many_queries_for_five_restaurants_as_for_one(admin_client):
    materialize(open_restaurant(), today_in(open_restaurant()))
    few = count_queries(admin_client, FIRST_PAGE)

    for _ in range(4):
        house = open_restaurant()
        materialize(house, today_in(house))

    assert count_queries(admin_client, FIRST_PAGE) == few


def test_who_may_not_see_service_days_sees_no_covers():
    open_restaurant(name="Bistro")

    assert "Dinner" not in text_of(client_with("bookings.view_booking").get(FIRST_PAGE))
    assert "Dinner" in text_of(client_with("capacity.view_serviceday").get(FIRST_PAGE))


def test_who_may_not_write_rules_is_not_led_to_them():
    open_restaurant()

    page = text_of(client_with("capacity.view_serviceday").get(FIRST_PAGE))

    assert "No rule limits the covers of a service." in page
    assert "Configure capacity rules" not in page


def links_in(page):
    return set(re.findall(r'href="/admin/(\w+/\w+|rollout)/"', page.content.decode()))


def groups_of(client):
    """Return the titles of the sidebar by heading, and whether a group is closed until somebody opens it."""
    groups = client.get(FIRST_PAGE).context["sidebar_navigation"]
    return {
        group.get("title", "always there"): [item["title"] for item in group["items"]]
        for group in groups
        if group.get("collapsible") or "title" not in group
    }


def test_a_host_has_five_entries_and_the_rest_a_click_away():
    house = open_restaurant()

    assert groups_of(member_of(house, role=Role.HOST)) == {
        "always there": ["Today", "Timeline", "Floor plan", "Bookings", "To be decided"],
        "Oversight": ["Heatmap", "Online pauses", "Service days", "Slots"],
        "Settings": ["Tables", "Blocks"],
    }


def test_a_manager_has_the_same_five_and_more_groups():
    groups = groups_of(member_of(open_restaurant(), role=Role.MANAGER))

    assert groups["always there"] == ["Today", "Timeline", "Floor plan", "Bookings", "To be decided"]
    assert set(groups) == {"always there", "Oversight", "Settings"}
    assert "Reports" in groups["Oversight"]
    assert "Capacity rules" in groups["Settings"]


def test_the_group_of_the_present_page_is_open(admin_client):
    open_restaurant()

    page = admin_client.get("/admin/capacity/closure/").content.decode()

    assert page.count("<details") == 3
    assert len(re.findall(r"<details[^>]* open>\s*<summary[^>]*>Settings<", page)) == 1
    assert len(re.findall(r"<details[^>]* open>", page)) == 1


def test_the_sidebar_offers_what_the_user_may_see_and_all_of_it_opens(admin_client):
    every = links_in(admin_client.get(FIRST_PAGE))

    assert links_in(client_with("bookings.view_booking").get(FIRST_PAGE)) == {"bookings/booking"}
    assert len(every) == 22
    assert {link: admin_client.get(f"/admin/{link}/", follow=True).status_code for link in every} == dict.fromkeys(
        every, 200
    )


def test_signing_in_leads_to_the_first_page():
    UserFactory(username="ops", is_staff=True)

    page = Client().post("/admin/login/", {"username": "ops", "password": PASSWORD}, follow=True)

    assert page.redirect_chain == [(FIRST_PAGE, 302)]


def test_nobody_sees_anything_without_signing_in():
    assert Client().get(FIRST_PAGE)["Location"] == "/admin/login/?next=/admin/"


@pytest.mark.parametrize(
    "path", ["auth/user/", "auth/user/add/", "auth/user/{pk}/change/", "auth/group/", "auth/group/add/"]
)
def test_users_and_groups_have_the_look_of_the_rest(admin_client, admin_user, path):
    page = admin_client.get(f"/admin/{path.format(pk=admin_user.pk)}")

    assert page.status_code == 200
    assert "unfold/css/styles.css" in page.content.decode()


@pytest.mark.parametrize(
    ("address", "entry"),
    [
        ("/admin/", "Today"),
        ("/admin/bookings/booking/", "Bookings"),
        ("/admin/bookings/booking/telephone/", "Bookings"),
        ("/admin/bookings/booking/?decision=to_be_decided", "To be decided"),
        ("/admin/capacity/bookingslot/heatmap/", "Heatmap"),
        ("/admin/capacity/bookingslot/", "Slots"),
    ],
)
def test_one_entry_is_that_of_the_present_page(admin_client: Client, address: str, entry: str) -> None:
    open_restaurant()

    groups = admin_client.get(address).context["sidebar_navigation"]

    assert [item["title"] for group in groups for item in group["items"] if item["active"]] == [entry]
