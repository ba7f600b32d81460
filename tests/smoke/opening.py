"""Where a run books: a start that is free, as late as the published dates go, where the fewest real guests look."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.smoke.site import CheckFailed, Site

AVAILABILITY = "/api/availability"
USUAL_PARTY = 2
# What one call answers of, today included.
LONGEST_SPAN_DAYS = 62
WIDEST_LOOK_DAYS = 3

Json = dict[str, Any]


@dataclass(frozen=True)
class Opening:
    """A start that takes a party."""

    restaurant: Json
    business_date: date
    time: str
    starts_at: str
    party_size: int

    @property
    def slug(self) -> str:
        slug: str = self.restaurant["slug"]
        return slug

    @property
    def past_date(self) -> date:
        """The date before yesterday, where the restaurant is: after midnight yesterday's service may still seat."""
        return _today(self.restaurant) - timedelta(days=2)

    @property
    def off_grid(self) -> str:
        """A minute after the start, which is on no grid."""
        return (datetime.strptime(self.time, "%H:%M") + timedelta(minutes=1)).strftime("%H:%M")  # noqa: DTZ007 - a wall clock

    def query(self, **changes: Any) -> Json:
        """Return the query for this start; a change to None leaves a parameter out."""
        asked = {
            "restaurantId": self.slug,
            "date": self.business_date.isoformat(),
            "time": self.time,
            "partySize": self.party_size,
            **changes,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def body(self, **changes: Any) -> Json:
        """Return the body of a request for this start, by a guest whom everybody can tell from a real one."""
        guest = {
            "name": "Smoke Test",
            "email": "smoke@example.com",
            "phone": "+44 20 7946 0000",
            "startsAt": self.starts_at,
            "notes": "A check of the installation; cancelled when it ends.",
        }
        return self.query(**(guest | changes))


def list_restaurants(site: Site) -> list[Json]:
    """List the active restaurants of the first page."""
    restaurants: list[Json] = site.ask("GET", "/api/restaurants").expect(200)["results"]
    return restaurants


def find_opening(site: Site, restaurants: list[Json]) -> Opening:
    """Find the start to book: in the first restaurant that has one, on the last date.

    Raises: CheckFailed.
    """
    for restaurant in restaurants:
        for business_date in _free_dates(site, restaurant):
            if opening := _free_start(site, restaurant, business_date):
                return opening
    raise CheckFailed(f"no start is free within {LONGEST_SPAN_DAYS} days; name another restaurant by --restaurant")


def party_size_of(restaurant: Json) -> int:
    """Return two, or what is nearest to it of what the restaurant takes online."""
    taken = restaurant["partySize"]
    return max(taken["min"], min(USUAL_PARTY, taken["max"]))


def _free_dates(site: Site, restaurant: Json) -> Iterator[date]:
    today = _today(restaurant)
    span = {"from": today.isoformat(), "to": (today + timedelta(days=LONGEST_SPAN_DAYS - 1)).isoformat()}
    query = {"restaurantId": restaurant["slug"], "partySize": party_size_of(restaurant), **span}
    days = site.ask("GET", "/api/availability/days", params=query).expect(200)["days"]
    free = [date.fromisoformat(day["date"]) for day in days if day["available"]]
    yield from sorted(free, reverse=True)[:WIDEST_LOOK_DAYS]


def _free_start(site: Site, restaurant: Json, business_date: date) -> Opening | None:
    size = party_size_of(restaurant)
    query = {"restaurantId": restaurant["slug"], "partySize": size, "date": business_date.isoformat()}
    slots = site.ask("GET", AVAILABILITY, params=query).expect(200)["slots"]
    free = [slot for slot in slots if slot["available"]]
    if not free:
        return None
    # Neither the first nor the last, where fewer stays overlap.
    chosen = free[len(free) // 2]
    return Opening(restaurant, business_date, chosen["time"], chosen["startsAt"], size)


def _today(restaurant: Json) -> date:
    return datetime.now(ZoneInfo(restaurant["timezone"])).date()
