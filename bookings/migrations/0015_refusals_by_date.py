from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The timeline shows who was refused on a date, however long before; without an index it read the whole ledger."""

    # An index is built beside the writers only outside a transaction.
    atomic = False

    dependencies = [
        ("bookings", "0014_search_of_guests"),
    ]

    operations = [
        AddIndexConcurrently(
            "decision",
            models.Index(
                fields=["restaurant", "business_date"],
                name="decision_refused_on",
                condition=models.Q(verdict="refused"),
            ),
        ),
    ]
