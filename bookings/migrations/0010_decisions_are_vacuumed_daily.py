from django.db import migrations

# A night prunes one day of LEDGER_DAYS, about a hundredth of the ledger. By the default of a fifth its rows would lie
# there dead for weeks; now they are room for the next day's.
OPTIONS = (
    "autovacuum_vacuum_scale_factor",
    "autovacuum_vacuum_insert_scale_factor",
    "toast.autovacuum_vacuum_scale_factor",
)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0009_audited_days")]
    operations = [
        migrations.RunSQL(
            f"ALTER TABLE bookings_decision SET ({', '.join(f'{option} = 0.005' for option in OPTIONS)})",
            f"ALTER TABLE bookings_decision RESET ({', '.join(OPTIONS)})",
        )
    ]
