"""Middleware of every request: an id that runs through the logs, the habits of the API, and sessions that last."""

import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import quote

import structlog
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
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
