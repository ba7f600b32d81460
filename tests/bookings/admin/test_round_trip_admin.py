"""What the admin saves a file can say: exported and imported again it is the same; what no file can say is refused."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from capacity.models import Closure, ServicePeriod
from tables.models import Restaurant, TableBlock
from tests.helpers.admin_screens import form_of, text_of
from tests.helpers.factories import BookingFactory, TableFactory, days_ahead, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "x" * 200
ADMIN = "/admin/"
NUMBER = "999999999"


def add(client: Client, model: str, **values: Any) -> Any:
    url = f"{ADMIN}{model}/add/"
    return client.post(url, form_of(client.get(url)) | values)


def saved(client: Client, model: str, **values: Any) -> None:
    page = add(client, model, **values)
    assert page.status_code == 302, text_of(page)


def test_everything_that_the_admin_saves_is_exported_and_imported_again_the_same(
    admin_client: Client, tmp_path: Path
) -> None:
    saved(
        admin_client,
        "tables/restaurant",
        name="Café “No. 1”: #yes, {all} & more",
        slug="no",
        timezone="US/Eastern",
        active="on",
        phone="+1 212 555 0100",
        email="no@example.com",
        address="1, The Street",
        slot_minutes="240",
        party_size_min="1",
        party_size_max="1000",
        min_notice_minutes=NUMBER,
        max_days_ahead="32767",
        cancel_cutoff_minutes=NUMBER,
        grace_minutes="32767",
        buffer_minutes="240",
        reseat_freeze_minutes="1440",
        enforcement="shadow",
        beta_partner="on",
        shows_tables="on",
    )
    saved(admin_client, "tables/section", name="null", position="7")
    saved(admin_client, "tables/section", name="08:30", position="7")
    section = str(Restaurant.objects.get().sections.get(name="null").pk)
    for number in ("1", "T 2"):
        saved(
            admin_client,
            "tables/table",
            number=number,
            section=section,
            capacity="1000",
            min_party_size="1",
            max_party_size="1000",
            priority="-32768",
            seating_type="patio",
            status="out_of_service",
            audience=["walk_in"],
            x="-1000000",
            y="1000000",
            shape="round",
            width="20",
            depth="2000",
            rotation="359",
        )
    tables = [str(table.pk) for table in Restaurant.objects.get().tables.all()]
    saved(admin_client, "tables/tablecombination", tables=tables, min_party_size="1", max_party_size="1000")
    hours = {"start_time": "18:00", "last_seating": "01:00", "end_time": "02:00"}
    days = [str(day) for day in range(1, 8)]
    years = {"valid_from": "2000-01-01", "valid_to": "2100-12-31"}
    saved(admin_client, "capacity/serviceperiod", name="yes", seating_mode="covers", weekdays=days, **years, **hours)
    saved(admin_client, "capacity/serviceperiod", name="yes", seating_mode="tables", on_date="2100-12-31", **hours)
    for period in ServicePeriod.objects.all():
        saved(admin_client, "capacity/turntime", service_period=str(period.pk), up_to="32767", minutes="1440")
    dates = {"from_date": "2000-01-01", "to_date": "2100-12-31"}
    limits = dict.fromkeys(("pacing_covers", "pacing_parties", "occupancy_covers", "occupancy_parties"), NUMBER)
    of_service = {"max_covers": NUMBER, "max_parties": "0"}
    saved(admin_client, "capacity/capacityrule", note=LONG, weekday="7", **dates, **limits, **of_service)
    saved(admin_client, "capacity/capacityrule", from_time="23:59", to_time="00:00", pacing_covers="0")
    special = str(ServicePeriod.objects.get(on_date__isnull=False).pk)
    saved(admin_client, "capacity/closure", note="~", channel="online", service_period=special, **dates)
    saved(admin_client, "capacity/closure", from_date="2100-12-31", from_time="00:00", to_time="23:59", channel="all")

    exported = tmp_path / "house.yaml"
    call_command("export_restaurant", "no", output=exported)
    said = StringIO()
    call_command("import_restaurant", str(exported), stdout=said)

    assert said.getvalue() == "no: no changes\n"


@pytest.mark.parametrize(
    ("model", "values", "refused"),
    [
        ("capacity/closure", {"from_date": "2026-12-24", "to_date": "9999-12-31"}, "to_date"),
        ("capacity/closure", {"from_date": "0001-01-01"}, "from_date"),
        ("capacity/closure", {"from_date": "2026-12-24", "note": "a\x07b"}, "note"),
        ("capacity/capacityrule", {"from_date": "1999-12-31", "max_covers": "1"}, "from_date"),
        ("capacity/capacityrule", {"from_date": "2026-12-24", "to_date": "2101-01-01", "max_covers": "1"}, "to_date"),
        ("capacity/capacityrule", {"max_covers": "1000000000"}, "max_covers"),
        ("capacity/serviceperiod", {"valid_from": "0001-01-01"}, "valid_from"),
        ("capacity/serviceperiod", {"valid_to": "9999-12-31"}, "valid_to"),
        ("capacity/serviceperiod", {"on_date": "9999-12-31"}, "on_date"),
        ("capacity/serviceperiod", {"on_date": "2026-12-24", "weekdays": ["1"]}, "weekdays"),
        ("tables/table", {"number": "T1", "capacity": "4", "x": "1000001"}, "x"),
        ("tables/table", {"number": "T1", "capacity": "4", "width": "2001"}, "width"),
        ("tables/table", {"number": "T1", "capacity": "4", "rotation": "360"}, "rotation"),
        ("tables/table", {"number": "T1", "capacity": "4", "max_party_size": "1001"}, "max_party_size"),
        ("tables/tablecombination", {"min_party_size": "1", "max_party_size": "1001"}, "max_party_size"),
        ("tables/restaurant", {"name": "a\tb"}, "name"),
        ("tables/restaurant", {"min_notice_minutes": "1000000000"}, "min_notice_minutes"),
    ],
)
def test_what_no_file_can_say_is_refused_at_its_field(
    admin_client: Client, model: str, values: dict[str, Any], refused: str
) -> None:
    open_restaurant()

    page = add(admin_client, model, **values)

    assert page.status_code == 200
    assert refused in page.context["adminform"].form.errors
    assert not Closure.objects.exists()


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31"])
def test_a_date_of_no_year_of_ours_is_refused_wherever_it_is_typed(admin_client: Client, day: str) -> None:
    house = open_restaurant()
    table = TableFactory(restaurant=house)
    booking = BookingFactory(restaurant=house, business_date=days_ahead())
    rebook = f"{ADMIN}bookings/booking/{booking.pk}/rebook/"
    words = "Must be a date of the years 2000 to 2100."
    block = {"table": str(table.pk), "from_time": "10:00", "until_time": "12:00", "reason": "Flowers"}
    what_if = f"{ADMIN}capacity/capacityrule/what-if/"

    pages = [
        admin_client.post(rebook, form_of(admin_client.get(rebook)) | {"business_date": day}),
        add(admin_client, "tables/tableblock", from_date=day, until_date=day, **block),
        add(admin_client, "tables/tableblock", from_date="2026-12-24", until_date=day, **block),
        admin_client.post(what_if, {"first": day, "last": day, "rules": ""}),
    ]

    assert [(page.status_code, words in text_of(page)) for page in pages] == [(200, True)] * 4
    assert not TableBlock.objects.exists()


def test_no_year_in_an_address_fails_a_list(admin_client: Client) -> None:
    BookingFactory(business_date=days_ahead())
    asked = [
        *(f"business_date__year={year}" for year in (1, 1999, 9999)),
        "business_date__year=9999&business_date__month=12&business_date__day=31",
        "business_date__year=1&business_date__month=1&business_date__day=1",
        "business_date_from=0001-01-01&business_date_to=9999-12-31",
        "business_date__gte=0001-01-01&business_date__lt=9999-12-31",
    ]
    lists = ("bookings/booking", "capacity/serviceday")

    answers = {(url, query): admin_client.get(f"{ADMIN}{url}/?{query}").status_code for url in lists for query in asked}

    assert {key: status for key, status in answers.items() if status not in (200, 302)} == {}
