from django.db import migrations


class Migration(migrations.Migration):
    """The metrics and the first page count dead jobs among all that are kept; the table is new in this release."""

    dependencies = [
        ("bookings", "0006_rollout"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        migrations.RunSQL(
            sql="CREATE INDEX job_dead_by_queue ON procrastinate_jobs (queue_name) WHERE status = 'failed'",
            reverse_sql="DROP INDEX job_dead_by_queue",
        ),
    ]
