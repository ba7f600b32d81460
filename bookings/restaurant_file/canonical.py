"""The canonical form of settings that files can write in several ways, so that files and rows compare.

In the canonical form dates are from-to, a period is named in full, and a table has its largest party. Days are a list,
sections have a rank and the restaurant its buffer.
"""

from dataclasses import replace
from typing import TypeVar

from bookings.restaurant_file.entries import (
    ClosureEntry,
    PeriodEntry,
    RestaurantFile,
    RuleEntry,
    TableEntry,
    TurnTimeEntry,
)
from bookings.restaurant_file.references import find_period, shortest_name

S = TypeVar("S", RuleEntry, ClosureEntry)
R = TypeVar("R", TurnTimeEntry, RuleEntry, ClosureEntry)


def to_canonical(file: RestaurantFile) -> RestaurantFile:
    """Return a checked file in canonical form."""
    return replace(
        file,
        restaurant=replace(file.restaurant, buffer_minutes=file.buffer_minutes),
        sections=tuple(replace(section, rank=rank) for rank, section in enumerate(file.sections)),
        tables=tuple(_with_largest_party(table) for table in file.tables),
        service_periods=tuple(replace(period, weekdays=period.weekdays or ()) for period in file.service_periods),
        turn_times=tuple(_with_full_name(entry, file) for entry in file.turn_times),
        capacity_rules=tuple(_with_dates(_with_full_name(entry, file)) for entry in file.capacity_rules),
        closures=tuple(_with_dates(_with_full_name(entry, file)) for entry in file.closures),
    )


def _with_largest_party(table: TableEntry) -> TableEntry:
    return replace(table, max_party_size=table.max_party_size or table.capacity)


def _with_full_name(entry: R, file: RestaurantFile) -> R:
    if entry.service_period is None:
        return entry
    return replace(entry, service_period=find_period(file.service_periods, entry.service_period))


def _with_dates(entry: S) -> S:
    first = entry.on_date or entry.from_date
    return replace(entry, on_date=None, from_date=first, to_date=entry.to_date or first)


def to_written(file: RestaurantFile) -> RestaurantFile:
    """Return a canonical file in the shortest form of the same settings."""
    return replace(
        file,
        tables=tuple(_without_default_largest(table) for table in file.tables),
        service_periods=tuple(_without_days_beside_date(period) for period in file.service_periods),
        turn_times=tuple(_with_short_name(entry, file) for entry in file.turn_times),
        capacity_rules=tuple(_with_one_date(_with_short_name(entry, file)) for entry in file.capacity_rules),
        closures=tuple(_with_one_date(_with_short_name(entry, file)) for entry in file.closures),
    )


def _without_default_largest(table: TableEntry) -> TableEntry:
    return replace(table, max_party_size=None) if table.max_party_size == table.capacity else table


def _without_days_beside_date(period: PeriodEntry) -> PeriodEntry:
    return replace(period, weekdays=None, valid_from=None, valid_to=None) if period.on_date else period


def _with_short_name(entry: R, file: RestaurantFile) -> R:
    if entry.service_period is None:
        return entry
    return replace(entry, service_period=shortest_name(file.service_periods, entry.service_period))


def _with_one_date(entry: S) -> S:
    if entry.from_date is None or entry.from_date != entry.to_date:
        return entry
    return replace(entry, on_date=entry.from_date, from_date=None, to_date=None)
