"""System checks: settings that contradict each other."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error

from config.transactions import READ_COMMITTED


def check_gate_behind_pooler(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse the gate behind a transaction pooler: its session locks would stay with strangers."""
    has_sessions = not settings.DATABASES["default"].get("DISABLE_SERVER_SIDE_CURSORS", False)
    if has_sessions or not settings.BOOKING_GATE or settings.BOOKING_ISOLATION == READ_COMMITTED:
        return []
    return [
        Error(
            "The gate needs database sessions, which a transaction pooler does not keep.",
            hint="Set BOOKING_GATE=off, or BOOKING_ISOLATION=read committed.",
            id="maitre.E001",
        )
    ]
