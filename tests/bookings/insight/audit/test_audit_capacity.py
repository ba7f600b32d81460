"""`manage.py audit_capacity` and the run that it stores."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from bookings.insight.audit import keeping as audits
from bookings.insight.audit.keeping import audit_capacity
from bookings.models import AuditRun
from tables.models import Restaurant
from tests.helpers.factories import BookingFactory, CapacityRuleFactory, days_ahead, open_restaurant
from tests.helpers.planted_faults import book, write

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = days_ahead()


def command(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("audit_capacity", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def overbooked(**row: str) -> Restaurant:
    restaurant = open_restaurant(**row)
    CapacityRuleFactory(restaurant=restaurant, max_covers=4)
    BookingFactory(restaurant=restaurant, business_date=EVENING, party_size=4)
    BookingFactory(restaurant=restaurant, business_date=EVENING, party_size=2, is_counted=False)
    return restaurant


def test_a_clean_database_ends_with_0() -> None:
    book(open_restaurant(), EVENING)

    code, out = command()

    assert code == 0
    assert out.startswith("hasOverbooking: false\nChecked 1 restaurants, 1 service days, 19 slots, 1 bookings, ")


def test_an_overbooking_ends_with_1_and_names_restaurant_and_bookings() -> None:
    restaurant = overbooked(name="Demo Bistro", slug="demo-bistro")
    fits, beyond = restaurant.bookings.order_by("pk")
    overbooked(name="Other", slug="other")

    code, out = command("--restaurant", "demo-bistro")

    assert code == 1
    head, house, overbooking, *rest = out.splitlines()
    assert (head, house) == ("hasOverbooking: true", "Demo Bistro (demo-bistro)")
    assert overbooking == (
        f"  OVERBOOKED SERVICE_COVERS: Dinner {EVENING}: 6 covers in the service, limit 4, "
        "authorised above it 0: 2 too many"
    )
    assert rest[0] == f"    {fits.reference} (id {fits.pk}, party of 4)"
    assert rest[1] == f"    {beyond.reference} (id {beyond.pk}, party of 2)  <- beyond"
    assert "Other" not in out


def test_drift_alone_ends_with_1_without_overbooking() -> None:
    booking = book(open_restaurant(), EVENING)
    write("UPDATE capacity_serviceday SET booked_covers = 3 WHERE id = %s", booking.service_day_id)

    code, out = command()

    assert code == 1
    assert out.startswith("hasOverbooking: false\n")
    assert f"PROBLEM COUNTER_DRIFT: Dinner {EVENING}: covers in the service: stored 3, counted 2" in out


def test_json_is_one_object() -> None:
    restaurant = overbooked()
    fits, beyond = restaurant.bookings.order_by("pk")

    code, out = command("--json")

    report = json.loads(out)
    assert code == 1
    assert report["hasOverbooking"] is True
    assert report["totals"] == {
        "overbookings": 1,
        "problems": len(report["problems"]),
        "authorisedExcess": 0,
        "notes": 0,
    }
    (overbooking,) = report["overbookings"]
    assert overbooking["restaurant"] == restaurant.slug
    assert overbooking["kind"] == "SERVICE_COVERS"
    assert overbooking["businessDate"] == EVENING.isoformat()
    assert overbooking["serviceDayId"] == fits.service_day_id
    assert [(each["id"], each["reference"], each["isBeyond"]) for each in overbooking["bookings"]] == [
        (fits.pk, fits.reference, False),
        (beyond.pk, beyond.reference, True),
    ]
    slot = next(each for each in report["problems"] if "slotId" in each)
    assert slot["startsAt"].endswith("Z")
    assert len(slot["time"]) == len("19:00")
    assert report["checked"] == {
        "restaurants": 1,
        "serviceDays": 1,
        "slots": 19,
        "bookings": 2,
        "assignments": 0,
        "rules": 1,
        "overrides": 0,
    }


def test_every_run_is_stored_also_a_narrow_one() -> None:
    restaurant = overbooked()

    command()
    command("--restaurant", restaurant.slug, "--from", str(EVENING), "--to", str(EVENING))
    command("--to", str(EVENING - timedelta(days=1)))

    full, narrow, before = AuditRun.objects.order_by("pk")
    assert (full.restaurant, full.from_date, full.to_date) == (None, None, None)
    assert (full.has_overbooking, full.overbookings, full.authorised_excess) == (True, 1, 0)
    assert full.problems == len(full.report["problems"]) > 0
    assert full.report["overbookings"][0]["restaurant"] == restaurant.slug
    assert full.started_at < full.finished_at
    assert (narrow.restaurant, narrow.from_date, narrow.to_date) == (restaurant, EVENING, EVENING)
    assert narrow.has_overbooking
    assert not before.has_overbooking


def test_what_is_kept_of_a_run_stays_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    overbooked()
    monkeypatch.setattr(audits, "KEPT_FINDINGS", 2)

    found = len(audit_capacity().problems)

    run = AuditRun.objects.get()
    assert found > 2
    assert (len(run.report["problems"]), run.report["totals"]["problems"], run.problems) == (2, found, found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--restaurant", "nobody"), "there are: demo-bistro"),
        (("--from", "24.12.2026"), "write it as 2026-12-24"),
        (("--from", "2026-12-25", "--to", "2026-12-24"), "swap them"),
    ],
)
def test_wrong_arguments_end_with_a_way_out(arguments: tuple[str, ...], message: str) -> None:
    open_restaurant(slug="demo-bistro")

    with pytest.raises(CommandError, match=message):
        command(*arguments)
    assert not AuditRun.objects.exists()


def test_wrong_values_have_their_own_exit_code() -> None:
    with pytest.raises(CommandError) as refusal:
        command("--restaurant", "nobody")

    assert refusal.value.returncode == 2
    assert "there are: none" in str(refusal.value)
