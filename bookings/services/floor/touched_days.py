"""Which service days a time touches: those with a row, and those that have none yet."""

from collections.abc import Iterable
from datetime import timedelta

from bookings.day import Interval, ServiceKey, expected_services, last_end
from capacity.models import ServiceDay
from capacity.selectors import ServiceSettings

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
    return ids, _expected_at(settings, own) - {ServiceKey(period_id, on) for _, period_id, on, _, _ in days}


def _expected_at(settings: ServiceSettings, interval: Interval) -> frozenset[ServiceKey]:
    """Return the services that are offered at some time of an interval."""
    first, last = (it.astimezone(settings.zone).date() for it in (interval.starts_at, interval.ends_at))
    return frozenset(
        key
        for key, service in expected_services(settings, first - ONE_DAY, last).items()
        if interval.meets(service.slots[0].starts_at, last_end(settings, service))
    )
