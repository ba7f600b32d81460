"""Today at a glance, for all restaurants at once, in a fixed number of queries. Never writes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Sum

from bookings.choices import BookingStatus
from bookings.models import AuditRun, Booking
from bookings.selectors.bookings import get_telling_audit
from bookings.selectors.memberships import AnyUser
from bookings.selectors.modes import EnforcementStanding, Mode, get_enforcement_standing, mode_of
from bookings.selectors.running_over import RunningOver, list_running_over
from capacity.calendar import ONE_DAY, PeriodHours, periods_on
from capacity.limits import Rule, day_limits
from capacity.models import Closure, ServiceDay
from capacity.policy import ONLINE, percent_of
from capacity.selectors import (
    ClosedSpan,
    list_periods_by_restaurant,
    list_rules_by_restaurant,
    period_hours,
    read_clock,
)
from config.replica import reads_replica
from tables.models import Restaurant


@dataclass(frozen=True)
class ServiceToday:
    """The use of one service; without a row of its own nothing is booked yet."""

    period_id: int
    name: str
    hours: str
    business_date: date
    is_closed: bool
    service_day_id: int | None
    booked_covers: int
    booked_parties: int
    excess_covers: int
    max_covers: int | None
    max_parties: int | None

    @property
    def percent(self) -> int | None:
        """Return round(100 x booked / limit), None without a limit on covers."""
        return percent_of(self.booked_covers, self.max_covers)


@dataclass(frozen=True)
class RestaurantToday:
    """One restaurant on its own today, with services of yesterday that still run.

    `unlimited` are the ids and names of those of its `period_count` periods whose covers no
    standing rule limits, `running_over` the tables of seated parties past their time.
    """

    restaurant: Restaurant
    today: date
    mode: Mode
    services: tuple[ServiceToday, ...]
    period_count: int
    unlimited: tuple[tuple[int, str], ...]
    running_over: tuple[RunningOver, ...]


@dataclass(frozen=True)
class Overview:
    """All active restaurants, by name, and what the auditor last said."""

    now: datetime
    restaurants: tuple[RestaurantToday, ...]
    latest_audit: AuditRun | None


@dataclass(frozen=True)
class _Facts:
    """The rows of all active restaurants, by restaurant id."""

    now: datetime
    standing: EnforcementStanding
    periods: defaultdict[int, list[PeriodHours]]
    rules: defaultdict[int, list[Rule]]
    closures: defaultdict[int, list[ClosedSpan]]
    days: defaultdict[int, list[ServiceDay]]
    expired: dict[int, tuple[int, int]]
    running_over: dict[int, list[RunningOver]]


@reads_replica
def get_overview(restaurant_ids: Collection[int] | None = None, *, viewer: AnyUser | None = None) -> Overview:
    """Get today's services of some active restaurants, or of all, in 10 queries, however many there are."""
    now = read_clock()
    active = Restaurant.objects.filter(active=True).order_by("name", "pk")
    restaurants = list(active if restaurant_ids is None else active.filter(pk__in=restaurant_ids))
    facts = _read_facts([restaurant.pk for restaurant in restaurants], now)
    return Overview(
        now=now,
        restaurants=tuple(_today_of(restaurant, facts) for restaurant in restaurants),
        latest_audit=get_telling_audit(viewer),
    )


def _read_facts(ids: list[int], now: datetime) -> _Facts:
    return _Facts(
        now=now,
        standing=get_enforcement_standing(),
        periods=list_periods_by_restaurant(ids),
        rules=list_rules_by_restaurant(ids),
        closures=_read_closures(ids, now),
        days=_read_days(ids, now),
        expired=_read_expired_holds(ids, now),
        running_over=list_running_over(ids, now),
    )


def _dates_around(now: datetime) -> tuple[date, date]:
    """Return the business dates that are today or yesterday in some zone."""
    return now.date() - 2 * ONE_DAY, now.date() + ONE_DAY


def _read_closures(ids: list[int], now: datetime) -> defaultdict[int, list[ClosedSpan]]:
    first, last = _dates_around(now)
    closures: defaultdict[int, list[ClosedSpan]] = defaultdict(list)
    for closure in Closure.objects.filter(restaurant__in=ids, from_date__lte=last, to_date__gte=first):
        closures[closure.restaurant_id].append(ClosedSpan.of(closure))
    return closures


