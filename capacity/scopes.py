"""The scope of a capacity rule: in words, and as the services it applies to. Pure: no Django, no clock."""

from calendar import day_name
from datetime import date, time
from typing import Protocol

from capacity.calendar import PeriodHours
from capacity.limits import Rule


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
