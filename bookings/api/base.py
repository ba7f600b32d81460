"""The base of all views: it renders answers and refusals, knows the caller, and observes outcome and time."""

import time
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bookings.api.authentication import ApiKeyAuthentication, IsStaffOrKeyOfRestaurant
from bookings.choices import DecisionMode
from bookings.contract.guests import AlternativeSlotAnswer, ReasonAnswer, render
from bookings.errors import NonexistentTime, RequestRefused, Start
from capacity.policy import CAPACITY_REASONS, ReasonCode
from config import api, metrics

CAPACITY_NUMBERS = frozenset({"maxCovers", "bookedCovers", "bookedParties", "remainingCovers", "utilizationPercent"})


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer a refused request with its reasons and other starts, and any other error as all of the site does."""
    return api.exception_handler(error, context, **_facts_of(error))


def _facts_of(error: Exception) -> dict[str, Any]:
    match error:
        case RequestRefused():
            reasons = [ReasonAnswer.of(reason) for reason in error.reasons]
            return {"reasons": reasons, **_other_starts(error.alternatives)}
        case NonexistentTime():
            return _other_starts([error.following] if error.following else [])
    return {}


def _other_starts(starts: Iterable[Start]) -> dict[str, Any]:
    slots = [AlternativeSlotAnswer.of(start) for start in starts]
    return {"alternatives": [slot.wall_time for slot in slots], "alternativeSlots": slots}


def without_capacity_numbers(answer: Any) -> Any:
    """Return an answer with the numbers that tell how full a restaurant is set to null: a house may keep them."""
    if isinstance(answer, list):
        return [without_capacity_numbers(item) for item in answer]
    if not isinstance(answer, dict):
        return answer
    if answer.get("code") in CAPACITY_REASONS:
        return {name: value if name == "code" else None for name, value in answer.items()}
    return {
        name: None if name in CAPACITY_NUMBERS else without_capacity_numbers(value) for name, value in answer.items()
    }


class ObservedView(APIView):
    """A view that can observe each of its answers, and the seconds it took, in one place."""

    # OPTIONS is the browser's question before a call from elsewhere; corsheaders answers it.
    http_method_names = ["get", "head", "post"]  # noqa: RUF012 - typed by the base class

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the request, then observe the answer."""
        started = time.monotonic()
        response = None
        try:
            response = super().dispatch(request, *args, **kwargs)
            return response
        finally:
            self.observe(response, time.monotonic() - started)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Render the answer, unless it was."""
        if isinstance(response, Response):
            response.data = render(response.data)
        return super().finalize_response(request, response, *args, **kwargs)

    def observe(self, response: HttpResponseBase | None, seconds: float) -> None:
        """Observe an answer; None stands for an exception that nobody expected."""


class GuestView(ObservedView):
    """A call of a guest: no session, so no CSRF; no numbers where the house keeps them to itself."""

    authentication_classes = ()

    def get_throttle_scope(self) -> str:
        """Return what a throttle counts apart beside the address."""
        return ""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Hide the numbers of errors and answers alike, if they are not public."""
        finalized = super().finalize_response(request, response, *args, **kwargs)
        if not settings.PUBLIC_CAPACITY_DETAILS and isinstance(finalized, Response):
            finalized.data = without_capacity_numbers(finalized.data)
        return finalized


class OpsView(ObservedView):
    """A call of the staff, by admin session or API key."""

    # The permission, as in the admin, that a user needs in the restaurant.
    right: ClassVar[str]
    authentication_classes = (ApiKeyAuthentication, SessionAuthentication)
    permission_classes = (IsStaffOrKeyOfRestaurant,)


UNEXPECTED = "internal_error"
# Outcomes of requests that came to a decision. All others are answered at the door, by a rule for the input or the
# caller: however many there are, they say nothing about how bookings go.
DECIDED = (
    "created",
    "capacity_exceeded",
    "operating_hours_closed",
    "outside_booking_window",
    "party_size_not_accepted",
)
# Error codes, in small letters, of requests that should have been decided and were not: the error rate of the alerts.
FAILURES = ("booking_conflict", UNEXPECTED, "service_unavailable")


def _begin_series() -> None:
    """Let every series begin at 0: one that begins with its first count has no rate for it."""
    for outcome in (*DECIDED, *FAILURES):
        metrics.booking_outcome.labels(outcome=outcome)
    for reason in CAPACITY_REASONS:
        metrics.booking_capacity_exceeded.labels(reason=reason)
    for mode in DecisionMode:
        for reason in ReasonCode:
            metrics.booking_denied_covers.labels(mode=mode, reason=reason)


_begin_series()


def observe_availability(response: HttpResponseBase | None, seconds: float) -> None:
    """Observe an answer about availability."""
    if response is not None and response.status_code == 200:
        metrics.availability_check_latency.observe(seconds)


def observe_booking(response: HttpResponseBase | None, seconds: float) -> None:
    """Observe the answer to a booking request."""
    outcome = _outcome(response)
    metrics.booking_outcome.labels(outcome=outcome).inc()
    metrics.booking_creation_latency.labels(outcome=outcome).observe(seconds)
    if outcome == "capacity_exceeded":
        for reason in _data(response)["reasons"]:
            metrics.booking_capacity_exceeded.labels(reason=reason["code"]).inc()


def _outcome(response: HttpResponseBase | None) -> str:
    if response is None:
        return UNEXPECTED
    code: str | None = _data(response).get("error")
    if code is not None:
        return code.lower()
    return "replayed" if "Idempotency-Replayed" in response.headers else "created"


def _data(response: HttpResponseBase | None) -> dict[str, Any]:
    data: dict[str, Any] = getattr(response, "data", {})
    return data
