from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """A list over all restaurants was sorted as a whole, also where its latest three hundred bookings were wanted."""

    # An index is built beside the writers only outside a transaction.
    atomic = False

    dependencies = [
        ("bookings", "0019_staff_keep_their_restaurants"),
    ]

    operations = [
        AddIndexConcurrently(
            "booking",
            models.Index(fields=["business_date", "starts_at", "id"], name="booking_by_start"),
        ),
    ]
