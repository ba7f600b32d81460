"""A version of all settings of a restaurant, which the database itself raises with every write of any of them."""

import uuid

import django.contrib.postgres.functions
from django.db import migrations, models

FUNCTIONS = """
-- The argument is a query for the restaurants of the rows that a statement has changed.
CREATE FUNCTION raise_settings_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'UPDATE tables_restaurant SET settings_version = gen_random_uuid() WHERE id IN (' || TG_ARGV[0] || ')';
    RETURN NULL;
END $$;

CREATE FUNCTION take_new_settings_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.settings_version := gen_random_uuid();
    RETURN NEW;
END $$;

CREATE TRIGGER settings_version BEFORE UPDATE ON tables_restaurant
FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION take_new_settings_version();
"""
WITHOUT_FUNCTIONS = """
DROP TRIGGER settings_version ON tables_restaurant;
DROP FUNCTION take_new_settings_version();
DROP FUNCTION raise_settings_version();
"""
OWN = "SELECT restaurant_id FROM {}"
OF_COMBINATION = (
    "SELECT whole.restaurant_id FROM {} AS part "
    "INNER JOIN tables_tablecombination AS whole ON whole.id = part.tablecombination_id"
)


def triggers_on(table: str, restaurants: str = OWN) -> migrations.RunSQL:
    """Return the operation that lets every statement on a table of settings raise the version of its restaurants."""
    now, before = restaurants.format("now"), restaurants.format("before")
    events = {
        "insert": ("NEW TABLE AS now", now),
        "update": ("OLD TABLE AS before NEW TABLE AS now", f"{now} UNION {before}"),
        "delete": ("OLD TABLE AS before", before),
    }
    created = [
        f"CREATE TRIGGER settings_version_{event} AFTER {event.upper()} ON {table} REFERENCING {rows} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION raise_settings_version('{changed}');"
        for event, (rows, changed) in events.items()
    ]
    dropped = [f"DROP TRIGGER settings_version_{event} ON {table};" for event in events]
    return migrations.RunSQL("\n".join(created), "\n".join(dropped))


class Migration(migrations.Migration):
    dependencies = [("tables", "0002_table_blocks_and_freeze")]

    operations = [
        migrations.AddField(
            model_name="restaurant",
            name="settings_version",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(), default=uuid.uuid4, editable=False
            ),
        ),
        migrations.RunSQL(FUNCTIONS, WITHOUT_FUNCTIONS),
        triggers_on("tables_section"),
        triggers_on("table_inventory"),
        triggers_on("tables_tablecombination"),
        triggers_on("tables_tablecombination_tables", OF_COMBINATION),
    ]
