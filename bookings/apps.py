from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import pre_migrate

from bookings.checks import TAG, check_gate_behind_pooler, check_tables_to_drop
from config.migration_guard import refuse_plan_with_rows


class BookingsConfig(AppConfig):
    name = "bookings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register(check_gate_behind_pooler, TAG)
        register(check_tables_to_drop, TAG)
        pre_migrate.connect(refuse_plan_with_rows, sender=self)
