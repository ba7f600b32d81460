"""Evenings to simulate, made of plain values: no database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bookings.choices import CHANNELS, BookingSource, DecisionVerdict, EventKind
from bookings.insight.what_if import WhatIf
from bookings.insight.what_if.comparing import compare
from bookings.insight.what_if.house import KnownIds, house_of
from bookings.insight.what_if.record import FixedBooking, Happening, Held, Record, Request
from bookings.insight.what_if.simulation import Simulation, simulate
from bookings.restaurant_file import read_restaurant_file
from capacity.selectors import ServiceSettings
from tables.models import Restaurant

FRIDAY = date(2026, 11, 27)
ASKED_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
RESTAURANT = Restaurant(pk=1, slug="bistro", name="Bistro", timezone="Etc/UTC")
TABLES = "tables: [{number: T1, capacity: 2}, {number: T2, capacity: 4}]"


def house(*parts: str, mode: str = "tables", turn: int = 90) -> ServiceSettings:
    """Return a house from parts of a restaurant file; dinner from 17:00 to 21:30, everybody stays `turn` minutes."""
    given = {part.partition(":")[0] for part in parts}
    usual = {
        "restaurant": "restaurant: {slug: bistro, name: Bistro, timezone: Etc/UTC}",
        "turn_times": f"turn_times: [{{up_to: 100, minutes: {turn}}}]",
        "service_periods": (
            "service_periods: [{name: Dinner, days: [mon, tue, wed, thu, fri, sat, sun], start: '17:00', "
            f"last_seating: '21:30', end: '23:30', seating_mode: {mode}}}]"
        ),
    }
    text = "\n".join([*parts, *(part for name, part in usual.items() if name not in given)])
    return house_of(1, read_restaurant_file(text.encode()), KnownIds({}, {}), now=ASKED_AT)


def numbers_only(*parts: str, turn: int = 90) -> ServiceSettings:
    """Return a house that has limits and no tables."""
    return house(*parts, mode="covers", turn=turn)


def at(wall_time: str, on: date = FRIDAY) -> datetime:
    return datetime.combine(on, time.fromisoformat(wall_time), tzinfo=UTC)


def asks(pk: int, wall_time: str = "19:00", party_size: int = 2, **changes: Any) -> Request:
    """Return a request made `pk` minutes after noon a week before, and refused; `booked=True` made booking 100 + pk."""
    is_booked, on = changes.pop("booked", False), changes.get("business_date", FRIDAY)
    source = changes.get("source", BookingSource.WEB)
    row: dict[str, Any] = {
        "decision_id": pk,
        "decided_at": ASKED_AT + timedelta(minutes=pk),
        "verdict": DecisionVerdict.ACCEPTED if is_booked else DecisionVerdict.REFUSED,
        "party_size": party_size,
        "business_date": on,
        "starts_at": at(wall_time, on),
        "ends_at": at(wall_time, on) + timedelta(minutes=90),
        "wall_time": time.fromisoformat(wall_time),
        "source": source,
        "channel": CHANNELS[source],
        "booking_id": 100 + pk if is_booked else None,
    }
    return Request(**{**row, **changes})


def becomes(pk: int, kind: EventKind, happened_at: datetime, **rest: Any) -> Happening:
    """Return what became of booking `pk`."""
    return Happening(event_id=pk, happened_at=happened_at, booking_id=pk, kind=kind, **rest)


def there(pk: int, wall_time: str, party_size: int, *table_ids: int, **changes: Any) -> FixedBooking:
    """Return a booking of Friday that no request made."""
    row: dict[str, Any] = {
        "booking_id": pk,
        "reference": f"R{pk}",
        "business_date": FRIDAY,
        "wall_time": time.fromisoformat(wall_time),
        "party_size": party_size,
        "starts_at": at(wall_time),
        "ends_at": at(wall_time) + timedelta(minutes=90),
        "buffer_minutes": 0,
        "seating": "",
        "source": "web",
        "tables": tuple(
            Held(
                table_id=table_id,
                starts_at=at(wall_time),
                ends_at=at(wall_time) + timedelta(minutes=90),
                is_pinned=False,
            )
            for table_id in table_ids
        ),
    }
    return FixedBooking(**{**row, **changes})


def record(*requests: Request, **rest: Any) -> Record:
    """Return a record of that Friday; bookings are called B and their id."""
    made = {request.booking_id: f"B{request.booking_id}" for request in requests if request.booking_id is not None}
    row: dict[str, Any] = {"from_date": FRIDAY, "to_date": FRIDAY, "requests": requests, "references": made}
    return Record(**{**row, **rest})


def taken(simulation: Simulation) -> list[int]:
    """Return the ids of the requests that a simulation accepts."""
    return [pk for pk, outcome in simulation.outcomes.items() if outcome.is_accepted]


def reasons(simulation: Simulation) -> dict[int, tuple[str, ...]]:
    """Return why each request is refused."""
    return {
        pk: each.reasons for pk, each in simulation.outcomes.items() if not each.is_accepted and not each.is_answered
    }


def tables_given(simulation: Simulation) -> dict[int, list[str]]:
    """Return the numbers of the tables of each party, by its key."""
    room = simulation.room
    numbers = {table.table_id: table.number for table in room.house.floor.tables}
    return {key: [numbers[each] for each in party.table_ids] for key, party in room.parties.items()}


def compared(happened: Record, today: ServiceSettings, proposed: ServiceSettings) -> WhatIf:
    return compare(RESTAURANT, happened, simulate(happened, today), simulate(happened, proposed))


def ids(found: Sequence[Any]) -> list[int]:
    """Return which requests these differences are about."""
    return [each.decision_id for each in found]
