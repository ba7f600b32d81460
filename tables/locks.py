"""Locks on the restaurant row: settings change under the one, service days are created under the other."""

from django.db import connection

from config.errors import RecordNotFound
from config.transactions import require_atomic
from tables.models import Restaurant


def lock_restaurant_settings(restaurant_id: int) -> Restaurant:
    """Lock the restaurant row FOR NO KEY UPDATE, before any service day, and return it as it is now.

    Every change of a restaurant, table, period, turn time, rule or closure starts here. So no service day is created
    from settings that are just being changed.

    Raises: `RecordNotFound`, `TransactionRequired`.
    """
    require_atomic()
    locked = list(Restaurant.objects.select_for_update(no_key=True, of=("self",)).filter(pk=restaurant_id))
    if not locked:
        raise RecordNotFound
    return locked[0]


def share_restaurant_settings(restaurant_id: int) -> None:
    """Lock the restaurant row FOR SHARE: its settings stay as they are while service days are created.

    Creators do not wait for each other, only for a change of settings. The ORM has no FOR SHARE.

    Raises: `TransactionRequired`.
    """
    require_atomic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tables_restaurant WHERE id = %s FOR SHARE", [restaurant_id])
