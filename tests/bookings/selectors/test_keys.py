"""Bookings are found by idempotency key, each caller's own, however many ask at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from bookings.selectors import find_by_key
from tests.helpers.factories import BookingFactory

pytestmark = pytest.mark.django_db(transaction=True)
CALLERS = 8


def test_of_a_key_that_two_restaurants_know_each_gets_its_own_booking() -> None:
    one, two = (BookingFactory(idempotency_key="same", request_hash="0" * 64) for _ in range(2))
    asked = [(one.restaurant_id, "same"), (two.restaurant_id, "same"), (one.restaurant_id, "other"), (0, "same")]
    together = Barrier(CALLERS)

    def ask(number: int) -> object:
        together.wait()
        try:
            return [find_by_key(*each) for each in [*asked[number % 4 :], *asked[: number % 4]]]
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLERS) as callers:
        found = list(callers.map(ask, range(CALLERS)))

    own = [one, two, None, None]
    assert found == [[*own[number % 4 :], *own[: number % 4]] for number in range(CALLERS)]
