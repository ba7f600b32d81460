"""Coverage of the offered services by rules. Pure: no Django, no clock."""

from collections.abc import Iterable
from datetime import date

from capacity.calendar import PeriodHours
from capacity.limits import Rule


def is_still_offered(period: PeriodHours, today: date) -> bool:
    """Say whether a period takes place today or later."""
    if period.on_date is not None:
        return period.on_date >= today
    return bool(period.weekdays) and (period.valid_to or date.max) >= today


def is_limited(period: PeriodHours, rules: Iterable[Rule]) -> bool:
    """Say whether rules limit covers or parties whenever a period is offered.

    A rule with a time of day leaves the other slots open, one with dates every date after them, so neither counts. For
    special hours their one date matters, and a rule with dates may be all that they have.
    """
    return not list_unlimited_weekdays(period, rules)


def list_unlimited_weekdays(period: PeriodHours, rules: Iterable[Rule]) -> tuple[int, ...]:
    """List the weekdays of a period on which no such rule limits it; of special hours that of their date."""
    whole = [rule for rule in rules if rule.from_time is None and _limits_anything(rule)]
    if period.on_date is not None:
        is_covered = any(rule.covers_date(period.period_id, period.on_date) for rule in whole)
        return () if is_covered else (period.on_date.isoweekday(),)
    standing = [rule for rule in whole if rule.from_date is None and rule.period_id in (None, period.period_id)]
    covered = {rule.weekday for rule in standing}
    return () if None in covered else tuple(sorted(period.weekdays - covered))


def has_rule_that_limits(periods: Iterable[PeriodHours], rules: Iterable[Rule], today: date) -> bool:
    """Say whether any rule, for however few of its slots or dates, still limits one of these periods."""
    period_ids = {None, *(period.period_id for period in periods)}
    return any(
        _limits_anything(rule) and rule.period_id in period_ids and (rule.to_date or rule.from_date or today) >= today
        for rule in rules
    )


def _limits_anything(rule: Rule) -> bool:
    return any(limit is not None for limit in rule.limits.values())
