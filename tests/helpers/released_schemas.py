"""What code that was released needs of the schema: its tables, its columns, and to be let write as it does."""

from dataclasses import dataclass

from django.apps.registry import Apps
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model

# The leaves of the release that may still run while its successor migrates. Raised with each release.
RELEASED = (
    ("tables", "0002_table_blocks_and_freeze"),
    ("capacity", "0003_periods_in_whole_minutes"),
    ("bookings", "0004_events_of_the_floor"),
)
# Types that take all values of another one, and are read like it.
WIDER = {("varchar", "text"), ("int2", "int4"), ("int2", "int8"), ("int4", "int8")}
COLUMNS = """
SELECT table_name, column_name, udt_name, coalesce(character_maximum_length, 0), is_nullable = 'YES',
       column_default IS NOT NULL OR is_identity = 'YES' OR is_generated = 'ALWAYS'
FROM information_schema.columns WHERE table_schema = 'public'
"""


@dataclass(frozen=True)
class Column:
    """A column, as far as somebody who does not know it, or knows it from before, depends on it."""

    type_name: str
    max_length: int
    is_nullable: bool
    has_default: bool

    def takes_all_of(self, earlier: "Column") -> bool:
        """Tell whether every value that the earlier column took is taken still."""
        is_as_long = self.max_length == 0 or 0 < earlier.max_length <= self.max_length
        is_as_wide = self.type_name == earlier.type_name or (earlier.type_name, self.type_name) in WIDER
        return is_as_wide and is_as_long and self.is_nullable >= earlier.is_nullable


Schema = dict[str, dict[str, Column]]


def read_schema() -> Schema:
    """Read all tables of the connected database."""
    schema: Schema = {}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, name, *facts in cursor.fetchall():
            schema.setdefault(table, {})[name] = Column(*facts)
    return schema


def list_breaks(before: Schema, after: Schema) -> list[str]:
    """List what code for the earlier schema would stumble over in the later one."""
    breaks = [f"{table} is gone" for table in before if table not in after]
    for table in before.keys() & after.keys():
        old, new = before[table], after[table]
        breaks += [f"{table}.{name} is gone" for name in old if name not in new]
        breaks += [
            f"{table}.{name} takes less than it did"
            for name in old.keys() & new
            if not new[name].takes_all_of(old[name])
        ]
        breaks += [
            f"{table}.{name} is new, not null and without a default of the database"
            for name, column in new.items()
            if name not in old and not (column.is_nullable or column.has_default)
        ]
    return sorted(breaks)


def released_models() -> Apps:
    """Return the models as the released code has them, of the project's apps and of those beneath."""
    return MigrationLoader(connection).project_state(list(RELEASED)).apps


def write_again(models: list[type[Model]]) -> dict[str, int]:
    """Read all rows through these models, delete them, and write them anew; return how many, by model.

    The columns that the models do not have are left to the database, as an INSERT of theirs leaves them.
    """
    rows = {model: list(model._default_manager.all()) for model in models}
    with transaction.atomic():
        with connection.cursor() as cursor:
            tables = ", ".join(f'"{model._meta.db_table}"' for model in models)
            cursor.execute(f"TRUNCATE {tables} CASCADE")
        for model, objects in rows.items():
            model._default_manager.bulk_create(objects)
        for objects in rows.values():
            for row in objects:
                row.save(force_update=True)
    return {model._meta.label: len(objects) for model, objects in rows.items()}
