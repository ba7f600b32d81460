from django.apps import AppConfig
from django.core.checks import Tags, register

from bookings.checks import check_gate_behind_pooler


class BookingsConfig(AppConfig):
    name = "bookings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register(check_gate_behind_pooler, Tags.compatibility)
