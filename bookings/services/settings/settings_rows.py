"""Save and delete single rows of settings, inside a change of settings."""

from collections.abc import Collection

from django.db.models import F, Model, ProtectedError, RestrictedError

from bookings.errors import RecordInUse
from capacity.models import CapacityRule, ServicePeriod
from capacity.selectors import read_clock
from tables.models import Table


def save_row(row: Model, columns: Collection[str] | None = None) -> None:
    """Save a settings row, or these columns of it, inside a change of settings; a capacity rule counts its changes.

    The record of a decision names a rule with its version, so that a limit of the past can be told from one of today.
    """
    if not isinstance(row, CapacityRule) or row._state.adding:
        row.save(update_fields=columns)
        return
    # In the database: a change that runs again after a rollback counts once.
    row.version = F("version") + 1
    row.save()
    row.refresh_from_db(fields=["version"])


def delete_row(row: Model) -> tuple[Table, ...]:
    """Delete a settings row inside a change of settings, or retire it if it must stay.

    A table goes at the end of the change, when its parties have other tables: it is returned, for the change to return
    it.

    Raises: `RecordInUse`.
    """
    if isinstance(row, Table):
        return (row,)
    if isinstance(row, ServicePeriod) and row.service_days.exists():
        row.retired_at = read_clock()
        row.save(update_fields=["retired_at"])
    else:
        remove_row(row)
    return ()


def remove_row(row: Model) -> None:
    """Delete a row that nothing may refer to.

    Raises: `RecordInUse`.
    """
    try:
        # By query: `row.delete()` would forget the key, which an attempt after a rollback needs again.
        type(row)._default_manager.filter(pk=row.pk).delete()
    except (ProtectedError, RestrictedError) as error:
        name = f"{row._meta.verbose_name} {row}"
        raise RecordInUse(f"Other records refer to {name}: it can be retired, not deleted") from error
