"""The ledger in the admin: found, read, and nothing to change."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.errors import CapacityExceeded
from bookings.models import Decision
from bookings.services import seat_party
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, text_of
from tests.helpers.dining_room import book, room, room_at_noon
from tests.helpers.factories import CapacityRuleFactory, days_ahead, materialize
from tests.helpers.running_service import due

pytestmark = pytest.mark.django_db(transaction=True)

DECISIONS = "/admin/bookings/decision/"


def limited() -> Restaurant:
    house = room(2, 4, name="Bistro")
    CapacityRuleFactory(restaurant=house, pacing_covers=4)
    materialize(house, days_ahead())
    return house


def page_of(client: Client, decision: Decision) -> str:
    return text_of(client.get(reverse("admin:bookings_decision_change", args=[decision.pk])))


def test_the_list_says_verdict_and_reasons(admin_client: Client) -> None:
    house = limited()
    booking = book(house, party_size=2)
    with pytest.raises(CapacityExceeded):
        book(house, party_size=4)

    shown = text_of(admin_client.get(DECISIONS))

    when = f"{days_ahead():%a %-d %b}, 19:00"
    assert f"Bistro New booking {when} 4 Refused covers starting per slot: 2 of 4, 4 asked -" in shown
    assert f"Bistro New booking {when} 2 Accepted - {booking.reference}" in shown


def test_the_page_names_limits_with_their_rules_and_counters(admin_client: Client) -> None:
    house = limited()
    rule = house.capacity_rules.get()
    book(house, party_size=2)

    shown = page_of(admin_client, Decision.objects.get())

    assert "covers starting per slot: 0, then 2 of 4, by" in shown
    assert f"rule {rule.pk}, version 1" in shown
    assert "T1" in shown
    assert "covers per service" not in shown


def test_a_refusal_shows_what_was_offered_instead(admin_client: Client) -> None:
    house = limited()
    book(house, party_size=2)
    with pytest.raises(CapacityExceeded):
        book(house, party_size=4)
    refused = Decision.objects.get(verdict="refused")

    shown = page_of(admin_client, refused)

    assert refused.alternatives
    assert ", ".join(refused.alternatives) in shown
    assert "covers starting per slot: 2 of 4, by" in shown


def test_a_decision_whose_booking_is_gone_is_still_read(admin_client: Client) -> None:
    booking = book(limited())
    booking.assignments.all().delete()
    booking.events.all().delete()
    type(booking).objects.filter(pk=booking.pk).delete()

    assert "Accepted" in page_of(admin_client, Decision.objects.get())
    assert admin_client.get(DECISIONS).status_code == 200


def test_nothing_can_be_added_changed_or_deleted(admin_client: Client) -> None:
    book(limited())
    row = Decision.objects.get()

    assert admin_client.get(f"{DECISIONS}add/").status_code == 403
    assert admin_client.post(f"{DECISIONS}{row.pk}/change/", {"verdict": "refused"}).status_code == 403
    assert admin_client.post(f"{DECISIONS}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Decision.objects.get().verdict == "accepted"


def test_who_may_not_view_decisions_does_not_see_them() -> None:
    book(limited())

    assert client_with("bookings.view_booking").get(DECISIONS).status_code == 403
    assert client_with("bookings.view_decision").get(DECISIONS).status_code == 200


def test_the_list_takes_the_same_queries_however_many_decisions_there_are(admin_client: Client) -> None:
    house = limited()
    book(house)
    few = count_queries(admin_client, DECISIONS)
    for hour in (17, 18, 20, 21):
        book(house, at=f"{hour}:00")

    assert count_queries(admin_client, DECISIONS) == few


def test_the_list_neither_counts_the_ledger_nor_reads_its_states(admin_client: Client) -> None:
    book(limited())
    with CaptureQueriesContext(connection) as queries:
        admin_client.get(DECISIONS)

    asked = [query["sql"] for query in queries if "bookings_decision" in query["sql"]]
    assert asked
    assert not [sql for sql in asked if "COUNT(" in sql or '"state"' in sql]


def test_a_missing_table_is_said_in_words(admin_client: Client) -> None:
    house = room(2, 4, name="Bistro")
    book(house, party_size=4)
    with pytest.raises(CapacityExceeded):
        book(house, party_size=4)
    with pytest.raises(CapacityExceeded):
        book(house, party_size=8)

    shown = text_of(admin_client.get(DECISIONS))

    assert "Refused no table: none of 1 that suit -" in shown
    assert "Refused no table could ever take it -" in shown


def test_what_was_decided_about_a_party_that_has_come_is_called_by_what_happened(admin_client: Client) -> None:
    house = room_at_noon(2)
    seat_party(booking_id=due(house, -20, "T1").pk)

    shown = page_of(admin_client, Decision.objects.get())

    assert "Seated" in shown
    assert "happening" not in shown
