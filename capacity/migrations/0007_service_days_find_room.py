from django.db import migrations

# A booking writes its service day twice: as it locks it, and with the counters. At serializable an update that finds no
# room on its page writes the page of the index that all others have read, and makes them start over. With 70 that
# met sixteen guests of sixteen restaurants whose service days stand on one page.
SQL = "ALTER TABLE capacity_serviceday SET (fillfactor = 50)"
REVERSE = "ALTER TABLE capacity_serviceday SET (fillfactor = 70)"


class Migration(migrations.Migration):
    dependencies = [("capacity", "0006_online_pauses")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
