"""Two workers, hundreds of guests, one worker killed on the way: a booking for each, and every counter exact.

`make race` lets a thousand come.
"""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from django.db.models import Sum

from bookings.models import Booking, Decision
from bookings.services import materialize_service_days
from capacity.models import ServiceDay
from tables.models import Restaurant
from tests.helpers.factories import CapacityRuleFactory, days_ahead, open_restaurant
from tests.helpers.planted_faults import run_audit
from tests.helpers.polling import wait_until
from tests.helpers.recount import list_faults
from tests.integration.test_metrics import scrape, two_workers, values, worker_ids

pytestmark = pytest.mark.django_db(transaction=True)

GUESTS = int(os.environ.get("RACE_GUESTS", "300"))
AT_ONCE, KILLED_AFTER, EVENINGS = 16, GUESTS * 3 // 10, 25
STARTS = [f"{hour}:{minute:02}" for hour in (17, 18, 19, 20) for minute in (0, 15, 30, 45)]
TRIES = 20


class Guests:
    """Guests who ask once, and again with the same key as long as the line breaks."""

    def __init__(self, client: httpx.Client, restaurant: Restaurant) -> None:
        self._client, self._restaurant = client, restaurant
        self._answered = threading.Semaphore(0)
        self.broken = 0

    def wait_for_answers(self, count: int) -> None:
        """Wait until so many guests have their answer."""
        for _ in range(count):
            assert self._answered.acquire(timeout=120)

    def ask(self, number: int) -> str:
        """Book; return the reference."""
        for _ in range(TRIES):
            try:
                answer = self._client.post("/api/bookings", json=self._body(number), headers=_key(number))
            except httpx.TransportError:
                self.broken += 1
                continue
            if answer.status_code == 201:
                self._answered.release()
                reference: str = answer.json()["booking"]["reference"]
                return reference
            assert answer.status_code == 503, answer.text
        raise AssertionError(f"guest {number} was never answered")

    def _body(self, number: int) -> dict[str, object]:
        return {
            "restaurantId": self._restaurant.slug,
            "date": days_ahead(30 + number % EVENINGS).isoformat(),
            "time": STARTS[number % len(STARTS)],
            "partySize": 1 + number % 3,
            "name": f"Guest {number}",
            "email": f"guest{number}@example.com",
            "phone": "+442079460018",
        }


def _key(number: int) -> dict[str, str]:
    # A connection each: those that stay open would all go to one worker.
    return {"Idempotency-Key": f"guest-{number}", "Connection": "close"}


def test_many_guests_and_a_worker_that_is_killed_leave_every_counter_exact(tmp_path: Path) -> None:
    house = open_restaurant()
    CapacityRuleFactory(restaurant=house, max_covers=3 * GUESTS)
    materialize_service_days(restaurant_id=house.pk, from_date=days_ahead(), to_date=days_ahead(30 + EVENINGS))

    with two_workers(tmp_path, BOOKING_DEADLINE_SECONDS="60") as client, ThreadPoolExecutor(AT_ONCE) as pool:
        guests = Guests(client, house)
        asked = [pool.submit(guests.ask, number) for number in range(GUESTS)]
        guests.wait_for_answers(KILLED_AFTER)
        os.kill(min(worker_ids(tmp_path, counted=b'"created"')), signal.SIGKILL)
        references = [each.result() for each in asked]
        created = wait_until(lambda: _created(client), seconds=30)

    assert len(set(references)) == GUESTS
    bookings = Booking.objects.filter(restaurant=house)
    assert {booking.reference for booking in bookings} == set(references)
    covers = sum(1 + number % 3 for number in range(GUESTS))
    counted = ServiceDay.objects.filter(restaurant=house).aggregate(Sum("booked_parties"), Sum("booked_covers"))
    assert list(counted.values()) == [GUESTS, covers]
    assert list_faults(house.pk) == []
    report = run_audit(house)
    assert [*report.overbookings, *report.problems] == []
    # Who was cut off is not in the metrics of the worker that died, and is found as a replay by another.
    assert GUESTS - AT_ONCE <= created <= GUESTS
    lost = GUESTS - Decision.objects.filter(restaurant=house, verdict="accepted").count()
    assert 0 <= lost <= AT_ONCE


def _created(client: httpx.Client) -> float:
    try:
        return sum(values(scrape(client), "booking_outcome_total", outcome="created"))
    except httpx.TransportError:
        return 0
