"""The changes of an import: rows of the database beside the entries of a file."""

from calendar import day_name
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import time
from enum import StrEnum
from typing import Any

from bookings.restaurant_file.entries import ClosureEntry, PeriodEntry, RestaurantFile, RuleEntry, TurnTimeEntry
from bookings.restaurant_file.kinds import Choice, DayOfWeek, Kind, ListOf
from bookings.restaurant_file.schema import E, Entry, EntryOf, keys_of
from bookings.restaurant_file.stored import StoredRestaurant, StoredRow
from capacity.limits import Precedence, Rule

Pair = tuple[StoredRow[E] | None, E | None]


class Action(StrEnum):
    """The change of a row by an import."""

    ADD = "add"
    CHANGE = "change"
    RETIRE = "retire"
    REMOVE = "remove"


@dataclass(frozen=True)
class Change:
    """A row that an import adds, changes, retires or removes; `key` is that of its list in the file."""

    action: Action
    key: str
    before: Entry | None
    after: Entry | None
    row: Any

    def differences(self) -> Iterator[tuple[str, str, str]]:
        """Yield the differences of a change in words: the word of the file, the value before, the value after."""
        if self.before is None or self.after is None:
            return
        words = {key.name: key for key in keys_of(type(self.after)).values()}
        for field in fields(self.after):
            before, after = getattr(self.before, field.name), getattr(self.after, field.name)
            if field.name != "place" and before != after:
                key = words.get(field.name)
                if key is not None:
                    yield key.word, value_in_words(key.kind, before), value_in_words(key.kind, after)
                elif field.name == "rank":
                    # The place in a list is counted from 1, as people do.
                    yield "place in the list", str(before + 1), str(after + 1)
                else:
                    name = field.name.removeprefix("is_")
                    yield name, value_in_words(None, before), value_in_words(None, after)


def value_in_words(kind: Kind | None, value: Any) -> str:
    """Put a value of the file into words; one that is left out is empty."""
    if value is None or value in ("", ()):
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(kind, ListOf):
        return ", ".join(value_in_words(kind.kind, each) for each in value)
    if isinstance(kind, DayOfWeek):
        return str(day_name[value - 1])
    if isinstance(kind, Choice):
        return str(value).replace("_", " ")
    if isinstance(kind, EntryOf):
        return _entry_in_words(value)
    return f"{value:%H:%M}" if isinstance(value, time) else str(value)


def _entry_in_words(entry: Entry) -> str:
    keys = keys_of(type(entry)).values()
    said = ((key, getattr(entry, key.name)) for key in keys)
    return ", ".join(f"{key.word} {value_in_words(key.kind, value)}" for key, value in said if value is not None) or (
        "empty"
    )


def compare(stored: StoredRestaurant, file: RestaurantFile) -> tuple[Change, ...]:
    """List the changes of an import of a canonical file."""
    restaurant = [stored.restaurant] if stored.restaurant else []
    rules = _match(stored.capacity_rules, file.capacity_rules, _scope_of_rule)
    return (
        *_changes("restaurant", _match(restaurant, [file.restaurant], lambda entry: entry.slug)),
        *_changes("sections", _match(stored.sections, file.sections, lambda entry: entry.name)),
        *_changes("tables", _match(stored.tables, file.tables, lambda entry: entry.number)),
        *_changes("combinations", _match(stored.combinations, file.combinations, lambda entry: entry.tables)),
        *_changes("service_periods", _match(stored.service_periods, file.service_periods, _name_of_period)),
        *_changes("turn_times", _match(stored.turn_times, file.turn_times, _band)),
        *_changes("capacity_rules", _in_order_of_age(rules)),
        *_changes("closures", _match(stored.closures, file.closures, _scope_of_closure)),
    )


def _name_of_period(period: PeriodEntry) -> Hashable:
    return period.name, period.on_date


def _band(turn_time: TurnTimeEntry) -> Hashable:
    return str(turn_time.service_period), turn_time.up_to


def _scope_of_rule(rule: RuleEntry) -> Hashable:
    return str(rule.service_period), rule.weekday, rule.from_date, rule.to_date, rule.from_time, rule.to_time


def _scope_of_closure(closure: ClosureEntry) -> Hashable:
    dates, times = (closure.from_date, closure.to_date), (closure.from_time, closure.to_time)
    return str(closure.service_period), dates, times, closure.channel


def _match(stored: Sequence[StoredRow[E]], wanted: Sequence[E], identity: Callable[[E], Hashable]) -> Iterator[Pair[E]]:
    """Pair the entries, in their order, with the rows of the same identity; then yield the rows left over."""
    waiting: defaultdict[Hashable, list[StoredRow[E]]] = defaultdict(list)
    for row in stored:
        waiting[identity(row.entry)].append(row)
    for entry in wanted:
        alike = waiting[identity(entry)]
        yield (alike.pop(0) if alike else None), entry
    for rows in waiting.values():
        yield from ((row, None) for row in rows)


def _in_order_of_age(pairs: Iterator[Pair[RuleEntry]]) -> Iterator[Pair[RuleEntry]]:
    """Make a rule anew where it is older than an equally specific one before it in the file.

    Of two alike rules the newer decides, so the order of the file must be the order of the rows.
    """
    youngest: defaultdict[Precedence, float] = defaultdict(float)
    for row, entry in pairs:
        if entry is None:
            yield row, entry
            continue
        alike = _specificity(entry)
        if row is not None and row.row.pk < youngest[alike]:
            yield row, None
            row = None
        youngest[alike] = float("inf") if row is None else row.row.pk
        yield row, entry


def _specificity(rule: RuleEntry) -> Precedence:
    return Rule(
        rule_id=0,
        period_id=None if rule.service_period is None else 0,
        weekday=rule.weekday,
        from_date=rule.from_date,
        to_date=rule.to_date,
        from_time=rule.from_time,
        to_time=rule.to_time,
    ).precedence


def _changes(key: str, pairs: Iterator[Pair[E]]) -> Iterator[Change]:
    for stored, entry in pairs:
        action = _action(stored, entry)
        if action is not None:
            row, before = (stored.row, stored.entry) if stored else (None, None)
            yield Change(action, key, before, entry, row)


def _action(stored: StoredRow[E] | None, entry: E | None) -> Action | None:
    if stored is None:
        return Action.ADD
    if entry is not None:
        return Action.CHANGE if entry != stored.entry else None
    if stored.is_referred_to:
        return None if stored.is_retired else Action.RETIRE
    return Action.REMOVE
