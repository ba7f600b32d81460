"""The numbers of tables that could take a party of each size, and of free ones, for partners. The reads never write."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from bookings.decision import LoadedDays, Wish, load_days, seating_request
from bookings.decision.starts import offered_starts
from capacity.calendar import local_wall_time
from capacity.policy import ONLINE, ServiceState, SlotState
from capacity.selectors import ServiceSettings, get_service_settings
from tables.seating import Seat


@dataclass(frozen=True, slots=True)
class TableCount:
    """The count for a party size: of `total` tables and combinations that could take it, `free` are free all its stay.

    The sizes share tables: the numbers of two sizes cannot be added.
    """

    party_size: int
    total: int
    free: int


@dataclass(frozen=True)
class SlotTableCounts:
    """The counts of one start; `is_closed` where a closure shuts it to guests online."""

    period_name: str
    wall_time: time
    starts_at: datetime
    is_closed: bool
    counts: tuple[TableCount, ...]


@dataclass(frozen=True)
class TableCounts:
    """The counts of every start of a business date, by start."""

    settings: ServiceSettings
    business_date: date
    slots: tuple[SlotTableCounts, ...]


def list_table_counts(*, restaurant_id: int, business_date: date, party_size: int | None = None) -> TableCounts:
    """Count tables and combinations for guests online at every start, for one party size or all that book online.

    A free table is free now for the stay and its buffer, without a move of any party. Limits of covers and parties play
    no part. Services that seat by numbers alone have no tables to count. 4 queries, 1 more each for settings and
    service days that the process does not know.

    Raises: `RecordNotFound`.
    """
    settings = get_service_settings(restaurant_id)
    loaded = load_days(settings, business_date, business_date, channel=ONLINE)
    sizes = range(1, settings.restaurant.party_size_max + 1) if party_size is None else (party_size,)
    return TableCounts(settings, business_date, tuple(_slots(loaded, business_date, sizes)))


def _slots(loaded: LoadedDays, business_date: date, sizes: Iterable[int]) -> Iterator[SlotTableCounts]:
    settings, wanted = loaded.settings, tuple(sizes)
    for service, slot in offered_starts(loaded, business_date):
        if not settings.needs_tables(service.period_id):
            continue
        wall_time = local_wall_time(slot.starts_at, settings.zone)
        yield SlotTableCounts(
            period_name=service.period_name,
            wall_time=wall_time,
            starts_at=slot.starts_at,
            is_closed=settings.is_closed(service.period_id, business_date, wall_time),
            counts=tuple(_count(loaded, service, slot, wall_time, size) for size in wanted),
        )


def _count(loaded: LoadedDays, service: ServiceState, slot: SlotState, wall_time: time, party_size: int) -> TableCount:
    wish = Wish(
        party_size=party_size,
        business_date=service.business_date,
        starts_at=slot.starts_at,
        wall_time=wall_time,
        period_id=service.period_id,
        channel=ONLINE,
    )
    request = seating_request(loaded.settings, wish)
    return TableCount(
        party_size=party_size,
        total=_distinct(loaded.planner.suitable_seats(request)),
        free=_distinct(loaded.planner.free_seats(request)),
    )


def _distinct(seats: Iterable[Seat]) -> int:
    """Count the distinct sets of tables; one set may be declared for several size ranges."""
    return len({frozenset(seat.table_ids) for seat in seats})
