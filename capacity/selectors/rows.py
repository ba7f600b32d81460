"""The rows of a restaurant's settings, as decisions and screens take them."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import F, OuterRef

from capacity.calendar import PeriodHours, TurnBand
from capacity.choices import ClosureChannel
from capacity.clock import PREPARED_CLOCK
from capacity.limits import LIMIT_FIELDS, Rule
from capacity.models import CapacityRule, Closure, OnlinePause, ServicePeriod, TurnTime
from config.statements import JsonRows


@dataclass(frozen=True)
class ClosedSpan:
    """A closure as a decision sees it: dates inclusive, times half-open and perhaps past midnight."""

    period_id: int | None
    from_date: date
    to_date: date
    from_time: time | None
    to_time: time | None
    channel: str

    @classmethod
    def of(cls, row: Closure) -> "ClosedSpan":
        """Return the span of a closure."""
        return cls(row.service_period_id, row.from_date, row.to_date, row.from_time, row.to_time, row.channel)

    def covers(self, period_id: int | None, business_date: date, wall_time: time, channel: str) -> bool:
        """Say whether a start is closed to a way in."""
        return (
            self.from_date <= business_date <= self.to_date
            and self.period_id in (None, period_id)
            and self.channel in (ClosureChannel.ALL, channel)
            and self._covers_time(wall_time)
        )

    def _covers_time(self, wall_time: time) -> bool:
        if self.from_time is None or self.to_time is None:
            return True
        if self.from_time < self.to_time:
            return self.from_time <= wall_time < self.to_time
        return wall_time >= self.from_time or wall_time < self.to_time


@dataclass(frozen=True)
class PausedTime:
    """A pause as a decision sees it: what is asked in `[starts_at, ends_at)` for one service, whatever the start."""

    period_id: int
    business_date: date
    starts_at: datetime
    ends_at: datetime


def period_hours(period: ServicePeriod) -> PeriodHours:
    """Return a service period as the calendar needs it."""
    return PeriodHours(
        period_id=period.pk,
        name=period.name,
        weekdays=frozenset(period.weekdays),
        start_time=period.start_time,
        last_seating=period.last_seating,
        end_time=period.end_time,
        valid_from=period.valid_from,
        valid_to=period.valid_to,
        on_date=period.on_date,
    )


def list_service_periods(restaurant_id: int) -> list[ServicePeriod]:
    """List the periods that a restaurant offers, special hours last, in 1 query."""
    offered = ServicePeriod.objects.filter(restaurant_id=restaurant_id, retired_at__isnull=True)
    return list(offered.order_by(F("on_date").asc(nulls_first=True), "start_time", "pk"))


def rule_of(row: CapacityRule) -> Rule:
    """Return a capacity rule as decisions see it."""
    scope = row.pk, row.service_period_id, row.weekday, row.from_date, row.to_date, row.from_time, row.to_time
    return Rule(*scope, **{name: getattr(row, name) for name in LIMIT_FIELDS}, version=row.version)


@dataclass(frozen=True)
class PeriodMode:
    """How parties of a service period are seated."""

    period_id: int
    seating_mode: str


_OWN = {"restaurant_id": OuterRef("pk")}
_OF_PERIOD = {"period_id": "service_period_id"}
_OFFERED = ServicePeriod.objects.filter(**_OWN, retired_at=None).order_by("pk")
_RUNNING = OnlinePause.objects.filter(**_OWN, lifted_at=None, ends_at__gt=PREPARED_CLOCK).order_by("pk")
# The rows of a restaurant's settings in a statement about it; that of pauses is run with `shown=shown_instant()`.
PERIODS = JsonRows(PeriodHours, _OFFERED, period_id="pk")
RULES = JsonRows(Rule, CapacityRule.objects.filter(**_OWN).order_by("pk"), rule_id="pk", **_OF_PERIOD)
SETTINGS_ROWS = (
    PERIODS,
    JsonRows(PeriodMode, _OFFERED, period_id="pk"),
    JsonRows(TurnBand, TurnTime.objects.filter(**_OWN).order_by("pk"), **_OF_PERIOD),
    RULES,
    JsonRows(ClosedSpan, Closure.objects.filter(**_OWN).order_by("pk"), **_OF_PERIOD),
    JsonRows(PausedTime, _RUNNING, **_OF_PERIOD),
)
