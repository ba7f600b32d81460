"""The headers by which a browser is told what a page may do, at every door."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from config.env import BASE_DIR
from tests.helpers.factories import BookingFactory

pytestmark = pytest.mark.django_db

CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
FRAMELESS = {"frame-ancestors": "'none'", "base-uri": "'none'", "object-src": "'none'", "default-src": "'none'"}


def policy_of(answer: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer["Content-Security-Policy"].split(";"))
    return {name: sources for name, _, sources in parts}


@pytest.mark.parametrize(
    "address",
    [
        "/api/restaurants",
        "/api/availability",
        "/api/ops/overruns",
        "/api/nowhere",
        "/api/schema",
        "/nowhere",
        "/healthz",
    ],
)
def test_what_is_no_page_loads_nothing_and_stands_in_no_frame(client: Client, address: str) -> None:
    assert set(client.get(address)["Content-Security-Policy"].split("; ")) == set(CLOSED.split("; "))


def test_a_refused_host_and_an_error_have_the_policy_too(client: Client, settings: Settings) -> None:
    refused = client.get("/admin/", headers={"host": "nobody.example"})

    assert refused.status_code == 400
    assert policy_of(refused).items() >= FRAMELESS.items()


@pytest.mark.parametrize("address", ["/admin/login/", "/admin/", "/admin/bookings/booking/", "/admin/nowhere/"])
def test_the_admin_runs_its_own_files_alone(admin_client: Client, address: str) -> None:
    policy = policy_of(admin_client.get(address))

    assert policy.items() >= FRAMELESS.items()
    assert policy["script-src"] == "'self' 'unsafe-eval'"
    assert policy["form-action"] == policy["connect-src"] == policy["font-src"] == "'self'"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["img-src"] == "'self' data:"


def test_a_script_in_a_page_of_the_admin_has_the_nonce_of_that_answer(admin_client: Client) -> None:
    booking = BookingFactory()
    address = f"/admin/bookings/booking/{booking.pk}/cancel/"

    first, again = admin_client.get(address), admin_client.get(address)

    (nonce,) = re.findall(r'<script nonce="([^"]{20,})">', first.content.decode())
    assert f"'nonce-{nonce}'" in policy_of(first)["script-src"]
    assert nonce not in again.content.decode()


def test_no_page_of_ours_has_a_script_without_a_nonce_or_a_handler_in_an_attribute() -> None:
    pages = {path: path.read_text() for path in (BASE_DIR / "templates").rglob("*.html")}
    inline = re.compile(r"<script(?![^>]*(?:nonce|src)=)|\son[a-z]+=|javascript:")

    assert {str(path): inline.findall(text) for path, text in pages.items() if inline.search(text)} == {}


def test_the_page_of_the_api_has_no_script_in_itself(client: Client) -> None:
    answer = client.get("/api/docs")
    (script,) = re.findall(r'<script src="(/api/docs[^"]+)"', answer.content.decode())

    assert policy_of(answer)["script-src"] == "'self'"
    assert policy_of(answer)["form-action"] == "'none'"
    assert "<script>" not in answer.content.decode()
    assert client.get(script)["Content-Type"].startswith("application/javascript")


@pytest.mark.parametrize(
    "address", ["/admin/login/", "/api/restaurants", "/api/docs", "/healthz", "/nowhere", "/metrics"]
)
def test_the_other_headers_are_the_same_at_every_door(client: Client, address: str) -> None:
    answer = client.get(address)

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert "geolocation=()" in answer["Permissions-Policy"]


def test_pages_share_no_window_with_strangers(client: Client) -> None:
    answer = client.get("/admin/login/")

    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"


# The metrics


def scrape(client: Client, authorization: str | None = None) -> HttpResponse:
    headers = {} if authorization is None else {"authorization": authorization}
    return client.get("/metrics", headers=headers)


def test_the_metrics_ask_for_nothing_unless_a_token_is_set(client: Client) -> None:
    assert scrape(client).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic a-token", "a-token", "Bearer a-token x", "é"],
)
def test_without_the_token_the_metrics_are_refused(
    client: Client, settings: Settings, authorization: str | None
) -> None:
    settings.METRICS_TOKEN = "a-token"

    answer = scrape(client, authorization)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="metrics"'
    assert b"booking_" not in answer.content


def test_with_the_token_the_metrics_are_shown(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "a-token"

    assert scrape(client, "Bearer a-token").status_code == scrape(client, "bearer a-token").status_code == 200
