"""Every error has one shape, whoever raised it, and its status from the one table."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.api import STATUS_OF_CODE
from config.errors import BookingConflict, DomainError, EditIsStale, InputInvalid
from config.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500"]

pytestmark = pytest.mark.urls(__name__)

PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

RAISED: dict[str, Exception] = {
    "stale": EditIsStale(),
    "invalid": InputInvalid.of_field("time", "off_grid", "Start times run every 15 minutes."),
    "conflict": BookingConflict(),
    "denied": PermissionDenied(),
    "suspicious": SuspiciousOperation("too many fields"),
    "throttled": exceptions.Throttled(wait=12.2),
    "away": OperationalError("connection refused"),
    "closed": InterfaceError("connection already closed"),
    "bug": ZeroDivisionError("a secret of the house"),
}


class RaisingView(APIView):
    authentication_classes = ()

    def get(self, request: Request, name: str) -> Response:
        raise RAISED[name]


def raise_outside_the_api(request: HttpRequest, name: str) -> HttpResponse:
    raise RAISED[name]


urlpatterns = [
    path("api/raise/<name>", RaisingView.as_view()),
    path("raise/<name>", raise_outside_the_api),
]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def every_domain_error(base: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for error in base.__subclasses__():
        yield error
        yield from every_domain_error(error)


def test_every_domain_error_has_a_status() -> None:
    codes = {error.code for error in every_domain_error()}

    assert codes <= STATUS_OF_CODE.keys()
    assert "CAPACITY_EXCEEDED" in codes


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("stale", 412, {"error": "STALE_EDIT", "message": "The record has changed since it was read."}),
        (
            "invalid",
            400,
            {
                "error": "VALIDATION_ERROR",
                "message": "The input is not valid.",
                "details": {"time": [{"code": "off_grid", "message": "Start times run every 15 minutes."}]},
            },
        ),
        (
            "conflict",
            409,
            {
                "error": "BOOKING_CONFLICT",
                "message": "Too many people are booking this service at once. Please try again.",
                "retryAfter": 1,
            },
        ),
        ("denied", 403, {"error": "FORBIDDEN", "message": "Forbidden."}),
        ("suspicious", 400, {"error": "VALIDATION_ERROR", "message": "The input is not valid."}),
        (
            "throttled",
            429,
            {"error": "RATE_LIMITED", "message": "Too many requests. Please wait a moment.", "retryAfter": 13},
        ),
        (
            "away",
            503,
            {
                "error": "SERVICE_UNAVAILABLE",
                "message": "The service is not available just now. Please try again.",
                "retryAfter": 2,
            },
        ),
        (
            "closed",
            503,
            {
                "error": "SERVICE_UNAVAILABLE",
                "message": "The service is not available just now. Please try again.",
                "retryAfter": 2,
            },
        ),
        ("bug", 500, {"error": "INTERNAL_ERROR", "message": "Something went wrong on our side."}),
    ],
)
def test_an_exception_in_a_view_becomes_its_error(client: Client, name: str, status: int, body: dict[str, Any]) -> None:
    answer = client.get(f"/api/raise/{name}")

    assert (answer.status_code, answer.json()) == (status, body)
    assert answer.headers.get("Retry-After") == (str(body["retryAfter"]) if "retryAfter" in body else None)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("denied", 403, "FORBIDDEN"),
        ("suspicious", 400, "VALIDATION_ERROR"),
        ("away", 503, "SERVICE_UNAVAILABLE"),
        ("bug", 500, "INTERNAL_ERROR"),
    ],
)
def test_an_exception_outside_the_api_views_has_the_same_shape(
    client: Client, name: str, status: int, code: str
) -> None:
    answer = client.get(f"/raise/{name}")

    assert (answer.status_code, answer.json()["error"]) == (status, code)


@pytest.mark.parametrize(("name", "status"), [("denied", 403), ("suspicious", 400), ("away", 503), ("bug", 500)])
def test_a_browser_gets_a_page_that_says_no_more(client: Client, name: str, status: int) -> None:
    answer = client.get(f"/raise/{name}", headers=PAGE)

    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"secret" not in answer.content


def test_an_unknown_address_is_an_error_of_the_api_even_for_a_browser_under_api(client: Client) -> None:
    body = {"error": "NOT_FOUND", "message": "There is no such record."}

    for headers in ({}, PAGE):
        answer = client.get("/api/nothing-here", headers=headers)
        assert (answer.status_code, answer.json()) == (404, body)
    assert client.get("/nothing-here").json() == body
    assert client.get("/nothing-here", headers=PAGE).headers["Content-Type"].startswith("text/html")


def test_a_method_that_is_not_there_names_those_that_are(client: Client) -> None:
    answer = client.delete("/api/raise/bug")

    assert answer.status_code == 405
    assert answer.json() == {"error": "METHOD_NOT_ALLOWED", "message": 'Method "DELETE" not allowed.'}
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_an_answer_in_another_form_than_json_cannot_be_had(client: Client) -> None:
    answer = client.get("/api/raise/stale", headers={"accept": "application/xml"})

    assert (answer.status_code, answer.json()["error"]) == (406, "NOT_ACCEPTABLE")
