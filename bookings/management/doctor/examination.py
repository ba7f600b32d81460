"""The examination runs all checks, in the order in which one makes sense without the next."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection

from bookings.management.doctor import cache, clocks, deployment, engine, restaurants, schema, server
from bookings.management.doctor.findings import Check, Deployment, Finding, Level, ok, problem
from config.logs.failures import describe_error

WITHOUT_DATABASE: tuple[Check, ...] = (
    deployment.check_secret_key,
    deployment.check_manage_token_key,
    deployment.check_debug,
    deployment.check_allowed_hosts,
    deployment.check_https,
    deployment.check_throttles,
    deployment.check_static_files,
    deployment.check_framework,
    server.check_gate,
    server.check_pool,
    cache.check_redis,
    engine.check_ledger,
)
WITH_DATABASE: tuple[Check, ...] = (
    server.check_version,
    server.check_writable,
    server.check_timeouts,
    server.check_connections,
    schema.check_extension,
    schema.check_migrations,
    clocks.check_clock,
)
# They read what migrations make.
WITH_TABLES: tuple[Check, ...] = (
    schema.check_constraints,
    clocks.check_zones,
    engine.check_horizon,
    engine.check_auditor,
    engine.check_queue,
    engine.check_enforcement,
    restaurants.check_restaurants,
    restaurants.check_rules,
    restaurants.check_tables,
    restaurants.check_advice,
)


@dataclass(frozen=True)
class Examination:
    """The findings of all checks."""

    findings: tuple[Finding, ...]

    @property
    def has_problems(self) -> bool:
        return self.count(Level.PROBLEM) > 0

    def count(self, level: Level) -> int:
        """Return the number of findings of a level."""
        return sum(finding.level is level for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return the examination as an object for JSON."""
        return {
            "hasProblems": self.has_problems,
            "counts": {level.value: self.count(level) for level in Level},
            "findings": [finding.as_json() for finding in self.findings],
        }


def examine(of: Deployment) -> Examination:
    """Run all checks. They write nothing but a key of ten seconds to Redis, and take no lock."""
    return Examination(tuple(_look(of)))


def _look(of: Deployment) -> Iterator[Finding]:
    yield from _run(WITHOUT_DATABASE, of)
    reached = _reach_database()
    yield reached
    if reached.level is Level.PROBLEM:
        return
    found = list(_run(WITH_DATABASE, of))
    yield from found
    # A table that is not there yet would make every other check a finding of its own.
    if not any(finding.check == "migrations" and finding.level is Level.PROBLEM for finding in found):
        yield from _run(WITH_TABLES, of)


def _run(checks: Iterable[Check], of: Deployment) -> Iterator[Finding]:
    for check in checks:
        try:
            # All of its findings or none: a generator may fail after the first.
            yield from list(check(of))
        # Of any kind: an error of a check is a finding that somebody wants to see, beside the other checks.
        except Exception as error:
            name = check.__name__.removeprefix("check_").replace("_", "-")
            yield problem(name, f"it could not be looked at: {_describe(error)}", _advise_on(error))


def _describe(error: Exception) -> str:
    return describe_error(error) if isinstance(error, Error) else f"{type(error).__name__}: {describe_error(error)}"


def _advise_on(error: Exception) -> str:
    if isinstance(error, Error):
        return "Ask again; then look at the rights of the role, and at the server's log."
    return "Look at the settings and rows that it is about; if they are sound it is a defect of the check."


def _reach_database() -> Finding:
    try:
        connection.ensure_connection()
    # Also of a server that is too old for Django, and of an address without a database.
    except (Error, ImproperlyConfigured) as error:
        saw = f"it cannot be used, nothing else of it was looked at: {describe_error(error)}"
        return problem("database", saw, "Look at DATABASE_URL (host, port, role, name, sslmode) and at the server.")
    return ok("database", f"{connection.settings_dict['NAME']} answers")
