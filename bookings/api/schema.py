"""The API described: one decorator per call, with its true refusals and their shapes."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)

from bookings.api import serializers
from bookings.api.shapes import serializer_of
from bookings.contract import guests, staff
from bookings.insight.explain.answer import ExplanationAnswer
from bookings.insight.explain.overruns_answer import OverrunsAnswer
from capacity.policy import ReasonCode
from config.api import STATUS_OF_CODE

F = TypeVar("F", bound=Callable[..., Any])

_TEXT = {"type": "string"}
_WALL_TIMES = {"type": "array", "items": _TEXT}
_NUMBER_OR_NULL = {"type": "integer", "nullable": True}
_REASON = {
    "type": "object",
    "required": ["code", "limit", "used", "asked"],
    "properties": {
        "code": {"type": "string", "enum": [code.value for code in ReasonCode]},
        "limit": _NUMBER_OR_NULL,
        "used": _NUMBER_OR_NULL,
        "asked": _NUMBER_OR_NULL,
    },
}
_SLOT = {
    "type": "object",
    "required": ["time", "startsAt", "date"],
    "properties": {
        "time": _TEXT,
        "startsAt": {"type": "string", "format": "date-time"},
        "date": {"type": "string", "format": "date", "description": "Business date: after midnight that of the night."},
    },
}
_PROBLEM = {"type": "object", "required": ["code", "message"], "properties": {"code": _TEXT, "message": _TEXT}}
_EXTRAS: dict[str, dict[str, Any]] = {
    "details": {
        "type": "object",
        "description": "By field, query parameter or header; `body` for the body as a whole.",
        "additionalProperties": {"type": "array", "items": _PROBLEM},
    },
    "reasons": {"type": "array", "items": _REASON},
    "alternatives": _WALL_TIMES,
    "alternativeSlots": {"type": "array", "items": _SLOT},
    "retryAfter": {"type": "integer", "description": "Seconds; also the header Retry-After."},
}
_EXTRAS_OF_CODE = {
    "VALIDATION_ERROR": ("details",),
    "CAPACITY_EXCEEDED": ("reasons", "alternatives", "alternativeSlots"),
    "OPERATING_HOURS_CLOSED": ("reasons", "alternatives", "alternativeSlots"),
    "OUTSIDE_BOOKING_WINDOW": ("reasons", "alternatives", "alternativeSlots"),
    "PARTY_SIZE_NOT_ACCEPTED": ("reasons", "alternatives", "alternativeSlots"),
    "NONEXISTENT_TIME": ("alternatives", "alternativeSlots"),
    "BOOKING_CONFLICT": ("retryAfter",),
    "RATE_LIMITED": ("retryAfter",),
    "SERVICE_UNAVAILABLE": ("retryAfter",),
}
_EVERYWHERE = ("VALIDATION_ERROR", "NOT_ACCEPTABLE", "INTERNAL_ERROR", "SERVICE_UNAVAILABLE")
_WITH_BODY = ("PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")
_REFUSALS = (
    "CAPACITY_EXCEEDED",
    "BOOKING_CONFLICT",
    "OPERATING_HOURS_CLOSED",
    "OUTSIDE_BOOKING_WINDOW",
    "PARTY_SIZE_NOT_ACCEPTED",
    "NONEXISTENT_TIME",
    "IDEMPOTENCY_KEY_REUSED",
)
_STRICT = "Unknown or repeated query parameters and unknown or duplicate JSON keys are refused."


class StrictInputs(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Say that inputs take no other fields."""

    target_class = serializers.StrictSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> Any:
        """Return the usual schema, closed."""
        mapped = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # type: ignore[no-untyped-call]
        return {**mapped, "additionalProperties": False}


