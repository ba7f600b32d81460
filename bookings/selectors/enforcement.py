"""The number of restaurants not enforced though they are meant to be, by cause. The reads never write."""

from dataclasses import dataclass

from django.conf import settings

from bookings.selectors.rollout import count_restaurants_taken_off_enforcement
from capacity.models import EnforcementSwitch
from tables.choices import EnforcementMode
from tables.models import Restaurant


@dataclass(frozen=True)
class EnforcementOff:
    """The counts of active restaurants without enforcement, each restaurant once, by its widest obstacle."""

    by_environment: int = 0
    by_switch: int = 0
    by_restaurant: int = 0


def get_enforcement_off() -> EnforcementOff:
    """Count the restaurants where limits refuse nobody though they are meant to refuse.

    2 queries, 3 if the switch is off.
    """
    meant = Restaurant.objects.filter(active=True, enforcement=EnforcementMode.ENFORCE)
    set_back = count_restaurants_taken_off_enforcement()
    if not settings.ENABLE_CAPACITY_ENFORCEMENT:
        return EnforcementOff(by_environment=meant.count(), by_restaurant=set_back)
    # A switch that nobody ever touched has no row and is on.
    if EnforcementSwitch.objects.filter(pk=1, enforced=False).exists():
        return EnforcementOff(by_switch=meant.count(), by_restaurant=set_back)
    return EnforcementOff(by_restaurant=set_back)
