"""The plot of a date: every request, and the outcome of its party. The same for the same date. Pure."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from demo.guests import Visit, make_visit

# Requests for the evening, Monday first, and for the drinks before it.
EVENING_REQUESTS = (7, 7, 7, 7, 9, 12, 7)
DRINKS_REQUESTS = (1, 1, 1, 1, 1, 1, 1)
# From so many requests on, most ask for the same few starts.
BUSY_FROM = 9
POPULAR_SHARE = 0.75
POPULAR_STARTS = (0.26, 0.28, 0.31)
LARGER_PARTY_SHARE = 0.3
CANCELLED_SHARE, NO_SHOW_SHARE = 0.07, 0.05
TOO_LARGE_SHARE, TOO_LATE_SHARE = 0.03, 0.03
# The others are seated as they come in.
WAITING_SHARE = 0.25
LONGEST_LEAD = timedelta(days=3)
# How long a party of one sits, and how much longer with each more.
SHORTEST_STAY, STAY_OF_EACH_MORE = timedelta(minutes=50), timedelta(minutes=7)


class Ending(StrEnum):
    """The outcome of a party in the end."""

    COMES = "comes"
    CANCELS = "cancels"
    STAYS_AWAY = "stays away"


@dataclass(frozen=True)
class ServiceHours:
    """One service of the date, with the starts that it offers."""

    starts: tuple[datetime, ...]
    is_evening: bool


@dataclass(frozen=True)
class Request:
    """One party: the time it asks, the start it asks for, and its ending if it is booked.

    `arrives_at` is None where it is seated as it comes in.
    """

    number: int
    visit: Visit
    starts_at: datetime
    asked_at: datetime
    ending: Ending
    cancels_at: datetime
    arrives_at: datetime | None
    sits_at: datetime
    leaves_at: datetime


@dataclass(frozen=True)
class DatePlot:
    """All requests of a date, in the order of their numbers."""

    business_date: date
    requests: tuple[Request, ...]


def plot_date(
    business_date: date, services: Sequence[ServiceHours], *, largest_party: int, seating_types: Sequence[str]
) -> DatePlot:
    """Make up the requests of one date."""
    rng = random.Random(f"history of {business_date}")  # noqa: S311 - made-up guests need a seed, not a secret
    requests: list[Request] = []
    for service in services:
        counts = EVENING_REQUESTS if service.is_evening else DRINKS_REQUESTS
        count = counts[business_date.weekday()]
        for visit in _visits(rng, count, largest_party, seating_types):
            requests.append(_request(rng, len(requests), visit, service, largest_party))
    return DatePlot(business_date, tuple(requests))


def _visits(rng: random.Random, count: int, largest_party: int, seating_types: Sequence[str]) -> Iterator[Visit]:
    for _ in range(count):
        visit = make_visit(rng, largest_party=largest_party, seating_types=seating_types)
        if count >= BUSY_FROM and rng.random() < POPULAR_SHARE:
            visit = replace(visit, start=rng.choice(POPULAR_STARTS))
        if count >= BUSY_FROM and rng.random() < LARGER_PARTY_SHARE:
            visit = replace(visit, party_size=min(visit.party_size + rng.randint(2, 5), largest_party))
        if rng.random() < TOO_LARGE_SHARE:
            visit = replace(visit, party_size=largest_party + 2, source="web")
        yield visit


def _request(rng: random.Random, number: int, visit: Visit, service: ServiceHours, largest_party: int) -> Request:
    starts_at = service.starts[min(int(visit.start * len(service.starts)), len(service.starts) - 1)]
    lead = _lead(rng)
    sits_at = starts_at + timedelta(minutes=rng.choice((0, 0, 0, 0, 4, 9)))
    stay = SHORTEST_STAY + STAY_OF_EACH_MORE * min(visit.party_size, largest_party)
    return Request(
        number=number,
        visit=visit,
        starts_at=starts_at,
        asked_at=starts_at - lead,
        ending=rng.choices(list(Ending), weights=(1 - CANCELLED_SHARE - NO_SHOW_SHARE, CANCELLED_SHARE, NO_SHOW_SHARE))[
            0
        ],
        cancels_at=starts_at - lead * rng.uniform(0.1, 0.9),
        arrives_at=sits_at - timedelta(minutes=rng.randint(1, 9)) if rng.random() < WAITING_SHARE else None,
        sits_at=sits_at,
        leaves_at=sits_at + stay + timedelta(minutes=rng.randint(-10, 25)),
    )


def _lead(rng: random.Random) -> timedelta:
    """Return how long before the start a party asks: some too late for guests online, most on the same day."""
    if rng.random() < TOO_LATE_SHARE:
        return timedelta(minutes=rng.randint(5, 25))
    if rng.random() < 0.6:
        return timedelta(minutes=rng.randint(45, 8 * 60))
    return timedelta(minutes=rng.randint(8 * 60, int(LONGEST_LEAD.total_seconds() // 60)))
