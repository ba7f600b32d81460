"""The service days that a write touches, and so has to lock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from bookings.decision.assessment import Assessment, is_refused_without_a_day
from bookings.decision.holds import CountedParty
from bookings.decision.loaded_days import LoadedDays
from bookings.decision.requests import Wish, blocked_interval
from bookings.decision.service_days import ServiceKey, day_span, expected_services, list_known_days
from capacity.calendar import ONE_DAY
from capacity.models import ServiceDay
from capacity.policy import ServiceState
from capacity.selectors import ServiceSettings
from tables.spans import TimeSpan


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
    """Find the service days that meet a stay with its buffer, by their rows alone; queries as `list_known_days`.

    None where more must be known: a service day has no row yet, or the wish is refused for another reason than room.
    Holds that are over and parties that have to move may need more days; under the lock that shows.
    """
    if is_refused_without_a_day(settings, wish):
        return None
    met = find_days_meeting(settings, [blocked_interval(settings, wish)])
    return None if met.missing else met


def days_of_assessment(loaded: LoadedDays, assessment: Assessment) -> TouchedDays:
    """Find the service days that meet a stay with its buffer, the holds that it frees, and the parties it may move."""
    intervals = [assessment.blocked, *(hold.blocked for hold in holds_in_the_way(loaded, assessment))]
    if assessment.seating is not None:
        intervals.append(assessment.seating.depends_on)
    # A walk-in outside all services counts in the nearest one, which its stay may not meet.
    return loaded_days_meeting(loaded, intervals, services=[assessment.service] if assessment.service else [])


def loaded_days_meeting(
    loaded: LoadedDays,
    intervals: Iterable[TimeSpan],
    *,
    services: Iterable[ServiceState] = (),
    service_day_ids: Iterable[int] = (),
) -> TouchedDays:
    """Find the loaded service days that meet some intervals, beside some that are known."""
    met = [*services, *(service for interval in intervals for service in loaded.services_meeting(interval))]
    stored = frozenset(service.service_day_id for service in met if service.service_day_id is not None)
    return TouchedDays(
        restaurant_id=loaded.settings.restaurant.pk,
        service_day_ids=stored | frozenset(service_day_ids),
        missing=frozenset(
            ServiceKey(service.period_id, service.business_date) for service in met if service.service_day_id is None
        ),
    )


def holds_in_the_way(loaded: LoadedDays, assessment: Assessment) -> tuple[CountedParty, ...]:
    """Return the holds that are over and that a stay would meet: in its service day, at a table, or in a slot.

    Two stays that do not meet can still touch the same slot, one its first minutes and one its last. A plan may also
    move a party to the table of a hold that the stay itself never meets.
    """
    wish, plan = assessment.wish, assessment.plan
    own = (wish.period_id, wish.business_date)
    planned = [plan.depends_on] if plan is not None else []
    met = holds_meeting(loaded, TimeSpan.around([assessment.blocked, *assessment.present, *planned]))
    return (*met, *(hold for hold in loaded.expired_holds if hold.key == own and hold not in met))


def holds_meeting(loaded: LoadedDays, interval: TimeSpan) -> tuple[CountedParty, ...]:
    """Return the holds that are over and that stand in the way in an interval until they are freed."""
    # Half-open: a hold that only touches takes neither a table nor a slot of this time.
    return tuple(hold for hold in loaded.expired_holds if interval.overlaps(hold.blocked))


def stored_days_meeting(restaurant_id: int, interval: TimeSpan) -> TouchedDays:
    """Find the service days with a row that touch an interval, in 1 query."""
    return TouchedDays(restaurant_id, frozenset(_days_touching(restaurant_id, interval).values_list("pk", flat=True)))


def find_days_meeting(
    settings: ServiceSettings, intervals: Sequence[TimeSpan], *, also: Sequence[TimeSpan] = ()
) -> TouchedDays:
    """Find service days that touch intervals; those that touch `also` alone only if they have a row.

    Queries as `list_known_days`.
    """
    every = [*intervals, *also]
    whole = TimeSpan.around(every)
    # A service takes a day at most, and so does the turn of its last party.
    first, last = (instant.astimezone(settings.zone).date() for instant in (whole.starts_at, whole.ends_at))
    first, last = first - 2 * ONE_DAY, last + ONE_DAY
    offered = expected_services(settings, first, last)
    touched = {
        key
        for key, service in offered.items()
        if any(interval.touches(day_span(settings, service)) for interval in intervals)
    }
    known = list_known_days(settings, first, last, touched)
    return TouchedDays(
        settings.restaurant.pk,
        frozenset(day.service_day_id for day in known if any(interval.touches(day) for interval in every)),
        frozenset(touched - {day.key for day in known}),
    )


def _days_touching(restaurant_id: int, span: TimeSpan) -> QuerySet[ServiceDay]:
    # The SQL of `TimeSpan.touches`: closed at both ends. A day locked too many makes somebody wait, one too few
    # overbooks; and a day may be a single instant, which overlaps nothing.
    return ServiceDay.objects.filter(
        restaurant_id=restaurant_id, starts_at__lte=span.ends_at, ends_at__gte=span.starts_at
    )
