"""Settings that are allowed and probably not meant, the serious ones first. Pure: no Django, no clock."""

from calendar import day_name
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from capacity.advice import (
    Advice,
    House,
    TableOffer,
    advise_on_closing_limits,
    advise_on_empty_seats,
    advise_on_limits,
    advise_on_table,
    advise_on_turn_times,
)
from capacity.calendar import PeriodHours, TurnBand
from capacity.coverage import is_still_offered, list_unlimited_weekdays
from capacity.limits import Rule
from capacity.scopes import describe_scope, is_in_scope

MisconfigurationCode = Literal[
    "PERIOD_WITHOUT_RULE",
    "PERIOD_WITHOUT_TABLES",
    "LIMIT_CLOSES",
    "LIMIT_BELOW_SEATS",
    "LIMIT_QUESTIONABLE",
    "TURN_TIME_GAP",
    "TABLE_WITHOUT_PARTY",
]


@dataclass(frozen=True)
class Place:
    """The place where a setting is changed: the kind of row, and the row itself; None for a new one."""

    kind: str
    pk: int | None


@dataclass(frozen=True)
class Misconfiguration:
    """A setting that is probably not meant, with its scope and the place where it is changed."""

    code: MisconfigurationCode
    advice: str
    place: Place
    is_serious: bool = False
    scope: str = ""

    @property
    def message(self) -> str:
        """Return the advice with its scope, which tells two alike apart."""
        return f"{self.scope}: {self.advice}" if self.scope else self.advice


@dataclass(frozen=True)
class PeriodOffer:
    """A service period that is offered, and whether it seats parties at tables or by numbers alone."""

    hours: PeriodHours
    seats_at_tables: bool

    @property
    def name(self) -> str:
        return self.hours.name


@dataclass(frozen=True)
class HouseSettings:
    """All settings of a house that can be set wrongly; `tables` are the active ones by id."""

    today: date
    house: House
    periods: Sequence[PeriodOffer]
    rules: Sequence[Rule]
    bands: Sequence[TurnBand]
    tables: Mapping[int, TableOffer]


def find_misconfigurations(settings: HouseSettings) -> tuple[Misconfiguration, ...]:
    """Find settings probably not meant: first those that take too many parties or none, then those that waste seats."""
    found = (
        *_unlimited_periods(settings),
        *_periods_without_tables(settings),
        *_questionable_rules(settings),
        *_turn_time_gaps(settings),
        *_idle_tables(settings),
    )
    return tuple(sorted(found, key=lambda misconfiguration: not misconfiguration.is_serious))


def _unlimited_periods(settings: HouseSettings) -> Iterator[Misconfiguration]:
    for period in settings.periods:
        weekdays = list_unlimited_weekdays(period.hours, settings.rules)
        if not weekdays or not is_still_offered(period.hours, settings.today):
            continue
        what = "only its tables" if period.seats_at_tables else "nothing"
        yield Misconfiguration(
            code="PERIOD_WITHOUT_RULE",
            scope=_on(period, weekdays),
            advice=f"no standing rule sets a limit, {what} can refuse a party.",
            place=Place("capacityrule", None),
            is_serious=not period.seats_at_tables,
        )


def _on(period: PeriodOffer, weekdays: Collection[int]) -> str:
    """Name a period, and its weekdays where only some are meant."""
    if period.hours.on_date is not None or len(weekdays) == len(period.hours.weekdays):
        return period.name
    return f"{period.name}, {', '.join(day_name[weekday - 1] for weekday in weekdays)}"


def _periods_without_tables(settings: HouseSettings) -> Iterator[Misconfiguration]:
    if settings.tables:
        return
    for period in settings.periods:
        if period.seats_at_tables:
            yield Misconfiguration(
                code="PERIOD_WITHOUT_TABLES",
                advice=f"{period.name} seats parties at tables, and there is no active table: every party is refused.",
                place=Place("table", None),
                is_serious=True,
            )


def _questionable_rules(settings: HouseSettings) -> Iterator[Misconfiguration]:
    for rule in settings.rules:
        if rule.from_date is not None and (rule.to_date or rule.from_date) < settings.today:
            continue
        limits, house = rule.limits, _house_of(rule, settings)
        closing = advise_on_closing_limits(limits, house)
        if _is_standing(rule):
            yield from _of_rule(rule, "LIMIT_CLOSES", settings, closing, is_serious=True)
            yield from _of_rule(rule, "LIMIT_BELOW_SEATS", settings, advise_on_empty_seats(limits, house))
        others = [item for item in advise_on_rule(rule, settings) if item not in closing]
        yield from _of_rule(rule, "LIMIT_QUESTIONABLE", settings, others)


def advise_on_rule(rule: Rule, settings: HouseSettings) -> tuple[Advice, ...]:
    """Name the limits of a rule that are probably not meant, however narrow its scope is."""
    return advise_on_limits(rule.limits, _house_of(rule, settings))


def _house_of(rule: Rule, settings: HouseSettings) -> House:
    return settings.house.at_tables(
        period.seats_at_tables for period in settings.periods if is_in_scope(rule, period.hours)
    )


def _scope_of(rule: Rule, settings: HouseSettings) -> str:
    names = {period.hours.period_id: period.name for period in settings.periods}
    # A rule of a period that is retired stands there and applies to nothing.
    service = None if rule.period_id is None else names.get(rule.period_id, "A retired service")
    return describe_scope(rule, service)


def _is_standing(rule: Rule) -> bool:
    """Say whether a rule holds on every date and all evening: a narrower one closes or leaves seats on purpose."""
    return rule.from_date is None and rule.weekday is None and rule.from_time is None


def _of_rule(
    rule: Rule,
    code: MisconfigurationCode,
    settings: HouseSettings,
    advice: Iterable[Advice],
    *,
    is_serious: bool = False,
) -> Iterator[Misconfiguration]:
    place, scope = Place("capacityrule", rule.rule_id), _scope_of(rule, settings)
    for item in advice:
        yield Misconfiguration(code, item.message, place, is_serious, scope)


def _turn_time_gaps(settings: HouseSettings) -> Iterator[Misconfiguration]:
    names = {period.hours.period_id: period.name for period in settings.periods}
    for item in advise_on_turn_times(settings.bands, names, settings.house.largest_party):
        yield Misconfiguration("TURN_TIME_GAP", item.message, Place("turntime", None))


def _idle_tables(settings: HouseSettings) -> Iterator[Misconfiguration]:
    for table_id, table in settings.tables.items():
        message = advise_on_table(table, settings.house)
        if message is not None:
            yield Misconfiguration("TABLE_WITHOUT_PARTY", message, Place("table", table_id))
