"""What is asked in each case, as requests ready to be sent. Pure but for the versions that a cold answer needs."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, cycle, product, repeat

from tests.load.client import get, post
from tests.load.houses import CROWD, DAYS, PARTY_SIZE, Houses, outdate_answers, starts
from tests.load.urls import NOTHING_PATH

BOOKINGS, AVAILABILITY = "/api/bookings", "/api/availability"
AVAILABLE_DAYS = f"{AVAILABILITY}/days"
BOOKED, FULL, SHOWN = "201", "409 CAPACITY_EXCEEDED", "200"
PARTY_SIZES = range(1, 9)
# Of a house with tables half the parties are two, as its tables are.
SEATED_PARTY_SIZES = (2, 2, 2, 4, 4, 6)
EVENING_PARTY_SIZES = (2, 4, 6)


class Cases:
    """The requests of every case; each run books on a date that no other one has used, and with keys of its own."""

    def __init__(self, houses: Houses) -> None:
        self.houses = houses
        self._runs = count()
        self._crowds = count()
        self._keys = count()

    def spread(self) -> Iterator[bytes]:
        """Bookings over fifty restaurants that count covers."""
        return self._bookings(self.houses.covers, PARTY_SIZES)

    def hot(self) -> Iterator[bytes]:
        """Bookings of one service day."""
        return self._bookings([self.houses.hot], PARTY_SIZES)

    def seated(self) -> Iterator[bytes]:
        """Bookings over fifty restaurants that seat every party."""
        return self._bookings(self.houses.seated, SEATED_PARTY_SIZES)

    def full(self) -> Iterator[bytes]:
        """Bookings of a start that is full, with room before and after."""
        while True:
            yield self._booking(self.houses.full, 0, "19:00", PARTY_SIZE)

    def crowd_with_room(self) -> Iterator[bytes]:
        """A hundred bookings of one start that takes them all."""
        return self._crowd(self.houses.roomy)

    def crowd_for_ten(self) -> Iterator[bytes]:
        """A hundred bookings of one start that takes ten."""
        return self._crowd(self.houses.tight)

    def crowd_that_looks(self) -> Iterator[bytes]:
        """A hundred looks at one date, which has changed before."""
        outdate_answers(self.houses.roomy)
        return repeat(self._availability(self.houses.roomy, 0), CROWD)

    def time(self) -> Iterator[bytes]:
        """Availability of one time each, of fifty service days over and over."""
        return cycle(list(self._times(self._days(1))))

    def cold_time(self) -> Iterator[bytes]:
        """Availability of one time, of another service day with each request."""
        return self._times(self._days(DAYS))

    def date(self) -> Iterator[bytes]:
        """Availability of a date, of fifty service days over and over."""
        return (self._availability(slug, number) for number, slug in cycle(self._days(1)))

    def cold_date(self) -> Iterator[bytes]:
        """Availability of a date, of another service day with each request."""
        return (self._availability(slug, number) for number, slug in self._days(DAYS))

    def days(self) -> Iterator[bytes]:
        """Availability of 62 dates, of fifty restaurants over and over."""
        return cycle(self._windows([PARTY_SIZE]))

    def cold_days(self) -> Iterator[bytes]:
        """Availability of 62 dates, for another restaurant or party size with each request."""
        return self._windows(PARTY_SIZES)

    def evening(self) -> Iterator[bytes]:
        """Availability of an evening of 150 bookings on 50 tables, which has changed before each request."""
        for party_size in cycle(EVENING_PARTY_SIZES):
            outdate_answers(self.houses.evening)
            yield get(
                AVAILABILITY, restaurantId=self.houses.evening, date=self.houses.evening_date, partySize=party_size
            )

    def nothing(self) -> Iterator[bytes]:
        """A view that does nothing."""
        return repeat(get(NOTHING_PATH))

    def _days(self, dates: int) -> Iterator[tuple[int, str]]:
        """Yield every service day of so many dates: the number of its date, and its restaurant."""
        return product(range(dates), self.houses.covers)

    def _times(self, days: Iterator[tuple[int, str]]) -> Iterator[bytes]:
        for (number, slug), start in zip(days, cycle(starts()), strict=False):
            yield self._availability(slug, number, time=start)

    def _windows(self, party_sizes: Iterable[int]) -> Iterator[bytes]:
        window = {"from": self.houses.first_date, "to": self.houses.date(DAYS - 1)}
        for party_size, slug in product(party_sizes, self.houses.covers):
            yield get(AVAILABLE_DAYS, restaurantId=slug, partySize=party_size, **window)

    def _crowd(self, slug: str) -> Iterator[bytes]:
        number = next(self._crowds)
        return iter([self._booking(slug, number, "19:00", PARTY_SIZE) for _ in range(CROWD)])

    def _bookings(self, slugs: list[str], party_sizes: range | tuple[int, ...]) -> Iterator[bytes]:
        # The last date is pgbench's.
        run = next(self._runs) % (DAYS - 1)
        rng = random.Random(run)
        for slug in cycle(slugs):
            yield self._booking(slug, run, rng.choice(starts()), rng.choice(party_sizes))

    def _booking(self, slug: str, number: int, start: str, party_size: int) -> bytes:
        key = next(self._keys)
        body = {
            "restaurantId": slug,
            "date": f"{self.houses.date(number)}",
            "time": start,
            "partySize": party_size,
            "name": f"Guest {key}",
            "email": f"guest{key}@example.com",
            "phone": "+442079460018",
        }
        return post(BOOKINGS, body, key=f"guest-{key}")

    def _availability(self, slug: str, number: int, **query: object) -> bytes:
        return get(AVAILABILITY, restaurantId=slug, date=self.houses.date(number), partySize=PARTY_SIZE, **query)


@dataclass(frozen=True)
class Case:
    """What is asked, and the answer that counts.

    Its bar is the least rate as a share of the reference, or the p95 in milliseconds. `never` is an answer that would
    break a promise, `exactly` all answers that one run must have. `key` chooses it on the command line.
    """

    key: str
    title: str
    requests: Callable[[Cases], Iterator[bytes]]
    wanted: str = SHOWN
    least_share: float | None = None
    most_milliseconds: float | None = None
    never: str = ""
    exactly: Mapping[str, int] | None = None
    is_cold: bool = False


BOOKING_CASES = (
    Case("spread", "Booked, over 50 restaurants", Cases.spread, BOOKED, least_share=0.20, never=FULL),
    Case("hot", "Booked, one hot day", Cases.hot, BOOKED, least_share=0.15, never=FULL),
    Case("tables", "Booked, over 50 restaurants with 30 tables", Cases.seated, BOOKED, least_share=0.12, never=FULL),
    Case("full", "Refused, with alternatives", Cases.full, FULL, least_share=0.12, never=BOOKED),
)
NOTHING = Case("nothing", "the empty view", Cases.nothing)
AVAILABILITY_CASES = (
    Case("time", "One time, unchanged", Cases.time, least_share=0.30),
    Case("date", "A date, unchanged", Cases.date, least_share=0.30),
    Case("days", "62 dates, unchanged", Cases.days, least_share=0.30),
    Case("time", "One time, cold", Cases.cold_time, least_share=0.16, is_cold=True),
    Case("date", "A date, cold", Cases.cold_date, least_share=0.11, is_cold=True),
    Case("days", "62 dates, cold", Cases.cold_days, is_cold=True),
)
ROOM_FOR_ALL = Case(
    *("rush", "100 bookings at once, room for all", Cases.crowd_with_room, BOOKED),
    most_milliseconds=500,
    exactly={BOOKED: CROWD},
)
ROOM_FOR_TEN = Case(
    *("rush", "100 bookings at once, room for ten", Cases.crowd_for_ten, FULL),
    most_milliseconds=500,
    exactly={BOOKED: 10, FULL: CROWD - 10},
)
LOOKS = Case("rush", "100 looks at a date at once", Cases.crowd_that_looks, most_milliseconds=200)
EVENING = Case("evening", "A date of 150 bookings on 50 tables, cold", Cases.evening, most_milliseconds=200)
