"""Today at a glance, for several restaurants at once, in a fixed number of queries. Never writes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Sum

from bookings.choices import BookingStatus
from bookings.models import Booking
from bookings.selectors.modes import Mode, get_enforcement_standing, mode_of
from bookings.selectors.running_over import RunningOver, list_running_over
from capacity.calendar import ONE_DAY, PeriodHours
from capacity.limits import Rule, day_limits
from capacity.models import ServiceDay
from capacity.policy import ONLINE
from capacity.selectors import ServiceSettings, list_service_settings, period_hours, read_clock
from config.replica import reads_replica
from tables.models import Restaurant


@dataclass(frozen=True)
class ServiceToday:
    """The use of one service; without a row of its own nothing is booked yet."""

    name: str
    business_date: date
    is_closed: bool
    booked_covers: int
    booked_parties: int
    excess_covers: int
    max_covers: int | None


@dataclass(frozen=True)
class RestaurantToday:
    """One restaurant on its own today, with services of yesterday that still run.

    `running_over` are the tables of seated parties past their time.
    """

    settings: ServiceSettings
    mode: Mode
    services: tuple[ServiceToday, ...]
    running_over: tuple[RunningOver, ...]

    @property
    def restaurant(self) -> Restaurant:
        return self.settings.restaurant


@dataclass(frozen=True)
class _Facts:
    """The rows of some restaurants: their service days, and by service day (covers, parties) of holds that are over."""

    days: defaultdict[int, list[ServiceDay]]
    expired: dict[int, tuple[int, int]]


@reads_replica
def list_restaurants_today(restaurant_ids: Collection[int]) -> list[RestaurantToday]:
    """List the services of today of some restaurants, by name, in 6 queries, however many there are."""
    now = read_clock()
    found = list_service_settings(restaurant_ids).values()
    facts = _Facts(_read_days(restaurant_ids, now), _read_expired_holds(restaurant_ids, now))
    standing, running_over = get_enforcement_standing(), list_running_over(restaurant_ids, now)
    return [
        RestaurantToday(
            settings=settings,
            mode=mode_of(settings.restaurant, standing),
            services=tuple(_services_of(settings, facts)),
            running_over=tuple(running_over.get(settings.restaurant.pk, ())),
        )
        for settings in sorted(found, key=lambda each: (each.restaurant.name, each.restaurant.pk))
    ]


def _dates_around(now: datetime) -> tuple[date, date]:
    """Return the business dates that are today or yesterday in some zone."""
    return now.date() - 2 * ONE_DAY, now.date() + ONE_DAY


def _read_days(ids: Collection[int], now: datetime) -> defaultdict[int, list[ServiceDay]]:
    days: defaultdict[int, list[ServiceDay]] = defaultdict(list)
    rows = ServiceDay.objects.filter(restaurant__in=ids, business_date__range=_dates_around(now))
    for day in rows.select_related("service_period").order_by("starts_at", "pk"):
        days[day.restaurant_id].append(day)
    return days


def _read_expired_holds(ids: Collection[int], now: datetime) -> dict[int, tuple[int, int]]:
    """Read (covers, parties) by service day of holds that are over but still in the counters."""
    over = Booking.objects.filter(
        restaurant__in=ids,
        business_date__range=_dates_around(now),
        status=BookingStatus.HELD,
        expires_at__lte=now,
    )
    sums = over.values_list("service_day_id").annotate(covers=Sum("party_size"), parties=Count("pk"))
    return {day_id: (covers, parties) for day_id, covers, parties in sums}


def _services_of(settings: ServiceSettings, facts: _Facts) -> Iterator[ServiceToday]:
    """Yield what still runs since yesterday, what today offers, and what else today has parties for."""
    today = settings.today
    offered = {period.period_id: period for period in settings.periods_on(today)}
    seen: set[int] = set()
    for day in facts.days[settings.restaurant.pk]:
        still_runs = day.business_date == today - ONE_DAY and day.ends_at > settings.now
        is_today = day.business_date == today
        if still_runs or (is_today and (day.service_period_id in offered or day.booked_parties)):
            yield _from_row(day, settings, facts.expired.get(day.pk, (0, 0)))
        if is_today:
            seen.add(day.service_period_id)
    for period_id, period in offered.items():
        if period_id not in seen:
            yield _from_settings(period, settings)


def _from_row(day: ServiceDay, settings: ServiceSettings, over: tuple[int, int]) -> ServiceToday:
    covers_over, parties_over = over
    return ServiceToday(
        name=day.service_period.name,
        business_date=day.business_date,
        is_closed=_is_closed(settings, period_hours(day.service_period), day.business_date),
        booked_covers=day.booked_covers - covers_over,
        booked_parties=day.booked_parties - parties_over,
        excess_covers=day.excess_covers,
        max_covers=day.max_covers,
    )


def _from_settings(period: PeriodHours, settings: ServiceSettings) -> ServiceToday:
    return ServiceToday(
        name=period.name,
        business_date=settings.today,
        is_closed=_is_closed(settings, period, settings.today),
        booked_covers=0,
        booked_parties=0,
        excess_covers=0,
        max_covers=day_limits(settings.rules, period.period_id, settings.today).max_covers,
    )


def _is_closed(settings: ServiceSettings, period: PeriodHours, business_date: date) -> bool:
    """Say whether one closure covers a service from its first to its last seating, for guests online."""
    return any(
        all(
            closure.covers(period.period_id, business_date, wall_time, ONLINE)
            for wall_time in (period.start_time, period.last_seating)
        )
        for closure in settings.closures
    )


def list_unlimited(periods: Iterable[PeriodHours], rules: Iterable[Rule]) -> Iterator[tuple[int, str]]:
    """Yield the periods for which no rule that stands, whatever the date, says how many covers."""
    standing = [rule for rule in rules if rule.max_covers is not None and rule.from_date is None]
    for period in periods:
        if not any(rule.period_id in (None, period.period_id) for rule in standing):
            yield period.period_id, period.name
