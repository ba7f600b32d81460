"""What the metrics learn from an answer. docs/operations.md says what each is for.

`booking_outcome_total` and `booking_creation_latency_seconds` by outcome: `created`, `replayed`, or the error code in
small letters; `booking_capacity_exceeded_total` once for every reason that held; `availability_check_latency_seconds`
for every availability answer that was given (a refused query is quick and says nothing).
"""

from typing import Any

from django.http.response import HttpResponseBase

from config import metrics

UNEXPECTED = "internal_error"
# Error codes, in small letters, of requests that were answered by no decision: the error rate of the alerts.
FAILURES = ("booking_conflict", UNEXPECTED, "service_unavailable")

# A series that begins with its first count has no rate for it, and alerts would miss the first failures.
for _failure in FAILURES:
    metrics.booking_outcome.labels(outcome=_failure)


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
