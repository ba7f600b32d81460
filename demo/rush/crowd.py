"""Guests that all want a table at the same moment, through the real use case."""

import math
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from datetime import time as wall_clock

from django.db import connections

from bookings.services import GuestDetails, create_booking_with_capacity_check
from config.errors import DomainError
from tables.models import Restaurant

BOOKED = "booked"
PARTY_SIZE = 4
SEVEN = wall_clock(19, 0)
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """The answer to one guest (`booked`, or the code of the refusal), and the seconds until it came."""

    outcome: str
    seconds: float


@dataclass(frozen=True)
class Rush:
    """The guests of a rush and their service. No more than `connections` of them talk to the database at a time."""

    restaurant: Restaurant
    business_date: date
    guests: int
    connections: int

    def run(self) -> list[Answer]:
        """Let all guests ask at once; return their answers."""
        barrier = threading.Barrier(self.guests)
        # As a web server's pool does: a server takes only so many connections.
        seats = threading.BoundedSemaphore(self.connections)

        def ask(number: int) -> Answer:
            barrier.wait(PATIENCE_SECONDS)
            started = time.monotonic()
            with seats:
                outcome = self._book(number)
            return Answer(outcome, time.monotonic() - started)

        with ThreadPoolExecutor(max_workers=self.guests) as guests:
            return list(guests.map(ask, range(self.guests)))

    def _book(self, number: int) -> str:
        try:
            create_booking_with_capacity_check(
                restaurant_id=self.restaurant.pk,
                business_date=self.business_date,
                wall_time=SEVEN,
                party_size=PARTY_SIZE,
                guest=GuestDetails(name=f"Guest {number}"),
            )
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return BOOKED


def tally(answers: list[Answer]) -> Counter[str]:
    """Count the answers by outcome."""
    return Counter(answer.outcome for answer in answers)


def p95_milliseconds(answers: list[Answer]) -> int:
    """Return the 95th percentile of the waits, by nearest rank."""
    waits = sorted(answer.seconds for answer in answers)
    return round(1000 * waits[math.ceil(0.95 * len(waits)) - 1])
