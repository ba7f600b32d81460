"""Service days and slots in the admin: counters beside limits, and nothing to edit."""

from datetime import UTC, datetime, time, timedelta

import pytest

from capacity.models import BookingSlot, ServiceDay
from tests.helpers.admin_screens import client_with, count_queries, text_of
from tests.helpers.factories import BookingFactory, CapacityRuleFactory, days_ahead, materialize, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = "/admin/capacity/serviceday/"
SLOTS = "/admin/capacity/bookingslot/"
SOON = days_ahead(2)


@pytest.fixture
def day():
    """Dinner on SOON: at most 20 covers, 8 of them starting per slot; 4 are booked at 19:00."""
    restaurant = open_restaurant(name="Bistro")
    CapacityRuleFactory(restaurant=restaurant, max_covers=20, pacing_covers=8)
    (service_day,) = materialize(restaurant, SOON)
    BookingFactory(service_day=service_day, wall_time=time(19), party_size=4)
    return service_day


def test_the_list_shows_booked_beside_the_limit(admin_client, day):
    shown = text_of(admin_client.get(DAYS))

    assert f"{SOON:%a %-d %b %Y} Dinner Bistro 4 / 20 1 / no limit Show" in shown


def test_the_page_of_a_service_day_shows_every_slot_on_the_wall_clock(admin_client, day):
    page = text_of(admin_client.get(f"{DAYS}{day.pk}/change/"))

    assert "18:45 0 / 8 0 / no limit 0 / no limit 0 / no limit" in page.replace("check_small ", "")
    assert "19:00 4 / 8 1 / no limit 4 / no limit 1 / no limit" in page.replace("check_small ", "")
    assert f"{SOON:%a %-d %b %Y}, 17:00 (Europe/London)" in page


def test_an_excess_is_shown_as_authorised(admin_client, day):
    ServiceDay.objects.update(booked_covers=23, excess_covers=3)

    assert "23 / 20 3 over the limit, authorised" in text_of(admin_client.get(DAYS))


def test_the_slot_list_shows_starting_and_present(admin_client, day):
    page = text_of(admin_client.get(f"{SLOTS}?restaurant__id__exact={day.restaurant_id}"))

    assert f"{SOON:%a %-d %b}, 19:00 Dinner, {SOON:%-d %b} Bistro" in page
    assert "4 / 8 1 / no limit 4 / no limit 1 / no limit" in page


@pytest.mark.parametrize("url", [DAYS, SLOTS])
def test_nothing_can_be_added_changed_or_deleted(admin_client, day, url):
    pk = day.pk if url == DAYS else day.slots.first().pk

    assert admin_client.get(f"{url}add/").status_code == 403
    assert admin_client.post(f"{url}{pk}/change/", {"booked_covers": "0"}).status_code == 403
    assert admin_client.post(f"{url}{pk}/delete/", {"post": "yes"}).status_code == 403
    assert "Save" not in text_of(admin_client.get(f"{url}{pk}/change/"))
    day.refresh_from_db()
    assert day.booked_covers == 4


@pytest.mark.parametrize("url", [DAYS, SLOTS])
def test_its_page_stands_for_its_history(admin_client, day, url):
    pk = day.pk if url == DAYS else day.slots.first().pk

    response = admin_client.get(f"{url}{pk}/history/")

    assert response["Location"] == f"{url}{pk}/change/"
    assert f"{url}{pk}/history/" not in admin_client.get(f"{url}{pk}/change/").content.decode()


def move_to(day, business_date):
    """Put a service day and its slots on another date."""
    shift = business_date - day.business_date
    ServiceDay.objects.filter(pk=day.pk).update(
        business_date=business_date, starts_at=day.starts_at + shift, ends_at=day.ends_at + shift
    )


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {0, 2}),
        ("?when=today", {0}),
        ("?when=upcoming", {0, 2}),
        ("?when=past", {-2}),
        ("?when=all", {-2, 0, 2}),
        ("?o=1", {0, 2}),
        ("?restaurant__id__exact={restaurant}", {-2, 0, 2}),
    ],
)
def test_the_list_begins_today_unless_it_is_narrowed(admin_client, day, query, shown):
    today = datetime.now(UTC).astimezone(day.restaurant.zone).date()
    move_to(day, today + timedelta(days=2))
    for offset in (-2, 0):
        (other,) = materialize(open_restaurant(), days_ahead(3))
        move_to(other, today + timedelta(days=offset))
        ServiceDay.objects.filter(pk=other.pk).update(restaurant=day.restaurant)

    page = admin_client.get(f"{DAYS}{query.format(restaurant=day.restaurant_id)}")

    assert {(each.business_date - today).days for each in page.context["cl"].result_list} == shown


def test_the_list_is_narrowed_by_service_period(admin_client, day):
    materialize(open_restaurant(name="Bar"), SOON)

    page = admin_client.get(f"{DAYS}?period={day.service_period_id}")

    assert [each.pk for each in page.context["cl"].result_list] == [day.pk]
    assert "Bar · Dinner" in text_of(page)


@pytest.mark.parametrize("url", [DAYS, SLOTS])
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(admin_client, day, url):
    BookingSlot.objects.exclude(pk__in=day.slots.values("pk")[:2]).delete()
    few = count_queries(admin_client, url)

    for _ in range(4):
        materialize(open_restaurant(), SOON)

    assert count_queries(admin_client, url) == few


def test_the_page_of_a_service_day_takes_no_query_per_slot(admin_client, day):
    many = count_queries(admin_client, f"{DAYS}{day.pk}/change/")

    BookingSlot.objects.exclude(pk__in=day.slots.values("pk")[:2]).delete()

    assert count_queries(admin_client, f"{DAYS}{day.pk}/change/") == many


def test_who_may_not_see_service_days_does_not(day):
    assert client_with("capacity.view_closure").get(DAYS).status_code == 403
    assert client_with("capacity.view_serviceday").get(DAYS).status_code == 200
