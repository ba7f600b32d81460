"""The engine without its protections, to show the need for them. Never in a process that serves."""

from collections.abc import Iterable

from django.conf import settings
from django.db import connection

from bookings.services import writes
from bookings.services.writes import REACTIONS
from capacity.locks import Locked
from capacity.models import BookingSlot, ServiceDay
from config.transactions import READ_COMMITTED, Reaction


def remove_protections() -> None:
    """Take away, in this process and its scratch database: isolation, gate, group, row locks, constraints."""
    settings.BOOKING_ISOLATION = READ_COMMITTED
    settings.BOOKING_GATE = settings.BOOKING_GROUP_COMMIT = False
    vars(writes)["lock_service_days"] = _lock_nothing
    for model in (ServiceDay, BookingSlot):
        for constraint in model._meta.constraints:
            if REACTIONS.get(constraint.name) is Reaction.DISAGREEMENT:
                _drop(model._meta.db_table, constraint.name)


def _lock_nothing(service_day_ids: Iterable[int]) -> dict[int, Locked]:
    return {}


def _drop(table: str, constraint: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{constraint}"')
