"""Take tables out of service, retire them, or give them out again."""

from collections.abc import Collection

from bookings.models.booking import Actor
from bookings.services.settings.outcomes import SettingsOutcome
from bookings.services.settings.settings_changes import change_settings
from config.errors import InputInvalid
from config.values import counted
from tables.choices import TableStatus
from tables.models import Table
from tables.seating import natural_key

MOST_NAMED = 4


def set_table_status(
    *,
    restaurant_id: int,
    table_ids: Collection[int],
    status: TableStatus,
    actor: Actor = None,
    confirmed: str | None = None,
) -> SettingsOutcome:
    """Give some tables of a restaurant a status, in one change of settings; twice is once.

    Parties at tables that are not given out any more are re-seated as `change_settings` does, the second time those
    that are still there. Those that cannot be are `left` in the outcome and keep their table.

    Raises: `InputInvalid`, `RecordNotFound`, `BookingConflict`.
    """
    tables = _list_tables(restaurant_id, table_ids)

    def change() -> None:
        Table.objects.filter(pk__in=[table.pk for table in tables]).update(status=status)

    reason = f"{names_of(tables)} {'is' if len(tables) == 1 else 'are'} {status.label.lower()}"
    emptied = [table.pk for table in tables] if status != TableStatus.ACTIVE else ()
    return change_settings(
        restaurant_id=restaurant_id,
        change=change,
        reason=reason,
        actor=actor,
        emptied=emptied,
        confirmed=confirmed,
    )


def _list_tables(restaurant_id: int, table_ids: Collection[int]) -> list[Table]:
    tables = list(Table.objects.filter(restaurant_id=restaurant_id, pk__in=table_ids))
    if not tables or len(tables) < len(set(table_ids)):
        raise InputInvalid.of_field("tableIds", "unknown", "Name one or more tables of this restaurant.")
    return tables


def names_of(tables: Collection[Table]) -> str:
    """Name a few tables by number, many by their count."""
    numbers = sorted((table.number for table in tables), key=natural_key)
    return ", ".join(numbers) if len(numbers) <= MOST_NAMED else counted(len(numbers), "table")
