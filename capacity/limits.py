"""The six limits, once, and the capacity rule that sets each. Pure: no Django, no clock.

A rule that leaves a field empty says nothing about it. So a day can take its covers from one rule and its pacing from
another. Of the rules that set a field, the most specific wins. Scopes are compared in this order, the first difference
decides:

1. with a time of day before without,
2. with dates before without,
3. with a period before without,
4. with a weekday before without,
5. the shorter date range,
6. the shorter time range,
7. the newer rule (higher id).

So a rule with time and dates beats one with a time only. A rule with only a time beats one with dates, period and
weekday. Without time and dates the order is: period and weekday, period, weekday, the whole restaurant. No rule on a
field means no limit by that field.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import NamedTuple

from capacity.calendar.wall_clock import MINUTES_PER_DAY, minute_of
from capacity.reasons import ReasonCode


class LimitUnit(StrEnum):
    """The unit of a limit: covers, or parties as one each."""

    COVERS = "covers"
    PARTIES = "parties"

    def noun(self, number: int) -> str:
        """Return the word beside a number: "cover", "covers"."""
        if number != 1:
            return self.value
        return "cover" if self is LimitUnit.COVERS else "party"


class LimitKind(StrEnum):
    """The kind of a limit: on all of a service, on those that start in a slot, on those present in it."""

    SERVICE = "service"
    PACING = "pacing"
    OCCUPANCY = "occupancy"


class Limit(NamedTuple):
    """One limit: its name, and the columns of its number, of its counter and of the authorised excess.

    A rule has the number alone; a service day or slot has all three.
    """

    code: ReasonCode
    kind: LimitKind
    unit: LimitUnit
    name: str
    column: str
    counter: str
    excess: str

    def asked_by(self, party_size: int) -> int:
        """Return the amount that a party asks of the limit: its covers, or itself as one party."""
        return party_size if self.unit is LimitUnit.COVERS else 1

    def room_left(self, of: object) -> float:
        """Return the room that the limit of a service or slot still has, infinite without one."""
        number: int | None = getattr(of, self.column)
        return math.inf if number is None else number - getattr(of, self.counter)


_SERVICE, _PACING, _OCCUPANCY = LimitKind
_COVERS, _PARTIES = LimitUnit

# In the order of their reasons; formatted by hand, so that each limit is one row of the table.
# fmt: off
LIMITS = (
    Limit(ReasonCode.SERVICE_COVERS, _SERVICE, _COVERS, "covers per service",
          "max_covers", "booked_covers", "excess_covers"),
    Limit(ReasonCode.SERVICE_PARTIES, _SERVICE, _PARTIES, "parties per service",
          "max_parties", "booked_parties", "excess_parties"),
    Limit(ReasonCode.PACING_COVERS, _PACING, _COVERS, "covers starting per slot",
          "pacing_covers", "starting_covers", "excess_pacing_covers"),
    Limit(ReasonCode.PACING_PARTIES, _PACING, _PARTIES, "parties starting per slot",
          "pacing_parties", "starting_parties", "excess_pacing_parties"),
    Limit(ReasonCode.OCCUPANCY_COVERS, _OCCUPANCY, _COVERS, "covers present",
          "occupancy_covers", "present_covers", "excess_occupancy_covers"),
    Limit(ReasonCode.OCCUPANCY_PARTIES, _OCCUPANCY, _PARTIES, "parties present",
          "occupancy_parties", "present_parties", "excess_occupancy_parties"),
)
# fmt: on
LIMIT_OF: dict[str, Limit] = {limit.code: limit for limit in LIMITS}
SERVICE_LIMITS = tuple(limit for limit in LIMITS if limit.kind is LimitKind.SERVICE)
PACING_LIMITS = tuple(limit for limit in LIMITS if limit.kind is LimitKind.PACING)
OCCUPANCY_LIMITS = tuple(limit for limit in LIMITS if limit.kind is LimitKind.OCCUPANCY)
SLOT_LIMITS = PACING_LIMITS + OCCUPANCY_LIMITS
LIMIT_FIELDS = tuple(limit.column for limit in LIMITS)

Precedence = tuple[bool, bool, bool, bool, int, int, int]


@dataclass(frozen=True)
class Rule:
    """One capacity rule: its scope and its limits; None narrows nothing, and limits nothing.

    `weekday` is ISO (Monday = 1) and, like the dates, of the business date. Dates are inclusive; a `from_date` alone is
    that one day. Times are the wall clock, half-open [from, to), past midnight if `to_time` is not after `from_time`.
    They hold on both sides of midnight for the service that passes it. `version` counts its changes.

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

    @property
    def limits(self) -> dict[str, int | None]:
        """Return the number of each limit that the rule sets, None where it sets none."""
        return {field: getattr(self, field) for field in LIMIT_FIELDS}

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


class DayLimits(NamedTuple):
    """The limits of a service day as a whole; None is no limit."""

    max_covers: int | None
    max_parties: int | None


class SlotLimits(NamedTuple):
    """The limits of one slot, on the parties that start in it and those present in it; None is no limit."""

    pacing_covers: int | None
    pacing_parties: int | None
    occupancy_covers: int | None
    occupancy_parties: int | None


def day_limits(rules: Iterable[Rule], period_id: int | None, business_date: date) -> DayLimits:
    """Return the limits of a service day; a rule with a time of day says nothing about it."""
    known = tuple(rules)
    return DayLimits(*(_number(known, limit, period_id, business_date, None) for limit in SERVICE_LIMITS))


def slot_limits(rules: Iterable[Rule], period_id: int | None, business_date: date, minute: int) -> SlotLimits:
    """Return the limits of a slot; `minute` counts from the midnight of the business date and may pass 1440."""
    known = tuple(rules)
    return SlotLimits(*(_number(known, limit, period_id, business_date, minute) for limit in SLOT_LIMITS))


def deciding_rule(
    rules: Iterable[Rule],
    limit: Limit,
    period_id: int | None,
    business_date: date,
    minute: int | None = None,
) -> Rule | None:
    """Return the rule that sets a limit, None if no rule does.

    Without a `minute`, and for the limits of the service day always, rules with a time of day do not apply.
    """
    moment = None if limit.kind is LimitKind.SERVICE else minute
    saying = (
        rule
        for rule in rules
        if getattr(rule, limit.column) is not None
        and rule.covers_date(period_id, business_date)
        and rule.covers_minute(moment)
    )
    return max(saying, key=lambda rule: rule.precedence, default=None)


def _number(
    rules: Iterable[Rule], limit: Limit, period_id: int | None, business_date: date, minute: int | None
) -> int | None:
    rule = deciding_rule(rules, limit, period_id, business_date, minute)
    return getattr(rule, limit.column) if rule else None


def _wall_time(minute: int) -> time:
    hour, minute_of_hour = divmod(minute % MINUTES_PER_DAY, 60)
    return time(hour, minute_of_hour)


def _is_within(wall: time, from_time: time, to_time: time) -> bool:
    if from_time < to_time:
        return from_time <= wall < to_time
    return wall >= from_time or wall < to_time
