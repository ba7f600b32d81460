"""The page of a rollout report: what it says, where it leads, and who may see it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from bookings.insight.audit.keeping import audit_capacity
from bookings.services import add_rollout_note, set_restaurant_mode
from capacity.past import clock_at
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, text_of
from tests.helpers.dining_room import book, room
from tests.helpers.factories import CapacityRuleFactory, TableFactory, TurnTimeFactory, materialize

pytestmark = pytest.mark.django_db(transaction=True)

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


def at(wall: str, on: date = YESTERDAY) -> datetime:
    return datetime.combine(on, time.fromisoformat(wall), UTC)


@pytest.fixture
def house() -> Restaurant:
    """A house in shadow that took two more yesterday at one than its pacing allows."""
    house = room(4, 4, name="Bistro", enforcement="shadow")
    house.service_periods.update(start_time=time(12), last_seating=time(18), end_time=time(20))
    CapacityRuleFactory(restaurant=house, max_covers=None, pacing_covers=4)
    materialize(house, YESTERDAY)
    with clock_at(at("09:00")):
        book(house, "13:00", 4, business_date=YESTERDAY)
        book(house, "13:00", 2, business_date=YESTERDAY)
    return house


def address(house: Restaurant) -> str:
    return reverse("admin:tables_restaurant_rollout_report", args=[house.pk])


def test_the_page_says_what_to_do_and_what_was_seen(admin_client: Client, house: Restaurant) -> None:
    audit_capacity(from_date=YESTERDAY)

    shown = text_of(admin_client.get(address(house)))

    assert "WAIT Bistro is in shadow 13 more days with decisions in shadow mode, 14 in all" in shown
    assert "Accepted Shadow 1 4 Would be refused, waived Shadow 1 2 Web 2" in shown
    assert "PACING_COVERS covers starting per slot : 1 request, 2 covers 1 proved right" in shown
    assert (
        "The auditor found no overbooking. Shadow mode: 2 covers above the limit of covers starting per slot" in shown
    )


def test_each_setting_leads_to_where_it_is_changed(admin_client: Client, house: Restaurant) -> None:
    house.turn_times.all().delete()
    TurnTimeFactory(restaurant=house, up_to=4)
    idle = TableFactory(restaurant=house, number="T9", capacity=12, min_party_size=10, audience=["online"])
    rule = house.capacity_rules.get()

    page = admin_client.get(address(house)).content.decode()

    assert f'href="/admin/capacity/capacityrule/{rule.pk}/change/"' in page
    assert f'href="/admin/capacity/turntime/add/?restaurant={house.pk}"' in page
    assert f'href="/admin/tables/table/{idle.pk}/change/"' in page


def test_the_page_of_the_restaurant_leads_to_the_report(admin_client: Client, house: Restaurant) -> None:
    page = admin_client.get(reverse("admin:tables_restaurant_change", args=[house.pk])).content.decode()

    assert f'href="{address(house)}"' in page


def test_the_page_of_the_rollout_leads_to_the_report(admin_client: Client, house: Restaurant) -> None:
    assert f'href="{address(house)}"' in admin_client.get(reverse("rollout:page")).content.decode()


def test_who_may_see_decisions_sees_the_report_without_the_ways_to_settings(house: Restaurant) -> None:
    viewer = client_with("tables.view_restaurant", "bookings.view_decision")

    answer = viewer.get(address(house))

    assert answer.status_code == 200
    assert "capacityrule" not in answer.content.decode()
    assert address(house) in viewer.get(reverse("admin:tables_restaurant_change", args=[house.pk])).content.decode()


def test_notes_and_reasons_are_for_owners_and_numbers_for_all(admin_client: Client, house: Restaurant) -> None:
    set_restaurant_mode(restaurant_id=house.pk, mode="enforce", reason="Ready at last", label="ada")
    add_rollout_note(restaurant_id=house.pk, tickets=3, text="No table at one", label="grace")

    owner = text_of(admin_client.get(address(house)))
    viewer = text_of(client_with("tables.view_restaurant", "bookings.view_decision").get(address(house)))

    for words in ("Ready at last", "No table at one", "by ada", "(grace)"):
        assert words in owner
        assert words not in viewer
    assert "Support: 3 tickets" in viewer
    assert "this restaurant: shadow → enforce" in viewer


def test_who_may_not_see_decisions_sees_no_report_and_no_way_to_it(house: Restaurant) -> None:
    other = client_with("tables.view_restaurant", "tables.change_restaurant")

    assert other.get(address(house)).status_code == 403
    assert address(house) not in other.get(reverse("admin:tables_restaurant_change", args=[house.pk])).content.decode()


def test_who_is_not_signed_in_is_asked_to(client: Client, house: Restaurant) -> None:
    assert client.get(address(house)).status_code == 302


def test_an_unknown_restaurant_has_no_page(admin_client: Client) -> None:
    assert admin_client.get("/admin/tables/restaurant/0/rollout-report/").status_code == 404


@pytest.mark.parametrize(("asked", "days"), [("7", 7), ("366", 366), ("", 30), ("0", 30), ("367", 30), ("²", 30)])
def test_the_span_is_of_the_address_where_it_makes_sense(
    admin_client: Client, house: Restaurant, asked: str, days: int
) -> None:
    report = admin_client.get(address(house), {"days": asked}).context["report"]

    assert (report.period.last - report.period.first).days == days - 1


def test_the_report_of_a_restaurant_that_enforces_says_so(admin_client: Client, house: Restaurant) -> None:
    set_restaurant_mode(restaurant_id=house.pk, mode="enforce", reason="Ready", label="ada")

    shown = text_of(admin_client.get(address(house)))

    assert "KEEP Bistro enforces its limits So far: 14 more days with decisions, 14 in all" in shown
    assert "this restaurant: shadow → enforce by ada: Ready" in shown
