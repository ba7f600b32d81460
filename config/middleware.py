"""Middleware of every request: probes, an id that runs through the logs, what a browser may do, lasting sessions."""

import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from csp.constants import HEADER, NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from structlog.contextvars import bound_contextvars, clear_contextvars

from config.redaction import redact

access = structlog.stdlib.get_logger("config.access")

GetResponse = Callable[[HttpRequest], HttpResponse]

API_PREFIX = "/api/"
# Probes, scrapes and files say nothing that anybody would look for.
_QUIET_PREFIXES = ("/healthz", "/readyz", "/metrics", "/static/")
UNKNOWN_PATH = "<unknown>"
_SANE_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}", re.ASCII)

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_request_id() -> str | None:
    """Return the id of the request that is being answered or worked for, None outside of both."""
    return _request_id.get()


@contextmanager
def working_for(request_id: str | None, **context: object) -> Iterator[None]:
    """Log work outside a request, as by a job, under the id of the request that wanted it.

    `context` is added to every line: ids and names of ours, nothing of a guest. Without an id (no caller asked, it was
    time) the work gets one of its own.
    """
    token = _request_id.set(_sane_id(request_id or ""))
    try:
        with bound_contextvars(**context):
            yield
    finally:
        _request_id.reset(token)


class RequestIds:
    """Middleware that takes the caller's X-Request-ID if it is sane, else makes one; it answers and logs the id.

    One line is logged per request. The line has the path without its query string, where a manage token may stand. Of a
    request that was refused or sent elsewhere it has the route, since anything may have been sent in its place.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request under its id."""
        request_id = _sane_id(request.headers.get("X-Request-ID", ""))
        # Not taken back at the end: the framework logs a refusal after the last middleware, and the
        # next request of this thread brings its own.
        _request_id.set(request_id)
        clear_contextvars()
        started = time.monotonic()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        _log_access(request, response, time.monotonic() - started)
        return response


def _sane_id(given: str) -> str:
    # An id that the log would cut could not be found there.
    is_sane = _SANE_ID.fullmatch(given) and redact(given) == given
    return given if is_sane else uuid.uuid4().hex


def _log_access(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    if request.path_info.startswith(_QUIET_PREFIXES):
        return
    # Quoted: a line break in an address must not become one in the log.
    path = quote(request.path) if response.status_code < 300 else _route_of(request)
    milliseconds = round(seconds * 1000)
    access.info(
        "request answered",
        method=request.method,
        path=path,
        status=response.status_code,
        milliseconds=milliseconds,
    )


def _route_of(request: HttpRequest) -> str:
    try:
        # Whoever refused it may have done so before it was resolved.
        return f"/{(request.resolver_match or resolve(request.path_info)).route}"
    except Resolver404:
        return UNKNOWN_PATH


class ApiHabits:
    """Middleware under /api/: an address works with and without its last slash, and no answer is stored by a cache.

    A redirect to the other spelling would lose the body of a POST.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request as if it had been spelt without the slash."""
        if not request.path_info.startswith(API_PREFIX):
            return self.get_response(request)
        request.path_info = request.path_info.removesuffix("/")
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class KeptSessions:
    """Middleware that lets a session of the staff end hours after the last page, not in the midst of a long shift.

    What a screen asks by itself (htmx) keeps no session: one that is left alone ends.
    """

    SEEN_AT = "seen_at"
    # A write for every page would cost more than the page.
    NOTED_EVERY_SECONDS = 600

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, and let the session of a person at work begin anew."""
        response = self.get_response(request)
        if not request.path_info.startswith(API_PREFIX) and self._is_at_work(request):
            now = int(time.time())
            if now - request.session.get(self.SEEN_AT, 0) >= self.NOTED_EVERY_SECONDS:
                request.session[self.SEEN_AT] = now
        return response

    def _is_at_work(self, request: HttpRequest) -> bool:
        asks_by_itself = request.method == "GET" and "HX-Request" in request.headers
        return request.session.session_key is not None and not asks_by_itself and SESSION_KEY in request.session


# What a browser may do with a page

Policy = Mapping[str, list[Any]]

# An answer of the API, of a probe, of the metrics: no page, so it loads nothing, sends nothing and stands in no frame.
NO_PAGE: Policy = {
    "default-src": [NONE],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
    "object-src": [NONE],
}
# Files of this server alone. Styles stand in attributes of pages: those of unfold, and widths of bars.
_PAGE: Policy = {
    **NO_PAGE,
    "connect-src": [SELF],
    "font-src": [SELF],
    "img-src": [SELF, "data:"],
    "style-src": [SELF, UNSAFE_INLINE],
}
POLICIES: Mapping[str, Policy] = {
    # Alpine makes functions of what stands in the attributes of a page; a script in the page itself needs the nonce.
    "/admin/": {**_PAGE, "form-action": [SELF], "script-src": [SELF, UNSAFE_EVAL, NONCE]},
    "/api/docs": {**_PAGE, "script-src": [SELF]},
}
_NO_PAGE_HEADER = build_policy(dict(NO_PAGE))
# No page asks for any of these.
_UNUSED = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "payment", "usb")
HEADERS = {
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class BrowserLimits(CSPMiddleware):
    """Middleware that adds the policy of the door, and the headers that are the same at all of them.

    It stands before whatever answers by itself: probes, files and refused requests have the headers too.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add the headers that nobody has set."""
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        # What has not changed keeps the policy that it came with; thirty screens ask for it every few seconds.
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return response
        if request.path_info.startswith(API_PREFIX) and policy_of(request.path_info) is NO_PAGE:
            # The library writes a policy anew for each answer, a tenth of what an empty one takes.
            response.headers.setdefault(HEADER, _NO_PAGE_HEADER)
            return response
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Return the policy of the address; files of the packages have none, they are no pages."""
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and not request.path_info.startswith(settings.STATIC_URL):
            parts.config = parts.config or dict(policy_of(request.path_info))
        return parts


def policy_of(path: str) -> Policy:
    """Return the policy of the door that an address belongs to."""
    return next((policy for door, policy in POLICIES.items() if path.startswith(door)), NO_PAGE)


# Probes


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
