"""What every request gets: an id that runs through the logs, and the habits of the API."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse

access = logging.getLogger("config.access")

GetResponse = Callable[[HttpRequest], HttpResponse]

API_PREFIX = "/api/"
# Probes, scrapes and files say nothing that anybody would look for.
_QUIET_PREFIXES = ("/healthz", "/readyz", "/metrics", "/static/")
_SANE_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}", re.ASCII)

_request_id: ContextVar[str] = ContextVar("request_id", default="-")


def current_request_id() -> str:
    """Return the id of the request that is being answered, or of the one that asked for this job; else nothing."""
    request_id = _request_id.get()
    return "" if request_id == "-" else request_id


class AddRequestId(logging.Filter):
    """Give every log record the id of the request in which it was written, `-` outside requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, with its `request_id`."""
        record.request_id = _request_id.get()
        return True


class RequestIds:
    """Take the caller's X-Request-ID if it is sane, else make one; answer it, and log one line per request.

    The line has the path without its query string, where a manage token may stand.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request under its id."""
        request_id = _sane_id(request.headers.get("X-Request-ID", ""))
        # Not taken back at the end: the framework logs a refusal after the last middleware, and the
        # next request of this thread brings its own.
        _request_id.set(request_id)
        started = time.monotonic()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        _log_access(request, response, time.monotonic() - started)
        return response


def _sane_id(given: str) -> str:
    return given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex


def _log_access(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    if request.path_info.startswith(_QUIET_PREFIXES):
        return
    # Quoted: a line break in an address must not become one in the log.
    path, milliseconds = quote(request.path), round(seconds * 1000)
    access.info("%s %s %d %d ms", request.method, path, response.status_code, milliseconds)


class ApiHabits:
    """Under /api/: an address works with and without its last slash, and no answer is stored by a cache.

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