class BearerKey(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describe API keys."""

    target_class = "bookings.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> Any:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer", "description": "Made by `manage.py create_api_key`."}


def _errors(*codes: str) -> dict[int, OpenApiResponse]:
    """Describe the refusals of a call by status."""
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code in (*codes, *_EVERYWHERE):
        by_status[STATUS_OF_CODE[code]].append(code)
    return {
        status: OpenApiResponse(_error_shape(codes_of_status), description=", ".join(codes_of_status))
        for status, codes_of_status in by_status.items()
    }


def _error_shape(codes: Iterable[str]) -> dict[str, Any]:
    extras = {name: _EXTRAS[name] for code in codes for name in _EXTRAS_OF_CODE.get(code, ())}
    return {
        "type": "object",
        "required": ["error", "message"],
        "properties": {"error": {"type": "string", "enum": list(codes)}, "message": _TEXT, **extras},
        "additionalProperties": False,
    }


def _answer_header(name: str, description: str, *statuses: int) -> OpenApiParameter:
    return OpenApiParameter(
        name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=description, response=list(statuses)
    )


def _request_header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=description)


_RETRY_AFTER = _answer_header("Retry-After", "Seconds.", 409, 429, 503)
_ETAG = "Version of the booking, for If-Match."
_MANAGE_TOKEN = _request_header("X-Manage-Token", "The manage token; or `?token=`.")


def _call(
    operation_id: str,
    summary: str,
    *,
    answers: dict[int, Any],
    errors: tuple[str, ...],
    parameters: tuple[Any, ...] = (),
    request: Any = None,
) -> Callable[[F], F]:
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        tags=["ops" if "FORBIDDEN" in errors else "guest"],
        description=_STRICT,
        parameters=[*parameters, _RETRY_AFTER],
        request=request,
        responses={**answers, **_errors(*errors)},
    )


availability = _call(
    "getAvailability",
    "Is there a table at a time, or when is there one on a date?",
    parameters=(
        serializers.AvailabilityQuery,
        _request_header("If-None-Match", "The ETag of an answer for a date: 304 while it holds."),
        _answer_header("ETag", "Of an answer for a date.", 200, 304),
    ),
    answers={
        304: OpenApiResponse(description="The answer is the one that the caller has."),
        200: PolymorphicProxySerializer(
            component_name="Availability",
            serializers=[serializer_of(guests.TimeAvailabilityAnswer), serializer_of(guests.DayAvailabilityAnswer)],
            resource_type_field_name=None,
        ),
    },
    errors=("NOT_FOUND", "NONEXISTENT_TIME", "RATE_LIMITED"),
)
available_days = _call(
    "listAvailableDays",
    "On which dates is there a table?",
    parameters=(serializers.AvailableDaysQuery,),
    answers={200: serializer_of(guests.AvailableDaysAnswer)},
    errors=("NOT_FOUND", "RATE_LIMITED"),
)
create_booking = _call(
    "createBooking",
    "Book a table",
    request=serializers.BookingInput,
    parameters=(
        _request_header(
            "Idempotency-Key",
            "At most 255 characters of printable ASCII. The same key and body again: the same answer, one booking.",
        ),
        _answer_header("ETag", _ETAG, 201),
        _answer_header("Idempotency-Replayed", "`true` on an answer given before.", 201),
    ),
    answers={201: serializer_of(guests.CreatedBookingAnswer)},
    errors=("NOT_FOUND", *_REFUSALS, "RATE_LIMITED", *_WITH_BODY),
)
get_booking = _call(
    "getBooking",
    "Read a booking",
    parameters=(_MANAGE_TOKEN, serializers.TokenQuery, _answer_header("ETag", _ETAG, 200)),
    answers={200: serializer_of(guests.ManagedBookingAnswer)},
    errors=("NOT_FOUND",),
)
cancel_booking = _call(
    "cancelBooking",
    "Cancel a booking",
    parameters=(
        _MANAGE_TOKEN,
        _request_header("If-Match", "ETag of the booking as it was read."),
        serializers.TokenQuery,
        _answer_header("ETag", _ETAG, 200),
    ),
    answers={200: serializer_of(guests.ManagedBookingAnswer)},
    errors=(
        "NOT_FOUND",
        "BOOKING_CONFLICT",
        "INVALID_TRANSITION",
        "STALE_EDIT",
        "OUTSIDE_BOOKING_WINDOW",
    ),
)
list_restaurants = _call(
    "listRestaurants",
    "Where can guests book?",
    parameters=(serializers.RestaurantsQuery,),
    answers={200: serializer_of(guests.RestaurantPageAnswer)},
    errors=(),
)
get_restaurant = _call(
    "getRestaurant",
    "A restaurant, and when it seats guests",
    answers={200: serializer_of(guests.RestaurantDetailAnswer)},
    errors=("NOT_FOUND",),
)
utilization = _call(
    "getUtilization",
    "How full are the services of a date?",
    parameters=(serializers.UtilizationQuery, _answer_header("WWW-Authenticate", "Challenge.", 401)),
    answers={200: serializer_of(staff.UtilizationAnswer)},
    errors=("UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"),
)
_CHALLENGE = _answer_header("WWW-Authenticate", "Challenge.", 401)
explanation = _call(
    "explainAvailability",
    "Why is a party taken or refused, and what would make room?",
    parameters=(serializers.ExplanationQuery, _CHALLENGE),
    answers={200: serializer_of(ExplanationAnswer)},
    errors=("UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "NONEXISTENT_TIME"),
)
overruns = _call(
    "listOverruns",
    "Who sits past their time, and which later bookings lose their table?",
    parameters=(serializers.RestaurantQuery, _CHALLENGE),
    answers={200: serializer_of(OverrunsAnswer)},
    errors=("UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"),
)
table_counts = _call(
    "listTableCounts",
    "How many tables are there for each party size, and how many are free?",
    parameters=(serializers.TableCountsQuery, _CHALLENGE),
    answers={200: serializer_of(staff.TableCountsAnswer)},
    errors=("UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"),
)
