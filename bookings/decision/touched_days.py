"""The service days that a write touches, and so has to lock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bookings.decision.assessment import Assessment, is_refused_without_a_day
from bookings.decision.computed import expected_services, last_end
from bookings.decision.holds import CountedParty
from bookings.decision.loaded_days import DayBook
from bookings.decision.requests import Wish, blocked_interval
from bookings.decision.spans import Interval, ServiceKey
from capacity.models import ServiceDay
from capacity.policy import ServiceState
from capacity.selectors import ServiceSettings
from tables.seating import SeatingOutcome

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class TouchedDays:
    """The service days of a restaurant that a write touches: those with a row by id, those without by key."""

    restaurant_id: int
    service_day_ids: frozenset[int]
    missing: frozenset[ServiceKey] = frozenset()

    def __or__(self, other: "TouchedDays") -> "TouchedDays":
        """Return all that both touch."""
        return TouchedDays(
            self.restaurant_id, self.service_day_ids | other.service_day_ids, self.missing | other.missing
        )

    def cover(self, other: "TouchedDays") -> bool:
        """Say whether every other day is among these, with a row to lock."""
        return not other.missing and other.service_day_ids <= self.service_day_ids


def days_of_stay(settings: ServiceSettings, wish: Wish) -> TouchedDays | None:
    """Find the service days that meet a stay with its buffer, by their rows alone, in 1 query.

    None where more must be known: a service day has no row yet, or the wish is refused for what is no matter of room.
    Holds that are over and parties that have to move may need more days; under the lock that shows.
    """
    if is_refused_without_a_day(settings, wish):
        return None
    met = find_days_meeting(settings, [blocked_interval(settings, wish)])
    return None if met.missing else met


def days_of_assessment(book: DayBook, assessment: Assessment) -> TouchedDays:
    """Find the service days that meet a stay with its buffer, the holds that it frees, and the parties it may move."""
    own = Interval(assessment.wish.starts_at, assessment.blocked_until)
    holds = holds_in_the_way(book, assessment)
    intervals = [own, *(Interval(hold.starts_at, hold.blocked_until) for hold in holds)]
    if assessment.seating is not None:
        intervals.append(looked_at(assessment.seating))
    # A walk-in outside all services counts in the nearest one, which its stay may not meet.
    return loaded_days_meeting(book, intervals, services=[assessment.service] if assessment.service else [])


def loaded_days_meeting(
    book: DayBook,
    intervals: Iterable[Interval],
    *,
    services: Iterable[ServiceState] = (),
    service_day_ids: Iterable[int] = (),
) -> TouchedDays:
    """Find the loaded service days that meet some intervals, beside some that are known."""
    met = [*services, *(service for interval in intervals for service in book.services_meeting(interval))]
    stored = frozenset(service.service_day_id for service in met if service.service_day_id is not None)
    return TouchedDays(
        restaurant_id=book.settings.restaurant.pk,
        service_day_ids=stored | frozenset(service_day_ids),
        missing=frozenset(
            ServiceKey(service.period_id, service.business_date) for service in met if service.service_day_id is None
        ),
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


def stored_days_meeting(restaurant_id: int, interval: Interval) -> TouchedDays:
    """Find the service days with a row whose [starts_at, ends_at] meets an interval, in 1 query."""
    met = ServiceDay.objects.filter(
        restaurant_id=restaurant_id, starts_at__lte=interval.ends_at, ends_at__gte=interval.starts_at
    )
    return TouchedDays(restaurant_id, frozenset(met.values_list("pk", flat=True)))


def find_days_meeting(
    settings: ServiceSettings, intervals: Sequence[Interval], *, also: Sequence[Interval] = ()
) -> TouchedDays:
    """Find the service days that meet intervals, those without a row by key; of `also` only those with one; 1 query."""
    every = [*intervals, *also]
    whole = Interval.around(every)
    rows = ServiceDay.objects.filter(
        restaurant_id=settings.restaurant.pk, starts_at__lte=whole.ends_at, ends_at__gte=whole.starts_at
    )
    days = list(rows.values_list("pk", "service_period_id", "business_date", "starts_at", "ends_at"))
    return TouchedDays(
        settings.restaurant.pk,
        frozenset(pk for pk, _, _, starts, ends in days if any(one.meets(starts, ends) for one in every)),
        _offered_in(settings, intervals) - {ServiceKey(period_id, on) for _, period_id, on, _, _ in days},
    )


def _offered_in(settings: ServiceSettings, intervals: Sequence[Interval]) -> frozenset[ServiceKey]:
    """Return the services that are offered at some time of the intervals."""
    whole = Interval.around(intervals)
    # A service takes a day at most, and so does the turn of its last party.
    first, last = (instant.astimezone(settings.zone).date() for instant in (whole.starts_at, whole.ends_at))
    return frozenset(
        key
        for key, service in expected_services(settings, first - 2 * ONE_DAY, last).items()
        if any(one.meets(service.slots[0].starts_at, last_end(settings, service)) for one in intervals)
    )
