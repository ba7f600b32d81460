"""The cells of the grids: each a limit in a scope, with its own number, and what it is without one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from bookings.admin.settings.words import SHORT_WEEKDAYS
from capacity.calendar import PeriodHours, service_times
from capacity.choices import Weekday
from capacity.limits import LIMITS, SLOT_LIMITS, Limit, Rule
from capacity.scopes import LimitScope, Scope, describe_scope, describe_span
from capacity.selectors import ServiceSettings
from config.values import LAST_DATE

EVERY_SERVICE, EVERY_DAY, WHOLE_SERVICE = "Every service", "Every day", "Whole service"
# A page has one input a cell: of more services than a week ever has, those that begin last are left to their rules.
MOST_PERIODS = 40
DAYS_TO_COPY_TO = 42


@dataclass(frozen=True)
class LimitCell:
    """A limit in a scope: the rule of exactly that scope, and the rule that decides without it; each may be none."""

    name: str
    scope: LimitScope
    limit: Limit
    own: Rule | None
    besides: Rule | None
    # A service that a weekday does not have takes no number.
    is_offered: bool = True

    @property
    def number(self) -> int | None:
        """Return the number of its own."""
        return getattr(self.own, self.limit.column, None)

    @property
    def number_besides(self) -> int | None:
        """Return the number that holds without one of its own."""
        return getattr(self.besides, self.limit.column, None)

    @property
    def is_beaten(self) -> bool:
        """Say whether another rule goes before that of its own."""
        return self.own is not None and self.besides is not None and self.besides.precedence > self.own.precedence

    @property
    def source(self) -> str:
        """Say in a few words where the number comes from that holds without its own."""
        return _short_scope(self.besides, self.scope) if self.besides else ""


@dataclass(frozen=True)
class GridRow:
    """A row of cells with its name; `heading` begins a group of rows. A cell that is none has no such limit."""

    name: str
    cells: tuple[LimitCell | None, ...]
    heading: str = ""


@dataclass(frozen=True)
class LimitTable:
    """Rows under the names of their columns; `limit` where all cells are of one."""

    columns: tuple[str, ...]
    rows: tuple[GridRow, ...]
    limit: Limit | None = None


@dataclass(frozen=True)
class LimitGrid:
    """The tables of a page; `on_date` is None for the week. `left_out` counts services beyond the most."""

    settings: ServiceSettings
    on_date: date | None
    tables: tuple[LimitTable, ...]
    left_out: int = 0

    @property
    def cells(self) -> dict[str, LimitCell]:
        """Return the cells that take a number, by name."""
        found = (cell for table in self.tables for row in table.rows for cell in row.cells if cell is not None)
        return {cell.name: cell for cell in found if cell.is_offered or cell.own}

    def describe(self, scope: Scope, period_id: int | None) -> str:
        """Write a scope of a service in words."""
        names = {period.period_id: period.name for period in self.settings.periods}
        return describe_scope(scope, names.get(period_id) if period_id else None)


def _short_scope(rule: Rule, scope: LimitScope) -> str:
    """Write the scope of a rule as it differs from another: "every day", "this date", "every service, Fri"."""
    service = ["every service"] if rule.period_id is None and scope.period_id is not None else []
    weekday = [SHORT_WEEKDAYS[rule.weekday]] if rule.weekday else []
    span = describe_span(rule)
    if rule.from_date is not None and (rule.from_date, rule.to_date or rule.from_date) == (scope.on_date,) * 2:
        span[0] = "this date"
    return ", ".join([*service, *weekday, *span]) or "every day"


# The week


def make_week(settings: ServiceSettings) -> LimitGrid:
    """Return the limits of every service by weekday, a table for each of the six."""
    ahead = [period for period in settings.periods if _is_ahead(period, settings.today)]
    periods = sorted(ahead, key=lambda period: (period.start_minute, period.period_id))
    shown = periods[:MOST_PERIODS]
    columns = (EVERY_DAY, *(day.label for day in Weekday))
    # Without dates and times, which hold for some of a day alone.
    rules = tuple(rule for rule in settings.rules if (rule.from_date, rule.from_time) == (None, None))
    tables = tuple(LimitTable(columns, tuple(_week_rows(rules, shown, limit)), limit) for limit in LIMITS)
    return LimitGrid(settings, None, tables, len(periods) - len(shown))


def _is_ahead(period: PeriodHours, today: date) -> bool:
    return period.on_date is None and (period.valid_to is None or period.valid_to >= today)


def _week_rows(rules: Sequence[Rule], periods: Sequence[PeriodHours], limit: Limit) -> Iterator[GridRow]:
    for period in (*periods, None):
        cells = tuple(_week_cell(rules, period, weekday, limit) for weekday in (None, *Weekday.values))
        yield GridRow(period.name if period else EVERY_SERVICE, cells)


def _week_cell(rules: Sequence[Rule], period: PeriodHours | None, weekday: int | None, limit: Limit) -> LimitCell:
    scope = LimitScope(period.period_id if period else None, weekday)
    is_offered = period is None or weekday is None or weekday in period.weekdays
    return _cell(rules, scope, limit, f"{weekday or 'all'}", is_offered=is_offered)


def _cell(rules: Sequence[Rule], scope: LimitScope, limit: Limit, place: str, *, is_offered: bool = True) -> LimitCell:
    name = f"cell-{scope.period_id or 'all'}-{place}-{limit.column}"
    return LimitCell(name, scope, limit, scope.own_rule(rules, limit), scope.rule_besides(rules, limit), is_offered)


def list_narrower(settings: ServiceSettings) -> list[str]:
    """List in words the rules with dates that lie ahead, or with a time of day: they go before those of the week."""
    rules = (
        rule
        for rule in settings.rules
        if (rule.from_date or rule.from_time) and (rule.to_date or rule.from_date or date.max) >= settings.today
    )
    names = {period.period_id: period.name for period in settings.periods}
    known = [(rule, names.get(rule.period_id) if rule.period_id else None) for rule in rules]
    return sorted(describe_scope(rule, name) for rule, name in known if rule.period_id is None or name)


# One date


def make_date(settings: ServiceSettings, on_date: date) -> LimitGrid:
    """Return the limits of the services of a date: of each as a whole, and of its starts."""
    # Whatever holds for the date: the cells ask for nothing else.
    rules = tuple(rule for rule in settings.rules if _may_hold_on(rule, on_date))
    rows = [row for period in settings.periods_on(on_date) for row in _date_rows(settings, rules, period, on_date)]
    cell = partial(_cell, rules, LimitScope(on_date=on_date), place="all")
    rows.append(GridRow(WHOLE_SERVICE, tuple(cell(limit=limit) for limit in LIMITS), heading=EVERY_SERVICE))
    columns = tuple(limit.name.capitalize() for limit in LIMITS)
    return LimitGrid(settings, on_date, (LimitTable(columns, tuple(rows)),))


def _may_hold_on(rule: Rule, on_date: date) -> bool:
    return rule.covers_date(rule.period_id, on_date)


def _date_rows(
    settings: ServiceSettings, rules: Sequence[Rule], period: PeriodHours, on_date: date
) -> Iterator[GridRow]:
    whole = LimitScope(period.period_id, on_date=on_date)
    cells = tuple(_cell(rules, whole, limit, "all") for limit in LIMITS)
    yield GridRow(WHOLE_SERVICE, cells, heading=period.name)
    minutes = settings.restaurant.slot_minutes
    slots = service_times(period, on_date, settings.zone, minutes).slots
    # Of a repeated hour both passings are one time of a rule.
    for wall in dict.fromkeys(slot.wall_time for slot in slots):
        scope = LimitScope.of_slot(period.period_id, on_date, wall, minutes)
        of_slot = (_cell(rules, scope, limit, f"{wall:%H%M}") if limit in SLOT_LIMITS else None for limit in LIMITS)
        yield GridRow(f"{wall:%H:%M}", tuple(of_slot))


def list_dates_to_copy_to(settings: ServiceSettings, on_date: date) -> list[tuple[date, str]]:
    """List the dates ahead of six weeks from the Monday of a date, but for itself, each in words."""
    dates = (on_date + timedelta(days=day - on_date.weekday()) for day in range(DAYS_TO_COPY_TO))
    return [(day, f"{day:%a %-d %b}") for day in dates if settings.today <= day <= LAST_DATE and day != on_date]
