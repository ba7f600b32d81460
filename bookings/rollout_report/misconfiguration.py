"""Settings that are allowed and probably not meant, the serious ones first. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bookings.rollout_report.facts import Misconfiguration, Place
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
from capacity.calendar import TurnBand
from capacity.limits import LIMIT_FIELDS, LimitField, Rule


@dataclass(frozen=True)
class PeriodOffer:
    """A service period that is offered, and whether it seats parties at tables or by numbers alone."""

    period_id: int
    name: str
    seats_at_tables: bool


@dataclass(frozen=True)
class HouseSettings:
    """All that a house has set, as far as it can be set wrongly; `tables` are the active ones by id."""

    restaurant_id: int
    today: date
    house: House
    periods: Sequence[PeriodOffer]
    rules: Sequence[Rule]
    bands: Sequence[TurnBand]
    tables: Mapping[int, TableOffer]


def find_misconfigurations(settings: HouseSettings) -> tuple[Misconfiguration, ...]:
    """Find what is probably not meant: first what takes too many parties or none, then what only wastes seats."""
    found = (
        *_unlimited_periods(settings),
        *_periods_without_tables(settings),
        *_questionable_rules(settings),
        *_turn_time_gaps(settings),
        *_idle_tables(settings),
    )
    return tuple(sorted(found, key=lambda it: not it.is_serious))


def _unlimited_periods(settings: HouseSettings) -> Iterator[Misconfiguration]:
    standing = [rule for rule in settings.rules if rule.from_date is None and _says_something(rule)]
    for period in settings.periods:
        if any(rule.period_id in (None, period.period_id) for rule in standing):
            continue
        what = "only its tables" if period.seats_at_tables else "nothing"
        yield Misconfiguration(
            code="PERIOD_WITHOUT_RULE",
            message=f"{period.name}: no standing rule sets a limit, {what} can refuse a party.",
            place=Place("capacityrule", None),
            is_serious=not period.seats_at_tables,
        )


def _says_something(rule: Rule) -> bool:
    return any(limit is not None for limit in _limits(rule).values())


def _limits(rule: Rule) -> dict[LimitField, int | None]:
    return {name: getattr(rule, name) for name in LIMIT_FIELDS}


def _periods_without_tables(settings: HouseSettings) -> Iterator[Misconfiguration]:
    if settings.tables:
        return
    for period in settings.periods:
        if period.seats_at_tables:
            yield Misconfiguration(
                code="PERIOD_WITHOUT_TABLES",
                message=f"{period.name} seats parties at tables, and there is no active table: every party is refused.",
                place=Place("table", None),
                is_serious=True,
            )


def _questionable_rules(settings: HouseSettings) -> Iterator[Misconfiguration]:
    for rule in settings.rules:
        if rule.from_date is not None and (rule.to_date or rule.from_date) < settings.today:
            continue
        limits = _limits(rule)
        closing = advise_on_closing_limits(limits, settings.house)
        yield from _of_rule(rule, "LIMIT_CLOSES", closing, is_serious=True)
        if _is_standing(rule):
            yield from _of_rule(rule, "LIMIT_BELOW_SEATS", advise_on_empty_seats(limits, settings.house))
        others = [it for it in advise_on_limits(limits, settings.house) if it not in closing]
        yield from _of_rule(rule, "LIMIT_QUESTIONABLE", others)


def _is_standing(rule: Rule) -> bool:
    """Say whether a rule holds on every date and all evening: a narrower one is less than the seats on purpose."""
    return rule.from_date is None and rule.weekday is None and rule.from_time is None


def _of_rule(
    rule: Rule, code: str, advice: Iterable[Advice], *, is_serious: bool = False
) -> Iterator[Misconfiguration]:
    for item in advice:
        yield Misconfiguration(code, item.message, Place("capacityrule", rule.rule_id), is_serious)


def _turn_time_gaps(settings: HouseSettings) -> Iterator[Misconfiguration]:
    names = {period.period_id: period.name for period in settings.periods}
    for item in advise_on_turn_times(settings.bands, names, settings.house.largest_party):
        yield Misconfiguration("TURN_TIME_GAP", item.message, Place("turntime", None), is_serious=False)


def _idle_tables(settings: HouseSettings) -> Iterator[Misconfiguration]:
    for table_id, table in settings.tables.items():
        message = advise_on_table(table, settings.house)
        if message is not None:
            yield Misconfiguration("TABLE_WITHOUT_PARTY", message, Place("table", table_id), is_serious=False)