def _read_days(ids: list[int], now: datetime) -> defaultdict[int, list[ServiceDay]]:
    days: defaultdict[int, list[ServiceDay]] = defaultdict(list)
    rows = ServiceDay.objects.filter(restaurant__in=ids, business_date__range=_dates_around(now))
    for day in rows.select_related("service_period").order_by("starts_at", "pk"):
        days[day.restaurant_id].append(day)
    return days


def _read_expired_holds(ids: list[int], now: datetime) -> dict[int, tuple[int, int]]:
    """Read (covers, parties) by service day of holds that are over but still in the counters."""
    over = Booking.objects.filter(
        restaurant__in=ids,
        business_date__range=_dates_around(now),
        status=BookingStatus.HELD,
        expires_at__lte=now,
    )
    sums = over.values_list("service_day_id").annotate(covers=Sum("party_size"), parties=Count("pk"))
    return {day_id: (covers, parties) for day_id, covers, parties in sums}


def _today_of(restaurant: Restaurant, facts: _Facts) -> RestaurantToday:
    today = facts.now.astimezone(restaurant.zone).date()
    return RestaurantToday(
        restaurant=restaurant,
        today=today,
        mode=mode_of(restaurant, facts.standing),
        services=tuple(_services_of(restaurant.pk, today, facts)),
        period_count=len(facts.periods[restaurant.pk]),
        unlimited=tuple(list_unlimited(facts.periods[restaurant.pk], facts.rules[restaurant.pk])),
        running_over=tuple(facts.running_over.get(restaurant.pk, ())),
    )


def _services_of(restaurant_id: int, today: date, facts: _Facts) -> Iterator[ServiceToday]:
    """Yield what still runs since yesterday, what today offers, and what else today has parties for."""
    offered = {period.period_id: period for period in periods_on(facts.periods[restaurant_id], today)}
    seen: set[int] = set()
    for day in facts.days[restaurant_id]:
        still_runs = day.business_date == today - ONE_DAY and day.ends_at > facts.now
        is_today = day.business_date == today
        if still_runs or (is_today and (day.service_period_id in offered or day.booked_parties)):
            yield _from_row(day, facts)
        if is_today:
            seen.add(day.service_period_id)
    for period_id, period in offered.items():
        if period_id not in seen:
            yield _from_settings(restaurant_id, period, today, facts)


def _from_row(day: ServiceDay, facts: _Facts) -> ServiceToday:
    covers_over, parties_over = facts.expired.get(day.pk, (0, 0))
    hours = period_hours(day.service_period)
    return ServiceToday(
        period_id=day.service_period_id,
        name=day.service_period.name,
        hours=_hours(hours),
        business_date=day.business_date,
        is_closed=_is_closed(facts.closures[day.restaurant_id], hours, day.business_date),
        service_day_id=day.pk,
        booked_covers=day.booked_covers - covers_over,
        booked_parties=day.booked_parties - parties_over,
        excess_covers=day.excess_covers,
        max_covers=day.max_covers,
        max_parties=day.max_parties,
    )


def _from_settings(restaurant_id: int, period: PeriodHours, today: date, facts: _Facts) -> ServiceToday:
    limits = day_limits(facts.rules[restaurant_id], period.period_id, today)
    return ServiceToday(
        period_id=period.period_id,
        name=period.name,
        hours=_hours(period),
        business_date=today,
        is_closed=_is_closed(facts.closures[restaurant_id], period, today),
        service_day_id=None,
        booked_covers=0,
        booked_parties=0,
        excess_covers=0,
        max_covers=limits.max_covers,
        max_parties=limits.max_parties,
    )


def _hours(period: PeriodHours) -> str:
    return f"{period.start_time:%H:%M} to {period.end_time:%H:%M}"


def _is_closed(closures: Iterable[ClosedSpan], period: PeriodHours, business_date: date) -> bool:
    """Say whether one closure covers a service from its first to its last seating, for guests online."""
    return any(
        all(
            closure.covers(period.period_id, business_date, wall_time, ONLINE)
            for wall_time in (period.start_time, period.last_seating)
        )
        for closure in closures
    )


def list_unlimited(periods: Iterable[PeriodHours], rules: Iterable[Rule]) -> Iterator[tuple[int, str]]:
    """Yield the periods for which no rule that stands, whatever the date, says how many covers."""
    standing = [rule for rule in rules if rule.max_covers is not None and rule.from_date is None]
    for period in periods:
        if not any(rule.period_id in (None, period.period_id) for rule in standing):
            yield period.period_id, period.name
