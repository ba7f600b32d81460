from django.db import migrations

# Counters are updated at every booking. With room on the page and no index on them the update is
# HOT: no index entry is written.
SQL = "ALTER TABLE {table} SET (fillfactor = 70)"
REVERSE = "ALTER TABLE {table} RESET (fillfactor)"
TABLES = ("capacity_serviceday", "booking_slots")


class Migration(migrations.Migration):
    dependencies = [("capacity", "0001_capacity_begin")]
    operations = [migrations.RunSQL(SQL.format(table=table), REVERSE.format(table=table)) for table in TABLES]
