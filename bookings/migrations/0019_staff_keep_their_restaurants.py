from itertools import product

from django.conf import settings
from django.db import migrations


def keep_restaurants(apps, schema_editor):
    """Leave the staff what it could see and do: every restaurant, by the permissions of the account."""
    users = apps.get_model(settings.AUTH_USER_MODEL).objects.filter(is_staff=True, is_superuser=False)
    restaurants = apps.get_model("tables", "Restaurant").objects.order_by("pk")
    membership = apps.get_model("bookings", "Membership")
    pairs = product(users.values_list("pk", flat=True), restaurants.values_list("pk", flat=True))
    rows = [membership(user_id=user, restaurant_id=restaurant, role="custom") for user, restaurant in pairs]
    membership.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0018_memberships"),
    ]

    operations = [
        migrations.RunPython(keep_restaurants, migrations.RunPython.noop),
    ]
