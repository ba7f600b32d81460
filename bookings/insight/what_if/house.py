"""A restaurant as a file describes it, as the decision needs it. Pure but for the classes of the models."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from bookings.restaurant_file.entries import (
    ClosureEntry,
    CombinationEntry,
    PeriodName,
    RestaurantFile,
    RuleEntry,
    TableEntry,
)
from bookings.restaurant_file.hours_checks import hours_of
from bookings.restaurant_file.references import name_of
from bookings.restaurant_file.rows import restaurant_columns
from bookings.restaurant_file.stored import StoredRestaurant
from capacity.calendar import TurnBand
from capacity.limits import LIMIT_FIELDS, Rule
from capacity.selectors import ClosedSpan, ServiceSettings
from tables.choices import TableStatus
from tables.models import Restaurant
from tables.seating import CombinedTables, Floor, SeatingTable

K = TypeVar("K")


@dataclass(frozen=True)
class KnownIds:
    """The ids that rows have in the database; an entry that only a file names gets one above all of them."""

    periods: Mapping[PeriodName, int]
    tables: Mapping[str, int]

    @staticmethod
    def of(stored: StoredRestaurant) -> "KnownIds":
        """Return the ids of the periods in use and of all tables."""
        return KnownIds(
            {name_of(period.entry): period.row.pk for period in stored.service_periods if not period.is_retired},
            {table.entry.number: table.row.pk for table in stored.tables},
        )

    def of_periods(self, names: Iterable[PeriodName]) -> dict[PeriodName, int]:
        """Return an id for each name."""
        return _with_new_ids(self.periods, names)

    def of_tables(self, numbers: Iterable[str]) -> dict[str, int]:
        """Return an id for each number."""
        return _with_new_ids(self.tables, numbers)


def _with_new_ids(known: Mapping[K, int], wanted: Iterable[K]) -> dict[K, int]:
    following = max(known.values(), default=0) + 1
    ids: dict[K, int] = {}
    for name in wanted:
        ids[name] = known.get(name, following)
        following += name not in known
    return ids


def house_of(restaurant_id: int, file: RestaurantFile, known: KnownIds, *, now: datetime) -> ServiceSettings:
    """Return the settings of a canonical file, with limits enforced."""
    periods = known.of_periods(name_of(entry) for entry in file.service_periods)
    return ServiceSettings(
        restaurant=Restaurant(pk=restaurant_id, **restaurant_columns(file.restaurant)),
        now=now,
        is_enforced=True,
        periods=tuple(hours_of(entry, periods[name_of(entry)]) for entry in file.service_periods),
        modes={periods[name_of(entry)]: entry.seating_mode for entry in file.service_periods},
        bands=tuple(
            TurnBand(entry.up_to, entry.minutes, _id_of(entry.service_period, periods)) for entry in file.turn_times
        ),
        # Of two alike rules the later one in the file decides, as the newer one does of two rows.
        rules=tuple(_rule(number, entry, periods) for number, entry in enumerate(file.capacity_rules, start=1)),
        closures=tuple(_closed(entry, periods) for entry in file.closures),
        floor=_floor(file, known),
    )


def _id_of(name: PeriodName | None, periods: Mapping[PeriodName, int]) -> int | None:
    return None if name is None else periods[name]


def _rule(number: int, entry: RuleEntry, periods: Mapping[PeriodName, int]) -> Rule:
    return Rule(
        rule_id=number,
        period_id=_id_of(entry.service_period, periods),
        weekday=entry.weekday,
        from_date=entry.from_date,
        to_date=entry.to_date,
        from_time=entry.from_time,
        to_time=entry.to_time,
        **{name: getattr(entry, name) for name in LIMIT_FIELDS},
    )


def _closed(entry: ClosureEntry, periods: Mapping[PeriodName, int]) -> ClosedSpan:
    if entry.from_date is None or entry.to_date is None:
        raise ValueError("a closure of a canonical file has dates")
    return ClosedSpan(
        period_id=_id_of(entry.service_period, periods),
        from_date=entry.from_date,
        to_date=entry.to_date,
        from_time=entry.from_time,
        to_time=entry.to_time,
        channel=entry.channel,
    )


def _floor(file: RestaurantFile, known: KnownIds) -> Floor:
    ids = known.of_tables(entry.number for entry in file.tables)
    given_out = [entry for entry in file.tables if entry.status == TableStatus.ACTIVE]
    return Floor(
        tuple(_table(ids[entry.number], entry) for entry in given_out),
        tuple(_combination(entry, ids) for entry in file.combinations),
    )


def _table(table_id: int, entry: TableEntry) -> SeatingTable:
    return SeatingTable(
        table_id=table_id,
        number=entry.number,
        min_party_size=entry.min_party_size,
        max_party_size=entry.max_party_size or entry.capacity,
        capacity=entry.capacity,
        priority=entry.priority,
        seating_type=entry.seating_type,
        audience=frozenset(entry.audience),
    )


def _combination(entry: CombinationEntry, ids: Mapping[str, int]) -> CombinedTables:
    table_ids = tuple(sorted(ids[number] for number in entry.tables))
    return CombinedTables(table_ids, entry.min_party_size, entry.max_party_size)
