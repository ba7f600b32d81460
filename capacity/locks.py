"""The lock of the engine: the rows of the service days that a write touches; and that of the switch."""

import time
from collections.abc import Iterable
from datetime import date

from django.db.models import F

from capacity.models import EnforcementSwitch, ServiceDay
from config.transaction_cost import observe_lock_wait
from config.transactions import require_atomic


def lock_service_days(service_day_ids: Iterable[int]) -> list[ServiceDay]:
    """Lock service days FOR NO KEY UPDATE in id order, raise their version, return them as locked.

    NO KEY: a child insert takes FOR KEY SHARE on its service day, which FOR UPDATE would deadlock with. The version is
    raised even if no counter will change. At SERIALIZABLE a lock without a write would not stop a waiter that holds an
    older snapshot.

    Raises: `TransactionRequired`.
    """
    require_atomic()
    started = time.monotonic()
    ids = sorted(set(service_day_ids))
    locked = list(ServiceDay.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids).order_by("pk"))
    observe_lock_wait("row", time.monotonic() - started)
    ServiceDay.objects.filter(pk__in=[day.pk for day in locked]).update(version=F("version") + 1)
    for day in locked:
        day.version += 1
    return locked


def lock_future_service_days(restaurant_id: int, *, from_date: date) -> list[ServiceDay]:
    """Lock all service days of a restaurant from a business date on, in id order; see above.

    Call it after `lock_restaurant_settings`, which keeps new ones from being created meanwhile.
    """
    days = ServiceDay.objects.filter(restaurant_id=restaurant_id, business_date__gte=from_date)
    return lock_service_days(days.values_list("pk", flat=True))


def lock_enforcement_switch() -> EnforcementSwitch:
    """Lock the switch FOR NO KEY UPDATE, create its row if it was never turned, and return it.

    Only a turn of the switch waits here: a booking reads it without a lock.

    Raises: `TransactionRequired`.
    """
    require_atomic()
    EnforcementSwitch.objects.bulk_create([EnforcementSwitch(pk=1)], ignore_conflicts=True)
    (switch,) = list(EnforcementSwitch.objects.select_for_update(no_key=True, of=("self",)).filter(pk=1))
    return switch
