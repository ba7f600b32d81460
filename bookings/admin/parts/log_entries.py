"""The log of the admin: who did what to a row, in the history of the row."""

from collections.abc import Iterable

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model


def log_rows(actor: User, rows: Iterable[tuple[Model, str]], *, flag: int = CHANGE) -> None:
    """Log a sentence in the history of each row; at most 2 queries."""
    LogEntry.objects.bulk_create(
        LogEntry(
            user=actor,
            content_type=ContentType.objects.get_for_model(row),
            object_id=str(row.pk),
            object_repr=str(row)[:200],
            action_flag=flag,
            change_message=message,
        )
        for row, message in rows
    )
