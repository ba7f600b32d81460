"""What goes wrong behind the engine's back is on the metrics and on every screen within a minute, and is not hidden."""

import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from bookings.models import Booking
from capacity.models import ServiceDay
from tests.helpers.admin_screens import text_of
from tests.helpers.factories import BookingFactory, CapacityRuleFactory, days_ahead, open_restaurant
from tests.helpers.job_workers import running_worker
from tests.helpers.metric_samples import scrape
from tests.helpers.polling import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]

# Once a minute the auditor looks, and it takes a moment to do so.
LONGEST_SECONDS = 75.0


def found(client: Client) -> tuple[float, float]:
    """Return how many overbookings and other problems the metrics say."""
    samples: dict[str, dict[Any, float]] = scrape(client)
    return (
        samples.get("booking_overbooking_detected", {}).get((), 0.0),
        samples.get("booking_audit_problems", {}).get((), 0.0),
    )


def rebuild() -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("rebuild_counters", stdout=out, stderr=out)
    except SystemExit as end:
        return out.getvalue(), int(str(end.code))
    return out.getvalue(), 0


def test_a_corrupted_counter_and_an_overbooking_are_seen_within_a_minute_and_told_apart(
    client: Client, admin_client: Client
) -> None:
    house = open_restaurant(name="Bistro")
    CapacityRuleFactory(restaurant=house, max_covers=4)
    honest = BookingFactory(restaurant=house, business_date=days_ahead(), party_size=4)
    drifted = BookingFactory(restaurant=house, business_date=days_ahead(31), party_size=2)

    with running_worker("--queues", "audits"):
        assert wait_until(lambda: "booking_audit_age_seconds" in scrape(client), seconds=LONGEST_SECONDS)
        assert found(client) == (0, 0)

        ServiceDay.objects.filter(pk=drifted.service_day_id).update(booked_covers=3)
        behind = BookingFactory(service_day=honest.service_day, party_size=2, is_counted=False)
        corrupted_at = time.monotonic()
        assert wait_until(lambda: found(client)[0] == 1 and found(client)[1] > 0, seconds=LONGEST_SECONDS)
        waited = time.monotonic() - corrupted_at

    assert waited < LONGEST_SECONDS
    assert "Overbooking." in text_of(admin_client.get("/admin/tables/restaurant/"))

    said, code = rebuild()

    # The counter is put right; what is really above the limit is named, and stays for a person.
    assert code == 1
    assert ServiceDay.objects.get(pk=drifted.service_day_id).booked_covers == 2
    assert ServiceDay.objects.get(pk=honest.service_day_id).booked_covers == 4
    assert f"{house.slug}: " in said
    assert "manage.py audit_capacity lists the bookings" in said
    assert Booking.objects.filter(pk=behind.pk).exists()
