"""Carry changes into the rows of a restaurant, inside the transaction that its services opened."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.db.models import Model

from bookings.restaurant_file import rows
from bookings.restaurant_file.comparing import Action, Change
from bookings.restaurant_file.entries import CombinationEntry, PeriodEntry, PeriodName, RestaurantEntry
from bookings.services.settings.settings_rows import delete_row, save_row
from capacity.models import CapacityRule, Closure, ServicePeriod, TurnTime
from tables.choices import TableStatus
from tables.models import Restaurant, Section, Table, TableCombination

Columns = Callable[[Any], dict[str, Any]]


def apply_changes(restaurant: Restaurant, changes: Iterable[Change]) -> tuple[Table, ...]:
    """Save, retire and delete rows, each after the rows that it refers to and before those that refer to it are gone.

    Returns the tables that are to go once no party sits there any more.

    Raises: `RecordInUse`.
    """
    by_key: dict[str, list[Change]] = {}
    for change in changes:
        by_key.setdefault(change.key, []).append(change)
    for key in ("turn_times", "capacity_rules", "closures", "combinations"):
        _remove(by_key.get(key, []))
    _save_restaurant(by_key.get("restaurant", []))
    leaving = _save_floor(restaurant, by_key)
    _save_hours(restaurant, by_key)
    return leaving


def _save_restaurant(changes: list[Change]) -> None:
    for change in changes:
        # A new restaurant is saved by then: everything else refers to it.
        if change.action is Action.CHANGE and isinstance(change.after, RestaurantEntry):
            _save_row(change.row, rows.restaurant_columns(change.after))


def _save_floor(restaurant: Restaurant, by_key: dict[str, list[Change]]) -> tuple[Table, ...]:
    _save(restaurant, Section, by_key.get("sections", []), rows.section_columns)
    sections = {section.name: section for section in restaurant.sections.all()}
    tables = by_key.get("tables", [])
    _save(restaurant, Table, tables, partial(rows.table_columns, sections=sections))
    _retire_tables(tables)
    leaving = _remove(tables)
    _remove_sections(by_key.get("sections", []))
    numbers = {table.number: table for table in restaurant.tables.all()}
    for change in by_key.get("combinations", []):
        _save_combination(restaurant, change, numbers)
    return leaving


def _save_hours(restaurant: Restaurant, by_key: dict[str, list[Change]]) -> None:
    periods = by_key.get("service_periods", [])
    _forget_retired_times(periods)
    _save(restaurant, ServicePeriod, periods, rows.period_columns)
    _remove(periods)
    in_use = restaurant.service_periods.filter(retired_at__isnull=True)
    names = {PeriodName(name=period.name, on_date=period.on_date): period for period in in_use}
    columns = partial(rows.scoped_columns, periods=names)
    _save(restaurant, TurnTime, by_key.get("turn_times", []), columns)
    _save(restaurant, CapacityRule, by_key.get("capacity_rules", []), columns)
    _save(restaurant, Closure, by_key.get("closures", []), columns)


def _save(restaurant: Restaurant, model: type[Model], changes: list[Change], columns: Columns) -> None:
    for change in changes:
        if change.after is not None:
            _save_row(change.row or model(restaurant=restaurant), columns(change.after))


def _save_row(row: Any, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(row, name, value)
    save_row(row)


def _remove(changes: list[Change]) -> tuple[Table, ...]:
    leaving: tuple[Table, ...] = ()
    for change in changes:
        # A service period that has service days is retired by the same service.
        is_retired_period = change.action is Action.RETIRE and isinstance(change.row, ServicePeriod)
        if change.action is Action.REMOVE or is_retired_period:
            leaving += delete_row(change.row)
    return leaving


def _retire_tables(changes: list[Change]) -> None:
    for change in changes:
        if change.action is Action.RETIRE:
            _save_row(change.row, {"status": TableStatus.RETIRED})


def _remove_sections(changes: list[Change]) -> None:
    for change in changes:
        if change.action is Action.REMOVE:
            # A row that still stands there is retired, and named by no file any more.
            change.row.tables.update(section=None)
            delete_row(change.row)


def _save_combination(restaurant: Restaurant, change: Change, tables: dict[str, Table]) -> None:
    if not isinstance(change.after, CombinationEntry):
        return
    row = change.row or TableCombination(restaurant=restaurant)
    _save_row(row, rows.columns_of(change.after, without=["tables"]))
    row.tables.set(tables[number] for number in change.after.tables)


def _forget_retired_times(changes: list[Change]) -> None:
    """Delete the times that a returning period had before it was retired: the file has its present ones."""
    for change in changes:
        if isinstance(change.before, PeriodEntry) and change.before.is_retired:
            for rows_of_period in (change.row.turn_times, change.row.capacity_rules, change.row.closures):
                rows_of_period.all().delete()
