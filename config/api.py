"""Errors as HTTP answers: the one table from error code to status, and the one shape of every error body.

The shape is `{error, message, details?, reasons?, alternatives?, alternativeSlots?, retryAfter?}`. Errors of a use
case, of the framework and of an address that is not there all have it.
"""

import sys
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from config.errors import BookingConflict, DomainError, InputInvalid, RecordNotFound
from config.logs.failures import database_facts

logger = structlog.stdlib.get_logger(__name__)

UNAVAILABLE_RETRY_SECONDS = 2
# No connection, none free in the pool, or one that broke under a statement.
DATABASE_AWAY = (OperationalError, InterfaceError)

STATUS_OF_CODE: Mapping[str, int] = {
    "VALIDATION_ERROR": 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "NOT_ACCEPTABLE": 406,
    "CAPACITY_EXCEEDED": 409,
    "BOOKING_CONFLICT": 409,
    "INVALID_TRANSITION": 409,
    "STALE_EDIT": 412,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "OPERATING_HOURS_CLOSED": 422,
    "OUTSIDE_BOOKING_WINDOW": 422,
    "PARTY_SIZE_NOT_ACCEPTED": 422,
    "NONEXISTENT_TIME": 422,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "RATE_LIMITED": 429,
    "INTERNAL_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
}

# What HTTP itself refuses, by the only code that has this status or is meant by it.
_CODE_OF_STATUS = {
    STATUS_OF_CODE[code]: code
    for code in (
        "VALIDATION_ERROR",
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "NOT_FOUND",
        "METHOD_NOT_ALLOWED",
        "NOT_ACCEPTABLE",
        "PAYLOAD_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
        "RATE_LIMITED",
        "INTERNAL_ERROR",
        "SERVICE_UNAVAILABLE",
    )
}

_MESSAGES = {
    "VALIDATION_ERROR": "The input is not valid.",
    # An unknown address, record or token: one and the same body.
    "NOT_FOUND": RecordNotFound().message,
    "RATE_LIMITED": "Too many requests. Please wait a moment.",
    "INTERNAL_ERROR": "Something went wrong on our side.",
    "SERVICE_UNAVAILABLE": "The service is not available just now. Please try again.",
}


class PayloadTooLarge(exceptions.APIException):
    """The body is larger than this API takes."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."
    default_code = "payload_too_large"


def exception_handler(error: Exception, context: Mapping[str, Any], **facts: Any) -> Response | None:
    """Answer an exception of an API view, with more facts of it; None lets Django log it and answer 500."""
    body = _body_of(error)
    if body is None:
        return None
    body |= facts
    headers = _headers_of(body)
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    return Response(body, status=STATUS_OF_CODE[body["error"]], headers=headers)


def error_response(code: str, **data: Any) -> JsonResponse:
    """Build the answer of an error outside the API views."""
    return _json_response(_body(code, **data))


def _json_response(body: dict[str, Any]) -> JsonResponse:
    # Spelt as the API views spell it: equal errors are equal to the byte.
    style = {"separators": (",", ":"), "ensure_ascii": False}
    status, headers = STATUS_OF_CODE[body["error"]], _headers_of(body)
    return JsonResponse(body, status=status, headers=headers, json_dumps_params=style)


def _body(code: str, message: str | None = None, **data: Any) -> dict[str, Any]:
    return {"error": code, "message": message or _MESSAGES.get(code) or _phrase(code), **data}


def _phrase(code: str) -> str:
    return f"{HTTPStatus(STATUS_OF_CODE[code]).phrase}."


def _headers_of(body: Mapping[str, Any]) -> dict[str, str]:
    return {"Retry-After": str(body["retryAfter"])} if "retryAfter" in body else {}


def _body_of(error: Exception) -> dict[str, Any] | None:
    match error:
        case DomainError():
            return _body(error.code, error.message, **_facts_of(error))
        case exceptions.APIException():
            return _framework_body(error)
        case Http404():
            return _body("NOT_FOUND")
        case PermissionDenied():
            return _body("FORBIDDEN")
        case SuspiciousOperation() | BadRequest():
            return _body("VALIDATION_ERROR")
        case OperationalError() | InterfaceError():
            return _unavailable_body(error)
    return None


def _facts_of(error: DomainError) -> dict[str, Any]:
    match error:
        case InputInvalid():
            return {"details": error.details}
        case BookingConflict():
            return {"retryAfter": error.retry_after}
    return {}


def _framework_body(error: exceptions.APIException) -> dict[str, Any]:
    code = _CODE_OF_STATUS[error.status_code]
    if isinstance(error, exceptions.ValidationError):
        return _body(code, details=_details_of(error))
    if isinstance(error, exceptions.Throttled):
        return _body(code, retryAfter=max(1, round(getattr(error, "wait", None) or 1)))
    return _body(code, _MESSAGES.get(code) or str(error.detail))


def _details_of(error: exceptions.ValidationError) -> dict[str, list[dict[str, str]]]:
    # Always by field: no serializer here takes a list.
    details: dict[str, Any] = dict(error.get_full_details())  # type: ignore[arg-type]
    return {
        field: [{"code": problem["code"], "message": problem["message"]} for problem in problems]
        for field, problems in details.items()
    }


def _unavailable_body(error: Exception) -> dict[str, Any]:
    # No traceback: a database that is away says the same for every request.
    logger.error("database not available", error=error, **database_facts(error))
    return _body("SERVICE_UNAVAILABLE", retryAfter=UNAVAILABLE_RETRY_SECONDS)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that the framework refuses to read (handler400)."""
    if _wants_page(request):
        return defaults.bad_request(request, exception)
    return error_response("VALIDATION_ERROR")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that the signed-in user may not make (handler403)."""
    if _wants_page(request):
        return defaults.permission_denied(request, exception)
    return error_response("FORBIDDEN")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that is not there (handler404)."""
    if _wants_page(request):
        return defaults.page_not_found(request, exception)
    return error_response("NOT_FOUND")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception that no handler caught: 503 if the database is away, else 500 (handler500)."""
    error = sys.exc_info()[1]
    body = _unavailable_body(error) if isinstance(error, DATABASE_AWAY) else _body("INTERNAL_ERROR")
    if not _wants_page(request):
        return _json_response(body)
    page = defaults.server_error(request)
    page.status_code = STATUS_OF_CODE[body["error"]]
    for name, value in _headers_of(body).items():
        page[name] = value
    return page


def _wants_page(request: HttpRequest) -> bool:
    # A browser says text/html in so many words; what accepts anything gets the API's shape.
    return not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", "")
