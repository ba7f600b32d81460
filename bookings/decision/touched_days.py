"""The service days that a write touches, and so has to lock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from bookings.decision.assessment import Assessment, is_refused_without_a_day
from bookings.decision.computed import expected_services, last_end
from bookings.decision.holds import CountedParty
from bookings.decision.loaded_days import DATES_AFTER, DATES_BEFORE, DayBook, SolvedSeating
from bookings.decision.requests import Wish, blocked_interval
from bookings.decision.spans import Interval, ServiceKey
from capacity.models import ServiceDay
from capacity.policy import ServiceState
from capacity.selectors import ServiceSettings
from config.transactions import ClaimTooSmall
from tables.seating import SeatingOutcome


@dataclass(frozen=True)
class ServiceDayClaim:
    """The service days of a restaurant that an attempt is about to lock, in id order, for a stay with its buffer.

    `solved` is what the planner said before the lock: it holds under it where nothing has changed since.
    """

    restaurant_id: int
    service_day_ids: tuple[int, ...]
    interval: Interval
    solved: SolvedSeating | None = None

    def require(self, reach: "Reach") -> None:
        """Raise `ClaimTooSmall` unless all that is touched is claimed: the call then runs again with more."""
        if reach.missing or not reach.service_day_ids.issubset(self.service_day_ids):
            raise ClaimTooSmall


@dataclass(frozen=True)
class Reach:
    """The service days that a write touches: those with a row by id, those without by key."""

    service_day_ids: frozenset[int]
    missing: frozenset[ServiceKey]
    interval: Interval

    def as_claim(self, restaurant_id: int, solved: SolvedSeating | None = None) -> ServiceDayClaim:
        """Return what to lock."""
        return ServiceDayClaim(restaurant_id, tuple(sorted(self.service_day_ids)), self.interval, solved)


def quick_claim(settings: ServiceSettings, wish: Wish) -> ServiceDayClaim | None:
    """Name the service days that meet a stay with its buffer, by their rows alone, in 1 query.

    None where more must be known: a service day has no row yet, or the wish is refused for what is no matter of room.
    Holds that are over and parties that have to move may need more days; under the lock that shows.
    """
    if is_refused_without_a_day(settings, wish):
        return None
    interval = blocked_interval(settings, wish)
    met = ServiceDay.objects.filter(
        restaurant_id=settings.restaurant.pk, starts_at__lte=interval.ends_at, ends_at__gte=interval.starts_at
    )
    ids = {ServiceKey(period_id, on): pk for period_id, on, pk in met.values_list(*_KEY_COLUMNS, "pk")}
    if not _expected_at(settings, wish, interval).issubset(ids):
        return None
    return ServiceDayClaim(settings.restaurant.pk, tuple(sorted(ids.values())), interval)


_KEY_COLUMNS = ("service_period_id", "business_date")


def _expected_at(settings: ServiceSettings, wish: Wish, interval: Interval) -> set[ServiceKey]:
    """Return the services that are offered around a wish and meet its stay."""
    first, last = wish.business_date - DATES_BEFORE, wish.business_date + DATES_AFTER
    return {
        key
        for key, service in expected_services(settings, first, last).items()
        if interval.meets(service.slots[0].starts_at, last_end(settings, service))
    }


def reach_of(book: DayBook, assessment: Assessment) -> Reach:
    """Find the service days that meet a stay with its buffer, the holds that it frees, and the parties it may move."""
    wish = assessment.wish
    own = Interval(wish.starts_at, assessment.blocked_until)
    holds = holds_in_the_way(book, assessment)
    intervals = [own, *(Interval(hold.starts_at, hold.blocked_until) for hold in holds)]
    if assessment.seating is not None:
        intervals.append(looked_at(assessment.seating))
    # A walk-in outside all services counts in the nearest one, which its stay may not meet.
    counted_in = [assessment.service] if assessment.service is not None else []
    return reach_of_intervals(book, intervals, own=own, services=counted_in)


def reach_of_intervals(
    book: DayBook,
    intervals: Iterable[Interval],
    *,
    own: Interval,
    services: Iterable[ServiceState] = (),
    service_day_ids: Iterable[int] = (),
) -> Reach:
    """Find the service days that meet some intervals, beside some that are known."""
    met = [*services, *(service for interval in intervals for service in book.services_meeting(interval))]
    stored = frozenset(service.service_day_id for service in met if service.service_day_id is not None)
    return Reach(
        service_day_ids=stored | frozenset(service_day_ids),
        missing=frozenset(ServiceKey(it.period_id, it.business_date) for it in met if it.service_day_id is None),
        interval=own,
    )


def looked_at(outcome: SeatingOutcome) -> Interval:
    """Return the time of all parties that the planner looked at as movable."""
    return Interval(outcome.depends_on.starts_at, outcome.depends_on.ends_at)


def holds_in_the_way(book: DayBook, assessment: Assessment) -> tuple[CountedParty, ...]:
    """Return the holds that are over and that a stay would meet: in its service day, at a table, or in a slot.

    Two stays that do not meet can still touch the same slot, one its first minutes and one its last. A plan may also
    move a party to the table of a hold that the stay itself never meets.
    """
    wish, plan = assessment.wish, assessment.plan
    own = (wish.period_id, wish.business_date)
    slots = [Interval(slot.starts_at, slot.ends_at) for slot in assessment.present]
    planned = [looked_at(plan)] if plan is not None else []
    touched = Interval.around([Interval(wish.starts_at, assessment.blocked_until), *slots, *planned])
    met = holds_meeting(book, touched)
    return (*met, *(hold for hold in book.expired_holds if hold.key == own and hold not in met))


def holds_meeting(book: DayBook, interval: Interval) -> tuple[CountedParty, ...]:
    """Return the holds that are over and that stand in the way in an interval until they are freed."""
    return tuple(hold for hold in book.expired_holds if hold.meets(interval.starts_at, interval.ends_at))


def service_day_ids_meeting(restaurant_id: int, interval: Interval) -> frozenset[int]:
    """Find the service days with a row whose [starts_at, ends_at] meets an interval, in 1 query."""
    met = ServiceDay.objects.filter(
        restaurant_id=restaurant_id, starts_at__lte=interval.ends_at, ends_at__gte=interval.starts_at
    )
    return frozenset(met.values_list("pk", flat=True))


ONE_DAY = timedelta(days=1)


def find_days_meeting(
    settings: ServiceSettings, own: Interval, *, also: Iterable[Interval]
) -> tuple[frozenset[int], frozenset[ServiceKey]]:
    """Find the service days that meet `own` or others, by id, and those that meet `own` and have no row; 1 query."""
    intervals = [own, *also]
    first, last = min(it.starts_at for it in intervals), max(it.ends_at for it in intervals)
    rows = ServiceDay.objects.filter(restaurant_id=settings.restaurant.pk, starts_at__lte=last, ends_at__gte=first)
    columns = ("pk", "service_period_id", "business_date", "starts_at", "ends_at")
    days = list(rows.values_list(*columns))
    ids = frozenset(pk for pk, _, _, starts, ends in days if any(it.meets(starts, ends) for it in intervals))
    return ids, _offered_in(settings, own) - {ServiceKey(period_id, on) for _, period_id, on, _, _ in days}


def _offered_in(settings: ServiceSettings, interval: Interval) -> frozenset[ServiceKey]:
    """Return the services that are offered at some time of an interval."""
    first, last = (it.astimezone(settings.zone).date() for it in (interval.starts_at, interval.ends_at))
    return frozenset(
        key
        for key, service in expected_services(settings, first - ONE_DAY, last).items()
        if interval.meets(service.slots[0].starts_at, last_end(settings, service))
    )
