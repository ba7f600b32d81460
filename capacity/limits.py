"""Which capacity rule decides, field by field. Pure: no Django, no clock.

A rule that leaves a field empty says nothing about it, so a day can take its covers from one rule and its pacing from
another. Of the rules that say something, the most specific wins. Scopes are compared in this order, the first
difference decides:

1. with a time of day before without,
2. with dates before without,
3. with a period before without,
4. with a weekday before without,
5. the shorter date range,
6. the shorter time range,
7. the newer rule (higher id).

So a rule with time and dates beats one with a time only, a rule with only a time beats one with dates, period and
weekday, and without time and dates the order is: period and weekday, period, weekday, the whole restaurant. No rule on
a field means no limit by that field.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import Literal

from capacity.calendar.wall_clock import MINUTES_PER_DAY, minute_of

DayField = Literal["max_covers", "max_parties"]
SlotField = Literal["pacing_covers", "pacing_parties", "occupancy_covers", "occupancy_parties"]
LimitField = DayField | SlotField

DAY_FIELDS: tuple[DayField, ...] = ("max_covers", "max_parties")
SLOT_FIELDS: tuple[SlotField, ...] = ("pacing_covers", "pacing_parties", "occupancy_covers", "occupancy_parties")
LIMIT_FIELDS: tuple[LimitField, ...] = (*DAY_FIELDS, *SLOT_FIELDS)

Precedence = tuple[bool, bool, bool, bool, int, int, int]


@dataclass(frozen=True)
class Rule:
    """Hold one capacity rule: its scope and its limits; None narrows nothing, and limits nothing.

    `weekday` is ISO (Monday = 1) and, like the dates, of the business date. Dates are inclusive; a `from_date` alone
    is that one day. Times are the wall clock, half-open [from, to), past midnight if `to_time` is not after
    `from_time`, and hold on both sides of midnight for the service that passes it. `version` counts its changes.

    Raises:
        ValueError: dates end before they start, a last date without a first, one time without the other.
    """

    rule_id: int
    period_id: int | None = None
    weekday: int | None = None
    from_date: date | None = None
    to_date: date | None = None
    from_time: time | None = None
    to_time: time | None = None
    max_covers: int | None = None
    max_parties: int | None = None
    pacing_covers: int | None = None
    pacing_parties: int | None = None
    occupancy_covers: int | None = None
    occupancy_parties: int | None = None
    version: int = 1

    def __post_init__(self) -> None:
        if self.to_date is not None and (self.from_date is None or self.to_date < self.from_date):
            raise ValueError(f"rule {self.rule_id}: no dates from {self.from_date} to {self.to_date}")
        if (self.from_time is None) != (self.to_time is None):
            raise ValueError(f"rule {self.rule_id}: no times from {self.from_time} to {self.to_time}")

    def limit(self, field: LimitField) -> int | None:
        """Return what the rule says about a field, None if nothing."""
        value: int | None = getattr(self, field)
        return value

    def covers_date(self, period_id: int | None, business_date: date) -> bool:
        """Say whether period, weekday and dates are in scope."""
        first = self.from_date or business_date
        last = self.to_date or first
        return (
            self.period_id in (None, period_id)
            and self.weekday in (None, business_date.isoweekday())
            and first <= business_date <= last
        )

    def covers_minute(self, minute: int | None) -> bool:
        """Say whether a wall-clock minute of the business date is in scope; None is the service day as a whole."""
        if self.from_time is None or self.to_time is None:
            return True
        return minute is not None and _is_within(_wall_time(minute), self.from_time, self.to_time)

    @property
    def precedence(self) -> Precedence:
        """Return the sort key by which the greatest rule wins."""
        return (
            self.from_time is not None,
            self.from_date is not None,
            self.period_id is not None,
            self.weekday is not None,
            -self._days,
            -self._minutes,
            self.rule_id,
        )

    @property
    def _days(self) -> int:
        if self.from_date is None or self.to_date is None:
            return 0
        return (self.to_date - self.from_date).days

    @property
    def _minutes(self) -> int:
        if self.from_time is None or self.to_time is None:
            return 0
        return (minute_of(self.to_time) - minute_of(self.from_time)) % MINUTES_PER_DAY or MINUTES_PER_DAY


@dataclass(frozen=True)
class DayLimits:
    """Limit a service day as a whole; None is no limit."""

    max_covers: int | None
    max_parties: int | None


@dataclass(frozen=True)
class SlotLimits:
    """Limit one slot: who starts in it and who is present; None is no limit."""

    pacing_covers: int | None
    pacing_parties: int | None
    occupancy_covers: int | None
    occupancy_parties: int | None


def day_limits(rules: Iterable[Rule], period_id: int | None, business_date: date) -> DayLimits:
    """Return the limits of a service day; a rule with a time of day says nothing about it."""
    known = tuple(rules)
    return DayLimits(
        max_covers=_limit(known, "max_covers", period_id, business_date),
        max_parties=_limit(known, "max_parties", period_id, business_date),
    )


def slot_limits(rules: Iterable[Rule], period_id: int | None, business_date: date, minute: int) -> SlotLimits:
    """Return the limits of a slot; `minute` counts from the midnight of the business date and may pass 1440."""
    known = tuple(rules)
    return SlotLimits(
        pacing_covers=_limit(known, "pacing_covers", period_id, business_date, minute),
        pacing_parties=_limit(known, "pacing_parties", period_id, business_date, minute),
        occupancy_covers=_limit(known, "occupancy_covers", period_id, business_date, minute),
        occupancy_parties=_limit(known, "occupancy_parties", period_id, business_date, minute),
    )


def deciding_rule(
    rules: Iterable[Rule],
    field: LimitField,
    period_id: int | None,
    business_date: date,
    minute: int | None = None,
) -> Rule | None:
    """Return the rule that sets a field, None if no rule does.

    Without a `minute`, and for the fields of the service day always, rules with a time of day do not apply.
    """
    moment = None if field in DAY_FIELDS else minute
    saying = (
        rule
        for rule in rules
        if rule.limit(field) is not None and rule.covers_date(period_id, business_date) and rule.covers_minute(moment)
    )
    return max(saying, key=lambda rule: rule.precedence, default=None)


def _limit(
    rules: Iterable[Rule], field: LimitField, period_id: int | None, business_date: date, minute: int | None = None
) -> int | None:
    rule = deciding_rule(rules, field, period_id, business_date, minute)
    return rule.limit(field) if rule else None


def _wall_time(minute: int) -> time:
    hour, minute_of_hour = divmod(minute % MINUTES_PER_DAY, 60)
    return time(hour, minute_of_hour)


def _is_within(wall: time, from_time: time, to_time: time) -> bool:
    if from_time < to_time:
        return from_time <= wall < to_time
    return wall >= from_time or wall < to_time
