"""Bookings, overrides and audit runs in the admin: found, read, cancelled through the use case."""

from datetime import UTC, datetime, time

import pytest

from bookings.models import AuditRun, Booking, CapacityOverride
from bookings.services import GuestDetails, cancel_booking, create_booking_with_capacity_check
from capacity.models import ServiceDay
from tests.helpers.admin_screens import client_with, count_queries, form_of, messages_of, text_of
from tests.helpers.factories import (
    BookingFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    days_ahead,
    materialize,
    open_restaurant,
)

pytestmark = pytest.mark.django_db(transaction=True)

BOOKINGS = "/admin/bookings/booking/"
OVERRIDES = "/admin/bookings/capacityoverride/"
AUDITS = "/admin/bookings/auditrun/"
SOON = days_ahead(2)


@pytest.fixture
def house():
    return open_restaurant(name="Bistro", tables=4)


@pytest.fixture
def booking(house):
    return book(house)


def book(house, **values):
    """Book through the use case."""
    request = {"business_date": SOON, "wall_time": time(19), "party_size": 2} | values
    guest = GuestDetails(name="Ada Lovelace", email="ada@example.com", phone="+442079460000")
    return create_booking_with_capacity_check(restaurant_id=house.pk, guest=guest, **request).booking


def listed(client, query):
    return [booking.reference for booking in client.get(f"{BOOKINGS}{query}").context["cl"].result_list]


def test_the_list_names_guest_party_time_service_status_and_tables(admin_client, booking):
    shown = text_of(admin_client.get(BOOKINGS))

    date = f"{SOON:%a %-d %b %Y}"
    assert f"{booking.reference} Ada Lovelace 2 {date} 19:00 20:30 T1 Confirmed Bistro Dinner" in shown


@pytest.mark.parametrize(
    "term",
    [
        "{reference}",
        "{reference_start}",
        "lovelace",
        "ada@example",
        "+442079460000",
        "020 7946 0000",
        "(020) 7946-0000",
    ],
)
def test_a_booking_is_found_by_reference_name_email_and_phone(admin_client, booking, term):
    other = BookingFactory(guest_name="Grace", guest_email="grace@example.org", guest_phone="+351210000000")
    query = term.format(reference=booking.reference, reference_start=booking.reference[:6])

    found = admin_client.get(BOOKINGS, {"q": query}).context["cl"].result_list

    assert [each.reference for each in found] == [booking.reference]
    assert other.reference != booking.reference


def test_the_list_is_narrowed_by_restaurant_date_status_and_period(admin_client, house):
    dinner = book(house)
    lunch_period = ServicePeriodFactory(
        restaurant=house, name="Lunch", start_time=time(12), last_seating=time(14), end_time=time(15)
    )
    lunch = book(house, wall_time=time(12), business_date=days_ahead(3))
    elsewhere = BookingFactory(restaurant=open_restaurant(), business_date=SOON)
    cancel_booking(booking_id=lunch.pk, actor=None)

    assert listed(admin_client, f"?restaurant__id__exact={elsewhere.restaurant_id}") == [elsewhere.reference]
    assert listed(admin_client, f"?business_date_from={days_ahead(3):%d/%m/%Y}") == [lunch.reference]
    assert listed(admin_client, "?status__exact=cancelled") == [lunch.reference]
    assert listed(admin_client, f"?period={lunch_period.pk}") == [lunch.reference]
    assert listed(admin_client, f"?service_day__id__exact={dinner.service_day_id}") == [dinner.reference]


def test_a_past_booking_is_out_of_the_way_but_found(admin_client, booking):
    Booking.objects.update(business_date="2020-01-01")

    assert listed(admin_client, "") == []
    assert listed(admin_client, f"?q={booking.reference}") == [booking.reference]


def test_the_page_shows_the_booking_its_tables_and_its_history(admin_client, admin_user, booking):
    cancel_booking(booking_id=book(booking.restaurant, wall_time=time(20)).pk, actor=admin_user)
    cancelled = Booking.objects.get(status="cancelled")

    page = text_of(admin_client.get(f"{BOOKINGS}{booking.pk}/change/"))
    history = text_of(admin_client.get(f"{BOOKINGS}{cancelled.pk}/change/"))

    assert "19:00 to 20:30 (Europe/London)" in page
    assert "+442079460000" in page
    assert "Tables" in page
    assert "T1" in page
    assert "Cancel booking" in page
    assert "Cancelled admin Confirmed Cancelled" in history
    assert "Cancel booking" not in history


def test_nothing_of_a_booking_is_edited_by_hand(admin_client, booking):
    url = f"{BOOKINGS}{booking.pk}/"

    assert admin_client.post(f"{url}change/", {"party_size": "20"}).status_code == 403
    assert admin_client.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{BOOKINGS}add/").status_code == 403
    assert admin_client.get(f"{url}history/")["Location"] == f"{url}change/"
    booking.refresh_from_db()
    assert booking.party_size == 2


def test_a_booking_is_cancelled_after_a_question(admin_client, admin_user, booking):
    url = f"{BOOKINGS}{booking.pk}/cancel/"
    question = admin_client.get(url)
    assert "Cancel this booking?" in text_of(question)
    assert Booking.objects.get().status == "confirmed"

    page = admin_client.post(url, form_of(question), follow=True)

    booking.refresh_from_db()
    assert messages_of(page) == [f"Booking {booking.reference} is cancelled. Its covers and tables are free."]
    assert (booking.status, booking.assignments.count()) == ("cancelled", 0)
    assert booking.events.get(kind="cancelled").actor == admin_user
    assert ServiceDay.objects.get(pk=booking.service_day_id).booked_covers == 0


