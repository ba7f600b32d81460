"""The demo's welcome when it is ready: pages to open, and a first booking that works."""

import json
from collections.abc import Iterator
from datetime import date, time, timedelta

from django.conf import settings

from bookings.selectors import list_available_days, list_day_slots
from capacity.calendar import ONE_DAY
from capacity.selectors import read_clock
from demo.accounts import OpsAccount
from demo.seeding import next_friday
from tables.models import Restaurant

PARTY_SIZE = 2
FAVOURITE_MINUTE = 19 * 60
DAYS_TO_LOOK_AT = 30


def welcome_lines(*, origin: str, restaurant: Restaurant, account: OpsAccount) -> Iterator[str]:
    """Yield the lines; `restaurant` takes the first booking."""
    today = read_clock().astimezone(restaurant.zone).date()
    password = account.password or "the one you gave it"
    yield f"Admin            {origin}/admin/   user {account.username}, password {password}"
    yield f"API              {origin}/api/docs"
    yield f"Nearly full      {origin}/api/availability?{_query(restaurant, next_friday(today))}"
    yield f"Room for six     {origin}/api/ops/explain?{_explain_query(restaurant, next_friday(today))} (sign in first)"
    yield f"Metrics          {origin}/metrics"
    if settings.THROTTLE_BOOKINGS == settings.THROTTLE_AVAILABILITY == "off":
        yield "Throttles are off in the demo: nobody is told to slow down."
    first = find_free_start(restaurant, today)
    if first:
        yield ""
        yield "A first booking:"
        yield f"  {booking_command(origin, restaurant, *first)}"


def _query(restaurant: Restaurant, business_date: date) -> str:
    return f"restaurantId={restaurant.slug}&date={business_date}&partySize={PARTY_SIZE}"


def _explain_query(restaurant: Restaurant, business_date: date) -> str:
    """Ask for the party that first-fit refuses on the evening that is nearly full."""
    return f"restaurantId={restaurant.slug}&date={business_date}&time=19:30&partySize=6&compare=first-fit"


def find_free_start(restaurant: Restaurant, today: date) -> tuple[date, time] | None:
    """Find the free start nearest to seven in the evening on the first day after today that has one."""
    first, last = today + ONE_DAY, today + timedelta(days=DAYS_TO_LOOK_AT)
    days = list_available_days(restaurant_id=restaurant.pk, party_size=PARTY_SIZE, from_date=first, to_date=last)
    business_date = next((day.business_date for day in days.verdicts if day.is_available), None)
    if business_date is None:
        return None
    slots = list_day_slots(restaurant_id=restaurant.pk, business_date=business_date, party_size=PARTY_SIZE)
    free = [slot.wish.wall_time for slot in slots.assessments if slot.is_available]
    return business_date, min(free, key=lambda wall: abs(wall.hour * 60 + wall.minute - FAVOURITE_MINUTE))


def booking_command(origin: str, restaurant: Restaurant, business_date: date, wall_time: time) -> str:
    """Return the curl line that books a party of two."""
    body = {
        "restaurantId": restaurant.slug,
        "date": str(business_date),
        "time": f"{wall_time:%H:%M}",
        "partySize": PARTY_SIZE,
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": "+44 20 7946 0018",
    }
    return f"curl {origin}/api/bookings -H 'Content-Type: application/json' -d '{json.dumps(body)}'"
