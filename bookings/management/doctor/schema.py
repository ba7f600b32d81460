"""The checks of the database's schema: all migrations, and the constraints that rule out overbooking."""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from bookings.management.doctor.findings import Deployment, Finding, ok, problem, some_of, warning
from config.middleware import list_pending_migrations

# By the first no table is seated twice, by the second a booking is found at once.
EXTENSIONS = ("btree_gist", "pg_trgm")
APPS = ("tables", "capacity", "bookings")
APPLY = "manage.py migrate"


def check_extension(deployment: Deployment) -> Iterator[Finding]:
    """Check for the extensions that the schema is made of."""
    for name in EXTENSIONS:
        yield _find_extension(name)


def _find_extension(name: str) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (SELECT FROM pg_extension WHERE extname = %(name)s),
                   EXISTS (SELECT FROM pg_available_extensions WHERE name = %(name)s),
                   has_database_privilege(current_database(), 'CREATE')
            """,
            {"name": name},
        )
        is_there, is_available, may_create = cursor.fetchone()
    if is_there:
        return ok("extension", f"{name} is installed")
    if is_available and may_create:
        return warning("extension", f"{name} is not installed yet, and may be", APPLY)
    advice = f"As a superuser, in this database: CREATE EXTENSION {name}; (of PostgreSQL's contrib package)."
    return problem("extension", f"{name} is not installed, and this role cannot do it", advice)


def check_migrations(deployment: Deployment) -> Iterator[Finding]:
    """Check that database and code are of one version."""
    pending = list_pending_migrations()
    unknown = _list_unknown_migrations()
    if pending:
        yield problem("migrations", f"pending: {some_of(pending)}", APPLY)
    if unknown:
        advice = "Deploy the release that brought them, or take them back with the code that knows them."
        yield warning("migrations", f"the database is ahead of this code: {some_of(unknown)}", advice)
    if not pending and not unknown:
        yield ok("migrations", "all are applied")


def _list_unknown_migrations() -> list[str]:
    on_disk = MigrationLoader(connection).disk_migrations
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied if app in APPS and (app, name) not in on_disk)


def check_constraints(deployment: Deployment) -> Iterator[Finding]:
    """Check that every named constraint is there, on its table, valid and enforced."""
    expected = dict(_expected_constraints())
    stored = _stored_constraints()
    missing = [f"{name} on {table}" for name, table in expected.items() if (table, name) not in stored]
    invalid = [f"{name} on {table}" for name, table in expected.items() if stored.get((table, name)) is False]
    if missing:
        advice = (
            "Run manage.py audit_capacity, repair what it finds, then add them again: manage.py sqlmigrate shows the "
            "statement. Find out who dropped them."
        )
        yield problem("constraints", f"missing: {some_of(missing)}", advice)
    if invalid:
        advice = "ALTER TABLE ... VALIDATE CONSTRAINT ...; after manage.py audit_capacity is clean (an index: REINDEX)."
        yield problem("constraints", f"there, but not valid: {some_of(invalid)}", advice)
    if not missing and not invalid:
        yield ok("constraints", f"all {len(expected)} are there and valid")


def _expected_constraints() -> Iterator[tuple[str, str]]:
    """Yield name and table of every constraint that a model names."""
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            for constraint in model._meta.constraints:
                yield constraint.name, model._meta.db_table


def _stored_constraints() -> dict[tuple[str, str], bool]:
    """Return the validity of each constraint and unique index, by table and name, in 1 query."""
    with connection.cursor() as cursor:
        # `conenforced` came with PostgreSQL 18: read so that older ones have no such column to miss.
        cursor.execute(
            """
            SELECT t.relname, c.conname,
                   c.convalidated AND coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
            FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
            WHERE c.contype IN ('c', 'x') AND t.relnamespace = current_schema()::regnamespace
            UNION
            SELECT t.relname, r.relname, i.indisvalid
            FROM pg_index i JOIN pg_class r ON r.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
            WHERE i.indisunique AND t.relnamespace = current_schema()::regnamespace
            """
        )
        return {(table, name): holds for table, name, holds in cursor.fetchall()}
