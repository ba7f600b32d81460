"""Probes: /healthz says that the process answers, /readyz that it can serve guests."""

from collections.abc import Callable

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse


class HealthProbes:
    """Middleware that answers the probes before anything else looks at the request.

    They come by address, so their Host header is none of ALLOWED_HOSTS, and over plain http.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a probe; pass on everything else."""
        probe = PROBES.get(request.path_info.rstrip("/"))
        return probe() if probe else self.get_response(request)


def _alive() -> HttpResponse:
    return JsonResponse({"status": "ok"})


def _ready() -> HttpResponse:
    try:
        pending = list_pending_migrations()
    except Error:
        return JsonResponse({"status": "database away"}, status=503, headers={"Retry-After": "5"})
    if pending:
        return JsonResponse({"status": "migrations pending", "migrations": pending}, status=503)
    return JsonResponse({"status": "ok"})


def list_pending_migrations() -> list[str]:
    """List the migrations that are not applied.

    Raises: `django.db.Error`.
    """
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [str(migration) for migration, _ in plan]


PROBES: dict[str, Callable[[], HttpResponse]] = {"/healthz": _alive, "/readyz": _ready}
