"""Bookings are found by what a person types, however it is written."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.models import Booking
from bookings.selectors import search
from bookings.selectors.search import search_bookings
from tables.models import Restaurant
from tests.helpers.admin_screens import text_of
from tests.helpers.factories import BookingFactory, days_ahead

pytestmark = pytest.mark.django_db

ADA = {"guest_name": "Ada Lovelace", "guest_email": "ada@example.com", "guest_phone": "+442079460999"}
OTHER = {"guest_name": "Grace Hopper", "guest_email": "grace@example.org", "guest_phone": "+351210000000"}


def found_by(term: str) -> list[str]:
    return sorted(search_bookings(Booking.objects.all(), term).values_list("guest_name", flat=True))


def book(**guest: Any) -> Booking:
    booking: Booking = BookingFactory(**{**ADA, **guest})
    return booking


@pytest.mark.parametrize(
    "term",
    [
        "+44 (0)20 7946 0999",
        "tel:+442079460999",
        "tel:+44-20-7946-0999",
        "+442079460999",
        "0044 20 7946 0999",
        "020 7946 0999",
        "(020) 7946-0999",
        "7946 0999",
        "0999",
        "999",
        "\uff0b\uff14\uff14 20 7946 0999",
        "\u202a+44 20 7946 0999\u202c",
    ],
)
def test_a_phone_number_is_found_however_it_is_written(term: str) -> None:
    book()
    book(**OTHER)

    assert found_by(term) == ["Ada Lovelace"]


@pytest.mark.parametrize(
    ("stored", "zone", "term"),
    [
        ("+525512345678", "Europe/London", "+52 1 55 1234 5678"),
        ("+525512345678", "America/Mexico_City", "044 55 1234 5678"),
        ("+5491123456789", "America/Buenos_Aires", "011 15 2345 6789"),
        ("+442079460018;ext=12", "Europe/London", "020 7946 0018 x12"),
        ("+442079460018;ext=12", "Europe/London", "020 7946 0018"),
        ("+442079460018;ext=12", "Europe/London", "0018 ext. 12"),
    ],
)
def test_a_number_is_found_as_the_guest_wrote_it(stored: str, zone: str, term: str) -> None:
    book(guest_phone=stored)
    book(**OTHER)
    Restaurant.objects.update(timezone=zone)

    assert found_by(term) == ["Ada Lovelace"]


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("Nguy\u1ec5n Th\u1ecb", "Nguyen"),
        ("Nguyen Thi", "Nguy\u1ec5n"),
        ("Nguy\u1ec5n Th\u1ecb", "Nguye\u0302\u0303n"),
        ("Nguye\u0302\u0303n", "nguy\u1ec5n"),
        ("\u0110\u1ed7 M\u01b0\u1eddi", "do muoi"),
        ("\u0141ukasz S\u00f8rensen", "lukasz sorensen"),
        ("Hei\u00df", "HEISS"),
        ("\u00c6gir", "aegir"),
        ("O\u2019Brien", "o'brien"),
        ("O'Brien", "OBrien"),
        ("Jean-Luc Picard", "jean luc"),
        ("Ada Lovelace", "LOVELACE, ada"),
        ("\u0418\u0432\u0430\u043d\u043e\u0432", "\u0438\u0432\u0430\u043d\u043e\u0432"),
        ("\u674e\u5c0f\u9f99", "\u674e\u5c0f"),
        ("\u0645\u064f\u062d\u0645\u062f", "\u0645\u062d\u0645\u062f"),
        ("Li Bo", "li"),
        ("Guest 4711", "4711"),
        ("100% _Ada_", "100% _ada_"),
        ("a\\b", "a\\b"),
        ("-", "-"),
    ],
)
def test_a_name_is_found_without_its_accents_and_case(name: str, term: str) -> None:
    book(guest_name=name, guest_email="")
    book(**OTHER)

    assert found_by(term) == [name]


def test_a_booking_is_found_by_reference_and_email() -> None:
    # The end of one of digits alone might also be the end of somebody's phone number.
    booking = book(reference="K7QM9XRTWA")
    book(**OTHER)

    assert found_by(booking.reference) == ["Ada Lovelace"]
    assert found_by(booking.reference.lower()[2:]) == ["Ada Lovelace"]
    assert found_by("ADA@example") == ["Ada Lovelace"]
    assert found_by("ada 0999") == ["Ada Lovelace"]


@pytest.mark.parametrize("term", ["\x00", "%", "_", "\\", "'", "+", "x" * 5000, "\ud800", "ada grace", "00000000"])
def test_what_nobody_is_called_finds_nobody(term: str) -> None:
    book()
    book(**OTHER)

    assert found_by(term) in ([], ["Ada Lovelace", "Grace Hopper"])


def test_the_list_of_the_staff_searches_so(admin_client: Client) -> None:
    book(guest_name="Nguy\u1ec5n")
    book(**OTHER)

    page: Any = admin_client.get("/admin/bookings/booking/", {"q": "nguyen"})

    assert [booking.guest_name for booking in page.context["cl"].result_list] == ["Nguy\u1ec5n"]


@pytest.mark.parametrize("term", ["nguyen", "020 7946 0999", "0999", "\u0438\u0432\u0430\u043d\u043e\u0432", "li"])
def test_at_size_no_search_reads_all_bookings(term: str) -> None:
    book()
    _multiply(20_000)

    plan = search_bookings(Booking.objects.all(), term).explain()

    assert "booking_search" in plan
    assert "Seq Scan" not in plan


def test_of_a_name_that_thousands_share_the_latest_are_read_once_and_no_others(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_FOUND", 2)
    first = book(guest_name="Ann Smith")
    days = [
        first,
        *(book(guest_name="Bob Smith", business_date=first.business_date + timedelta(day)) for day in (1, 2)),
    ]
    book(**OTHER)

    with CaptureQueriesContext(connection) as queries:
        page: Any = admin_client.get("/admin/bookings/booking/", {"q": "smith"})

    assert [booking.pk for booking in page.context["cl"].result_list] == [booking.pk for booking in days[1:]]
    assert "More than 300 bookings match: those of the latest dates are shown." in text_of(page)
    assert sum("booking_search_name" in query["sql"] for query in queries) == 1
    few: Any = admin_client.get("/admin/bookings/booking/", {"q": "bob"})
    assert few.context["cl"].result_count == 2
    assert "bookings match" not in text_of(few)


def test_in_one_restaurant_the_latest_of_a_shared_name_are_met_on_the_way_back_from_the_last_date() -> None:
    house = book(guest_name="Smith").restaurant
    _multiply(20_000)
    latest = search_bookings(Booking.objects.filter(restaurant=house), "guest").order_by(
        "-business_date", "-starts_at", "-pk"
    )

    plan = latest.values_list("pk")[:300].explain()

    assert "Index Scan Backward using booking_by_date" in plan
    assert "Seq Scan" not in plan


def test_over_all_restaurants_the_latest_of_a_shared_name_are_met_on_the_way_back_too() -> None:
    book(guest_name="Smith")
    _multiply(20_000)
    latest = search_bookings(Booking.objects.all(), "guest").order_by("-business_date", "-starts_at", "-pk")

    plan = latest.values_list("pk")[:300].explain()

    assert "Index Scan Backward using booking_by_start" in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize(
    ("term", "index"), [("guest", "Index Scan Backward using booking_by_start"), ("lovelace", "booking_search")]
)
def test_at_size_the_palette_reads_not_all_bookings(admin_client: Client, term: str, index: str) -> None:
    # None is to come: the palette looks at those, then at the ones that are over.
    house = book(business_date=days_ahead(-3)).restaurant
    _multiply(20_000)

    with CaptureQueriesContext(connection) as queries:
        admin_client.get("/admin/search/", {"s": term, "restaurant": house.slug})
    plans = [_plan_of(query["sql"]) for query in queries if "booking_search_name" in query["sql"]]

    assert len(plans) == 2
    assert index in plans[-1]
    assert not any("Seq Scan on bookings_booking" in plan for plan in plans)


def _plan_of(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + sql.replace("%", "%%"), ())
        return "\n".join(line for (line,) in cursor.fetchall())


def _multiply(count: int) -> None:
    """Copy the one booking, each copy with a name, number and reference of its own, on a thousand dates."""
    own = {
        "public_id": "gen_random_uuid()",
        "reference": "'R' || lpad(number::text, 9, '0')",
        "business_date": "business_date - number % 1000",
        "starts_at": "starts_at - number % 1000 * interval '1 day'",
        "guest_name": "'Guest ' || md5(number::text)",
        "guest_email": "md5(number::text) || '@example.com'",
        "guest_phone": "'+4420' || lpad((number * 7)::text, 8, '1')",
    }
    columns = [field.column for field in Booking._meta.concrete_fields if not field.primary_key]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO bookings_booking ({', '.join(columns)})"  # noqa: S608 - names of our own
            f" SELECT {', '.join(own.get(column, column) for column in columns)}"
            f" FROM bookings_booking, generate_series(1, {count}) AS number"
        )
        # As autovacuum would: what waits to be sorted in, more or less after other tests, tells on the plan.
        cursor.execute("SELECT gin_clean_pending_list('booking_search')")
        cursor.execute("ANALYZE bookings_booking")
