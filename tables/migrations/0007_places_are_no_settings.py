"""A table that is only placed otherwise on the floor plan takes the same parties: no new version of the settings."""

from django.db import migrations

# Of rows as JSON, so that a column that is added counts as a setting until it is named here.
CHANGED = """
    SELECT unnest(ARRAY[now.restaurant_id, before.restaurant_id]) FROM now FULL JOIN before ON before.id = now.id
    WHERE NOT (
        to_jsonb(now) IS DISTINCT FROM to_jsonb(before)
        AND to_jsonb(now) - ''{x,y,shape,width,depth,rotation}''::text[]
            IS NOT DISTINCT FROM to_jsonb(before) - ''{x,y,shape,width,depth,rotation}''::text[]
    )
"""
WRITTEN = "SELECT restaurant_id FROM now UNION SELECT restaurant_id FROM before"
TRIGGER = """
DROP TRIGGER settings_version_update ON table_inventory;
CREATE TRIGGER settings_version_update AFTER UPDATE ON table_inventory
REFERENCING OLD TABLE AS before NEW TABLE AS now
FOR EACH STATEMENT EXECUTE FUNCTION raise_settings_version('{}');
"""


class Migration(migrations.Migration):
    dependencies = [("tables", "0006_floor_plan")]

    operations = [migrations.RunSQL(TRIGGER.format(CHANGED), TRIGGER.format(WRITTEN))]
