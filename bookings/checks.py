"""The system checks of settings that contradict each other."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from config.migration_guard import TableNotGuarded, list_unknown_names
from config.transactions import READ_COMMITTED

# Of the checks here, for processes that need no others: most of Django's load every screen and address.
TAG = "maitre"


def keeps_sessions() -> bool:
    """Say whether a connection stays with its holder: not behind a transaction pooler."""
    return not settings.DATABASES["default"].get("DISABLE_SERVER_SIDE_CURSORS", False)


def check_gate_behind_pooler(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse the gate behind a transaction pooler: its session locks would stay with strangers."""
    if keeps_sessions() or not settings.BOOKING_GATE or settings.BOOKING_ISOLATION == READ_COMMITTED:
        return []
    return [
        Error(
            "The gate needs database sessions, which a transaction pooler does not keep.",
            hint="Set BOOKING_GATE=off, or BOOKING_ISOLATION=read committed.",
            id="maitre.E001",
        )
    ]


def check_tables_to_drop(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse names in `ALLOW_DROP_TABLES` that guard nothing, and warn while the guard is down."""
    if unknown := list_unknown_names():
        return [Error(str(TableNotGuarded(unknown)), id="maitre.E002")]
    if settings.ALLOW_DROP_TABLES:
        return [
            Warning(
                f"Reverse migrations may drop {', '.join(settings.ALLOW_DROP_TABLES)} with all their rows.",
                hint="Unset ALLOW_DROP_TABLES once they are dropped.",
                id="maitre.W001",
            )
        ]
    return []
