"""The scope of a capacity rule: in words, as the services it applies to, and as a person sets limits in it.

Pure: no Django, no clock.
"""

from calendar import day_name
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Protocol

from capacity.calendar import PeriodHours
from capacity.calendar.wall_clock import minute_of, wall_clock
from capacity.limits import Limit, LimitKind, Rule, deciding_rule


class Span(Protocol):
    """The dates and times of day of a rule or a closure."""

    @property
    def from_date(self) -> date | None: ...
    @property
    def to_date(self) -> date | None: ...
    @property
    def from_time(self) -> time | None: ...
    @property
    def to_time(self) -> time | None: ...


class Scope(Span, Protocol):
    """The scope of a rule without its service; as `Rule` has it, and as its row does."""

    @property
    def weekday(self) -> int | None: ...


def describe_scope(scope: Scope, service: str | None) -> str:
    """Write the scope of a rule in words: of a service by its name, or of every one."""
    weekday = [day_name[scope.weekday - 1]] if scope.weekday else []
    return ", ".join([service or "Every service", *weekday, *describe_span(scope)])


def describe_span(span: Span) -> list[str]:
    """Write dates and times of day in words, each that is given."""
    said = []
    if span.from_date:
        last = span.to_date or span.from_date
        one_day = span.from_date == last
        said.append(f"{span.from_date:%-d %b %Y}" if one_day else f"{span.from_date:%-d %b %Y} to {last:%-d %b %Y}")
    if span.from_time is not None and span.to_time is not None:
        said.append(f"{span.from_time:%H:%M} to {span.to_time:%H:%M}")
    return said


def is_in_scope(rule: Rule, period: PeriodHours) -> bool:
    """Say whether a rule may apply to a period on some of its dates."""
    if period.on_date is not None:
        return rule.covers_date(period.period_id, period.on_date)
    if rule.period_id not in (None, period.period_id) or rule.weekday not in (None, *period.weekdays):
        return False
    is_one_day = rule.from_date is not None and rule.to_date in (None, rule.from_date)
    return not is_one_day or (rule.from_date is not None and period.is_regular_on(rule.from_date))


@dataclass(frozen=True)
class LimitScope:
    """The scope in which a person sets a limit: of a service, a weekday or one date, a slot; None is all of them."""

    period_id: int | None = None
    weekday: int | None = None
    on_date: date | None = None
    from_time: time | None = None
    to_time: time | None = None

    @classmethod
    def of_slot(cls, period_id: int | None, on_date: date, from_time: time, slot_minutes: int) -> "LimitScope":
        """Return the scope of the slot that the wall shows at a time: where the clocks go back, of both passings."""
        end = wall_clock(on_date, minute_of(from_time) + slot_minutes).time()
        return cls(period_id, None, on_date, from_time, end)

    @property
    def from_date(self) -> date | None:
        """Return the first date, as `Scope` has it."""
        return self.on_date

    @property
    def to_date(self) -> date | None:
        """Return the last date, as `Scope` has it."""
        return self.on_date

    def of_limit(self, limit: Limit) -> "LimitScope":
        """Return the scope of a limit here: one of the whole service has no time of day."""
        return replace(self, from_time=None, to_time=None) if limit.kind is LimitKind.SERVICE else self

    def is_of(self, rule: Rule) -> bool:
        """Say whether a rule has exactly this scope."""
        return (
            self.period_id == rule.period_id
            and self.weekday == rule.weekday
            and self.on_date == rule.from_date
            and rule.to_date in (None, rule.from_date)
            and self.from_time == rule.from_time
            and self.to_time == rule.to_time
        )

    def own_rule(self, rules: Iterable[Rule], limit: Limit) -> Rule | None:
        """Return the rule of exactly this scope that sets a limit: of several the newest."""
        saying = (rule for rule in rules if getattr(rule, limit.column) is not None and self.is_of(rule))
        return max(saying, key=lambda rule: rule.rule_id, default=None)

    def rule_besides(self, rules: Iterable[Rule], limit: Limit) -> Rule | None:
        """Return the rule that sets a limit here where none of exactly this scope does.

        Of a weekday, or of every day, those with dates or a time of day say nothing: they hold for some of it.
        """
        others = [rule for rule in rules if not self.is_of(rule)]
        if self.on_date is not None:
            minute = None if self.from_time is None else minute_of(self.from_time)
            return deciding_rule(others, limit, self.period_id, self.on_date, minute)
        saying = (rule for rule in others if getattr(rule, limit.column) is not None and self._is_within(rule))
        return max(saying, key=lambda rule: rule.precedence, default=None)

    def _is_within(self, rule: Rule) -> bool:
        return (
            (rule.from_date, rule.from_time) == (None, None)
            and rule.period_id in (None, self.period_id)
            and rule.weekday in (None, self.weekday)
        )
