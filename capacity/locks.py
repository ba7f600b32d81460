"""The lock of the engine: the rows of the service days that a write touches; and that of the switch."""

import time
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.db.models import F

from capacity.models import EnforcementSwitch, ServiceDay
from config.statements import AnyOf, Sql, Statement, ids, sql_of
from config.transaction_cost import observe_lock_wait
from config.transactions import require_atomic


class Locked(NamedTuple):
    """The find of the lock of a service day: its version before, and the switch of enforcement."""

    version: int
    switch: bool | None


def _lock() -> Sql:
    days = ServiceDay.objects.select_for_update(no_key=True, of=("self",)).filter(AnyOf(F("pk"), ids("day_ids")))
    sql, parameters = sql_of(days.order_by("pk").values_list("id"))
    # In id order by the part that locks: an UPDATE of several rows takes them as it finds them.
    raised = "UPDATE capacity_serviceday AS day SET version = day.version + 1 FROM locked WHERE day.id = locked.id"
    switch = "SELECT enforced FROM capacity_enforcementswitch WHERE id = 1"
    return f"WITH locked AS MATERIALIZED ({sql}) {raised} RETURNING day.id, day.version - 1, ({switch})", parameters


LOCK_SERVICE_DAYS = Statement("lock_service_days", _lock)


def lock_service_days(service_day_ids: Iterable[int]) -> dict[int, Locked]:
    """Lock service days FOR NO KEY UPDATE in id order and raise their version; return those there are, in 1 query.

    NO KEY: a child insert takes FOR KEY SHARE on its service day, which FOR UPDATE would deadlock with. The version is
    raised even if no counter will change. At SERIALIZABLE a lock without a write would not stop a waiter that holds an
    older snapshot.

    Raises: `TransactionRequired`.
    """
    require_atomic()
    started = time.monotonic()
    locked = LOCK_SERVICE_DAYS.run(day_ids=sorted(set(service_day_ids)))
    observe_lock_wait("row", time.monotonic() - started)
    return {service_day_id: Locked(*found) for service_day_id, *found in locked}


def lock_future_service_days(restaurant_id: int, *, from_date: date) -> list[ServiceDay]:
    """Lock all service days of a restaurant from a business date on, in id order, and read them; see above.

    Call it after `lock_restaurant_settings`, which keeps new ones from being created meanwhile.
    """
    days = ServiceDay.objects.filter(restaurant_id=restaurant_id, business_date__gte=from_date)
    locked = lock_service_days(days.values_list("pk", flat=True))
    return list(ServiceDay.objects.filter(pk__in=locked).order_by("pk"))


def lock_enforcement_switch() -> EnforcementSwitch:
    """Lock the switch FOR NO KEY UPDATE, create its row if it was never turned, and return it.

    Only a turn of the switch waits here: a booking reads it without a lock.

    Raises: `TransactionRequired`.
    """
    require_atomic()
    EnforcementSwitch.objects.bulk_create([EnforcementSwitch(pk=1)], ignore_conflicts=True)
    (switch,) = list(EnforcementSwitch.objects.select_for_update(no_key=True, of=("self",)).filter(pk=1))
    return switch
