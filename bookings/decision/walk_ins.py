"""The wish of a party outside the grid of starts: one that has come without a booking, one taken out of hours."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bookings.decision.requests import Wish
from capacity.calendar import ONE_DAY, ServiceTimes, local_wall_time, this_minute
from capacity.policy import WALK_IN
from capacity.selectors import ServiceSettings


def read_wish_now(settings: ServiceSettings, *, party_size: int, seating: str | None = None) -> Wish:
    """Return the wish of a walk-in in the minute that runs; the grid of start times does not bind it.

    The wish belongs to the service that is open, perhaps since yesterday, else to the nearest one of today; to none
    where today has none.
    """
    starts_at = this_minute(settings.now)
    service = _service_at(settings, starts_at)
    return Wish(
        party_size=party_size,
        business_date=service.business_date if service else settings.today,
        starts_at=starts_at,
        wall_time=local_wall_time(starts_at, settings.zone),
        period_id=service.period_id if service else None,
        seating=seating,
        channel=WALK_IN,
    )


def _service_at(settings: ServiceSettings, instant: datetime) -> ServiceTimes | None:
    today = settings.services_on(settings.today)
    for service in (*settings.services_on(settings.today - ONE_DAY), *today):
        if service.opens_at <= instant < service.closes_at:
            return service
    return _nearest(today, instant)


def beside_hours(settings: ServiceSettings, wish: Wish) -> Wish:
    """Return a wish that a person answers for: outside every service it counts in the nearest of its date, if any."""
    nearest = _nearest(settings.services_on(wish.business_date), wish.starts_at) if wish.period_id is None else None
    if nearest is None:
        return replace(wish, answers_for=True)
    return replace(wish, answers_for=True, period_id=nearest.period_id, is_outside_hours=True)


def _nearest(services: Sequence[ServiceTimes], instant: datetime) -> ServiceTimes | None:
    return min(services, key=lambda service: _distance(service, instant), default=None)


def _distance(service: ServiceTimes, instant: datetime) -> timedelta:
    return max(service.opens_at - instant, instant - service.closes_at)