def test_a_double_click_cancels_once(admin_client, booking):
    url = f"{BOOKINGS}{booking.pk}/cancel/"
    question = form_of(admin_client.get(url))

    first, second = admin_client.post(url, question), admin_client.post(url, question)

    assert (first.status_code, second.status_code) == (302, 302)
    booking.refresh_from_db()
    assert (booking.version, booking.events.filter(kind="cancelled").count()) == (2, 1)
    assert ServiceDay.objects.get(pk=booking.service_day_id).booked_parties == 0


@pytest.mark.parametrize("status", ["seated", "completed", "no_show"])
def test_what_cannot_be_cancelled_says_so_and_stays(admin_client, booking, status):
    Booking.objects.update(status=status)
    url = f"{BOOKINGS}{booking.pk}/cancel/"

    question = admin_client.get(url)
    page = admin_client.post(url, {"expected_version": "1"})

    booking.refresh_from_db()
    assert booking.status == status
    said = f"“Cancel booking” is not possible now: this booking is {booking.get_status_display().lower()}"
    assert said in text_of(question)
    assert "Cancel the booking" not in text_of(question)
    assert f"A {status} booking cannot become cancelled." in text_of(page)


def test_a_question_about_an_older_state_is_refused(admin_client, booking):
    url = f"{BOOKINGS}{booking.pk}/cancel/"
    question = form_of(admin_client.get(url))
    Booking.objects.update(version=7)

    page = admin_client.post(url, question)

    assert "Somebody changed this booking after you looked at it, so nothing was done." in text_of(page)
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_only_who_may_change_bookings_may_cancel(booking):
    url = f"{BOOKINGS}{booking.pk}/"
    looking = client_with("bookings.view_booking")
    changing = client_with("bookings.view_booking", "bookings.change_booking")

    assert "Cancel booking" not in text_of(looking.get(f"{url}change/"))
    assert looking.get(f"{url}cancel/").status_code == 403
    assert looking.post(f"{url}cancel/", {"expected_version": "1"}).status_code == 403
    assert client_with().get(BOOKINGS).status_code == 403
    assert "Cancel booking" in text_of(changing.get(f"{url}change/"))
    assert changing.post(f"{url}cancel/", {"expected_version": "1"}).status_code == 302
    booking.refresh_from_db()
    assert booking.status == "cancelled"


def test_a_booking_that_is_not_there_is_404(admin_client):
    assert admin_client.get(f"{BOOKINGS}999/cancel/").status_code == 404


def test_the_list_takes_no_query_per_booking(admin_client, house):
    for _ in range(2):
        book(house)
    few = count_queries(admin_client, BOOKINGS)

    for wall_time in (time(17), time(21)):
        for _ in range(4):
            book(house, wall_time=wall_time)
    BookingFactory(restaurant=open_restaurant(), business_date=SOON)

    assert count_queries(admin_client, BOOKINGS) == few


def test_overrides_name_limit_amount_and_reason(admin_client, booking, django_assert_max_num_queries):
    def authorise(limit, slot):
        CapacityOverride.objects.create(
            restaurant=booking.restaurant,
            service_day=booking.service_day,
            booking=booking,
            slot_starts_at=slot,
            limit=limit,
            amount=3,
            source="shadow",
            reason="Shadow mode waives limits",
        )

    authorise("SERVICE_COVERS", None)
    few = count_queries(admin_client, OVERRIDES)
    authorise("PACING_PARTIES", booking.starts_at)

    shown = text_of(admin_client.get(OVERRIDES))
    service = f"Bistro Dinner, {SOON:%-d %b %Y}"
    assert f"{service} whole service covers per service 3 Shadow mode" in shown
    assert f"{service} 19:00 parties starting per slot 3 Shadow mode" in shown
    assert count_queries(admin_client, OVERRIDES) == few
    pk = CapacityOverride.objects.first().pk
    assert admin_client.get(f"{OVERRIDES}{pk}/change/").status_code == 200
    assert admin_client.post(f"{OVERRIDES}{pk}/change/", {"amount": "1"}).status_code == 403


def test_an_audit_run_shows_its_findings_with_the_bookings(admin_client, booking):
    finding = {
        "restaurant": "bistro",
        "kind": "table",
        "message": "T1 is taken twice",
        "bookings": [{"id": booking.pk, "reference": booking.reference, "partySize": 2}],
    }
    run = AuditRun.objects.create(
        started_at=datetime.now(UTC),
        finished_at=datetime.now(UTC),
        restaurant=RestaurantFactory(name="Bar"),
        has_overbooking=True,
        overbookings=1,
        report={"overbookings": [finding]},
    )

    page = admin_client.get(f"{AUDITS}{run.pk}/change/")

    assert f"bistro: T1 is taken twice {booking.reference}" in text_of(page)
    assert f"/admin/bookings/booking/{booking.pk}/change/" in page.content.decode()
    assert "overbooked" in text_of(admin_client.get(AUDITS))


def test_a_booking_without_table_or_history_reads_like_any_other(admin_client):
    old = BookingFactory(service_day=materialize(open_restaurant(), SOON)[0])

    assert old.reference in text_of(admin_client.get(BOOKINGS))
    assert old.guest_name in text_of(admin_client.get(f"{BOOKINGS}{old.pk}/change/"))
