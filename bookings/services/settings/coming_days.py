"""Keep service days and slots there well ahead of the guests."""

from datetime import timedelta

from bookings.services.settings.materialization import Materialization, materialize_service_days
from bookings.services.upkeep.deferral import defer_materializations
from capacity.selectors import read_clock
from tables.models import Restaurant

DAYS_AHEAD = 60


def materialize_coming_days(*, restaurant_id: int) -> Materialization:
    """Create the missing days of a restaurant's next 60 dates, today on its wall included; none if it is gone.

    Locks as `materialize_service_days`.

    Raises: `BookingConflict`.
    """
    restaurant = Restaurant.objects.filter(pk=restaurant_id).first()
    if restaurant is None:
        return Materialization()
    today = read_clock().astimezone(restaurant.zone).date()
    return materialize_service_days(
        restaurant_id=restaurant_id, from_date=today, to_date=today + timedelta(days=DAYS_AHEAD - 1)
    )


def defer_coming_days() -> None:
    """Defer the above for every active restaurant, a job each: one that fails keeps no other back."""
    active = Restaurant.objects.filter(active=True).order_by("pk").values_list("pk", flat=True)
    defer_materializations(restaurant_ids=active)
