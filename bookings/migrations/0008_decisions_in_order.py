from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """A BRIN finds a day but gives no order: lists and pruning walked or sorted the whole ledger."""

    # An index is built beside the writers only outside a transaction.
    atomic = False

    dependencies = [
        ("bookings", "0007_dead_jobs_by_queue"),
    ]

    operations = [
        AddIndexConcurrently("decision", models.Index(fields=["decided_at", "id"], name="decision_in_order")),
        RemoveIndexConcurrently("decision", "decision_by_time"),
    ]
