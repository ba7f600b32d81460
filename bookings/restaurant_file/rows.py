"""The rows of the database as entries of a file, and entries as columns of rows.

Field names of entries are those of the models; this module names the exceptions.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, TypeVar

from bookings.restaurant_file.entries import (
    ClosureEntry,
    CombinationEntry,
    PartySizeEntry,
    PeriodEntry,
    PeriodName,
    PositionEntry,
    RestaurantEntry,
    RuleEntry,
    SectionEntry,
    SizeEntry,
    TableEntry,
    TurnTimeEntry,
)
from bookings.restaurant_file.schema import Entry
from capacity.models import CapacityRule, Closure, ServicePeriod, TurnTime
from tables.choices import Audience
from tables.models import Restaurant, Section, Table, TableCombination
from tables.seating import natural_key

E = TypeVar("E", bound=Entry)
Scoped = TurnTime | CapacityRule | Closure


def columns_of(entry: Entry, *, without: Iterable[str] = ()) -> dict[str, Any]:
    """Return the fields of an entry that are columns of its row under the same name."""
    left_out = {"place", *without}
    values = {field.name: getattr(entry, field.name) for field in fields(entry) if field.name not in left_out}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _entry_of(entry_class: type[E], row: Any, **different: Any) -> E:
    names = {field.name for field in fields(entry_class)} - {"place", *different}
    return entry_class(**{name: getattr(row, name) for name in names}, **different)


def restaurant_entry(row: Restaurant) -> RestaurantEntry:
    """Return a restaurant as an entry."""
    return _entry_of(RestaurantEntry, row, party_size=PartySizeEntry(min=row.party_size_min, max=row.party_size_max))


def restaurant_columns(entry: RestaurantEntry) -> dict[str, Any]:
    """Return the columns of a restaurant."""
    size = entry.party_size
    return columns_of(entry, without=["party_size"]) | {"party_size_min": size.min, "party_size_max": size.max}


def section_entry(row: Section, rank: int) -> SectionEntry:
    """Return a section as an entry."""
    return SectionEntry(name=row.name, rank=rank)


def section_columns(entry: SectionEntry) -> dict[str, Any]:
    """Return the columns of a section."""
    return {"name": entry.name, "position": entry.rank}


def table_entry(row: Table) -> TableEntry:
    """Return a table as an entry."""
    audience = tuple(channel for channel in Audience.values if channel in row.audience)
    section = row.section.name if row.section else None
    position, size = PositionEntry(x=row.x, y=row.y), SizeEntry(width=row.width, depth=row.depth)
    return _entry_of(TableEntry, row, section=section, audience=audience, position=position, size=size)


def table_columns(entry: TableEntry, sections: dict[str, Section]) -> dict[str, Any]:
    """Return the columns of a table."""
    section = sections[entry.section] if entry.section is not None else None
    columns = columns_of(entry, without=["section", "position", "size"])
    plan = {"x": entry.position.x, "y": entry.position.y, "width": entry.size.width, "depth": entry.size.depth}
    return columns | plan | {"section": section}


def combination_entry(row: TableCombination) -> CombinationEntry:
    """Return a combination as an entry."""
    numbers = sorted((table.number for table in row.tables.all()), key=natural_key)
    return _entry_of(CombinationEntry, row, tables=tuple(numbers))


def period_entry(row: ServicePeriod) -> PeriodEntry:
    """Return a service period as an entry; special hours have neither weekdays nor validity in it."""
    is_retired = row.retired_at is not None
    if row.on_date is not None:
        return _entry_of(PeriodEntry, row, weekdays=(), valid_from=None, valid_to=None, is_retired=is_retired)
    return _entry_of(PeriodEntry, row, weekdays=tuple(sorted(set(row.weekdays))), is_retired=is_retired)


def period_columns(entry: PeriodEntry) -> dict[str, Any]:
    """Return the columns of a service period that is in use."""
    return columns_of(entry, without=["is_retired"]) | {"retired_at": None}


def turn_time_entry(row: TurnTime) -> TurnTimeEntry:
    """Return a turn time as an entry."""
    return _entry_of(TurnTimeEntry, row, service_period=_period_name(row))


def rule_entry(row: CapacityRule) -> RuleEntry:
    """Return a capacity rule as an entry in canonical form."""
    return _entry_of(RuleEntry, row, service_period=_period_name(row), on_date=None)


def closure_entry(row: Closure) -> ClosureEntry:
    """Return a closure as an entry in canonical form."""
    return _entry_of(ClosureEntry, row, service_period=_period_name(row), on_date=None)


def scoped_columns(
    entry: TurnTimeEntry | RuleEntry | ClosureEntry, periods: dict[PeriodName, ServicePeriod]
) -> dict[str, Any]:
    """Return the columns of a turn time, rule or closure."""
    period = periods[entry.service_period] if entry.service_period is not None else None
    return columns_of(entry, without=["service_period", "on_date"]) | {"service_period": period}


def _period_name(row: Scoped) -> PeriodName | None:
    period = row.service_period
    return PeriodName(name=period.name, on_date=period.on_date) if period else None
