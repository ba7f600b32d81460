"""The rows of a restaurant in the database, with their entries of a file."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic

from django.db.models import F, Q

from bookings.models import TableAssignment
from bookings.restaurant_file import rows
from bookings.restaurant_file.entries import (
    ClosureEntry,
    CombinationEntry,
    PeriodEntry,
    RestaurantEntry,
    RestaurantFile,
    RuleEntry,
    SectionEntry,
    TableEntry,
    TurnTimeEntry,
)
from bookings.restaurant_file.schema import E
from capacity.models import ServiceDay, TurnTime
from config.errors import RecordNotFound
from tables.choices import TableStatus
from tables.models import Restaurant


@dataclass(frozen=True)
class StoredRow(Generic[E]):
    """A row with its entry; a row that others refer to is retired, never deleted."""

    entry: E
    row: Any
    is_referred_to: bool = False
    is_retired: bool = False


@dataclass(frozen=True)
class StoredRestaurant:
    """The settings of a restaurant; rows of retired service periods are left out."""

    restaurant: StoredRow[RestaurantEntry] | None = None
    turn_times: list[StoredRow[TurnTimeEntry]] = field(default_factory=list)
    sections: list[StoredRow[SectionEntry]] = field(default_factory=list)
    tables: list[StoredRow[TableEntry]] = field(default_factory=list)
    combinations: list[StoredRow[CombinationEntry]] = field(default_factory=list)
    service_periods: list[StoredRow[PeriodEntry]] = field(default_factory=list)
    capacity_rules: list[StoredRow[RuleEntry]] = field(default_factory=list)
    closures: list[StoredRow[ClosureEntry]] = field(default_factory=list)


def load_stored(slug: str) -> StoredRestaurant:
    """Load a restaurant, active or not, in 12 queries; an empty one where there is no such slug."""
    restaurant = Restaurant.objects.filter(slug=slug).first()
    if restaurant is None:
        return StoredRestaurant()
    in_use = Q(service_period__isnull=True) | Q(service_period__retired_at__isnull=True)
    turn_times = restaurant.turn_times.filter(in_use).select_related("service_period")
    rules = restaurant.capacity_rules.filter(in_use).select_related("service_period")
    closures = restaurant.closures.filter(in_use).select_related("service_period")
    return StoredRestaurant(
        restaurant=StoredRow(rows.restaurant_entry(restaurant), restaurant),
        turn_times=[StoredRow(rows.turn_time_entry(row), row) for row in _by_band(turn_times)],
        sections=_load_sections(restaurant),
        tables=_load_tables(restaurant),
        combinations=_load_combinations(restaurant),
        service_periods=_load_periods(restaurant),
        # Of two alike rules the newer decides: their order is part of what they say.
        capacity_rules=[StoredRow(rows.rule_entry(row), row) for row in rules.order_by("pk")],
        closures=[StoredRow(rows.closure_entry(row), row) for row in closures.order_by("from_date", "pk")],
    )


def _by_band(turn_times: Iterable[TurnTime]) -> list[TurnTime]:
    return sorted(turn_times, key=lambda row: (row.service_period_id or 0, row.up_to))


def _load_sections(restaurant: Restaurant) -> list[StoredRow[SectionEntry]]:
    found = restaurant.sections.order_by("position", "name")
    return [StoredRow(rows.section_entry(row, rank), row) for rank, row in enumerate(found)]


def _load_tables(restaurant: Restaurant) -> list[StoredRow[TableEntry]]:
    found = restaurant.tables.select_related("section").in_number_order()
    assigned = set(TableAssignment.objects.filter(table__in=found).values_list("table_id", flat=True).distinct())
    return [
        StoredRow(rows.table_entry(row), row, row.pk in assigned, is_retired=row.status == TableStatus.RETIRED)
        for row in found
    ]


def _load_combinations(restaurant: Restaurant) -> list[StoredRow[CombinationEntry]]:
    found = restaurant.combinations.prefetch_related("tables").order_by("pk")
    return [StoredRow(rows.combination_entry(row), row) for row in found]


def _load_periods(restaurant: Restaurant) -> list[StoredRow[PeriodEntry]]:
    """Load the periods in their order; after them the retired ones, the last retired first."""
    found = restaurant.service_periods.order_by(F("on_date").asc(nulls_first=True), "start_time", "name")
    in_use = found.filter(retired_at__isnull=True)
    retired = found.filter(retired_at__isnull=False).order_by("-retired_at", "pk")
    days = ServiceDay.objects.filter(restaurant=restaurant)
    served = set(days.values_list("service_period_id", flat=True).distinct())
    return [
        StoredRow(rows.period_entry(row), row, row.pk in served, is_retired=row.retired_at is not None)
        for row in (*in_use, *retired)
    ]


def to_file(stored: StoredRestaurant) -> RestaurantFile:
    """Return the stored settings as a canonical file.

    Raises: `RecordNotFound`.
    """
    if stored.restaurant is None:
        raise RecordNotFound
    return RestaurantFile(
        restaurant=stored.restaurant.entry,
        buffer_minutes=stored.restaurant.entry.buffer_minutes,
        turn_times=_entries(stored.turn_times),
        sections=_entries(stored.sections),
        tables=_entries(stored.tables),
        combinations=_entries(stored.combinations),
        service_periods=_entries(period for period in stored.service_periods if not period.is_retired),
        capacity_rules=_entries(stored.capacity_rules),
        closures=_entries(stored.closures),
    )


def _entries(stored: Iterable[StoredRow[E]]) -> tuple[E, ...]:
    return tuple(row.entry for row in stored)
