"""What the metrics learn from an answer. docs/operations.md says what each is for.

`booking_outcome_total` and `booking_creation_latency_seconds` by outcome: `created`, `replayed`, or the error code in
small letters; `booking_capacity_exceeded_total` once for every reason that held; `availability_check_latency_seconds`
for every availability answer that was given (a refused query is quick and says nothing).
"""

from typing import Any

from django.http.response import HttpResponseBase

from bookings.choices import DecisionMode
from capacity.policy import CAPACITY_REASONS, ReasonCode
from config import metrics

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
