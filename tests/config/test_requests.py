"""Every request has an id that runs through the logs; addresses of the API need no last slash."""

import logging
import re

import pytest
from django.conf import settings
from django.test import Client

from config.redaction import RedactingFormatter, redact
from config.requests import AddRequestId

TOKEN = "IwhQMm78Gi-_z9cw3mFhaPiSMPRipm8Zo_wEuUpOjR8"


def test_a_sane_request_id_is_taken_and_answered(client: Client) -> None:
    answer = client.get("/api/nothing", headers={"x-request-id": "shop-7:42"})

    assert answer.headers["X-Request-ID"] == "shop-7:42"


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "a\tb", "é", "<script>"])
def test_any_other_request_id_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/api/nothing", headers={"x-request-id": given})

    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_each_request_gets_an_id_of_its_own(client: Client) -> None:
    ids = {client.get("/api/nothing").headers["X-Request-ID"] for _ in range(3)}

    assert len(ids) == 3


def test_a_request_is_logged_under_its_id_without_its_query(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(AddRequestId())
    caplog.set_level(logging.INFO, "config.access")

    client.get(f"/api/bookings/ABC/nothing?token={TOKEN}", headers={"x-request-id": "mine"})

    [record] = [record for record in caplog.records if record.name == "config.access"]
    assert re.fullmatch(r"GET /api/bookings/ABC/nothing 404 \d+ ms", record.getMessage())
    assert record.request_id == "mine"


def test_a_line_break_in_an_address_forges_no_line(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "config.access")

    client.get("/api/x%0a2026-01-01 ERROR forged")

    [record] = [record for record in caplog.records if record.name == "config.access"]
    assert record.getMessage().startswith("GET /api/x%0A2026-01-01%20ERROR%20forged 404 ")


@pytest.mark.parametrize("path", ["/healthz", "/static/nothing.css"])
def test_probes_and_files_are_not_logged(client: Client, caplog: pytest.LogCaptureFixture, path: str) -> None:
    caplog.set_level(logging.INFO, "config.access")

    client.get(path)

    assert [record for record in caplog.records if record.name == "config.access"] == []


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"GET /api/bookings/X?token={TOKEN} 200", "GET /api/bookings/X?token=[redacted] 200"),
        (f"'/x?a=1&token={TOKEN}&b=2'", "'/x?a=1&token=[redacted]&b=2'"),
        (f"/x?Manage_Token={TOKEN}", "/x?Manage_Token=[redacted]"),
        ("the token is a word", "the token is a word"),
    ],
)
def test_a_token_in_an_address_is_redacted(text: str, redacted: str) -> None:
    assert redact(text) == redacted


def test_a_token_in_a_traceback_is_redacted_too() -> None:
    record = logging.makeLogRecord({"msg": "failed on %s", "args": (f"/x?token={TOKEN}",)})
    try:
        raise ValueError(f"no answer from /y?token={TOKEN}")
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)

    line = RedactingFormatter("%(message)s").format(record)

    assert TOKEN not in line
    assert line.count("[redacted]") == 3


def test_every_handler_redacts_and_names_the_request() -> None:
    for handler in settings.LOGGING["handlers"].values():
        formatter = settings.LOGGING["formatters"][handler["formatter"]]
        assert formatter["class"] == "config.redaction.RedactingFormatter"
        assert "%(request_id)s" in formatter["format"]
        assert handler["filters"] == ["request_id"]


def test_no_answer_of_the_api_is_stored_by_a_cache(client: Client) -> None:
    assert client.get("/api/nothing").headers["Cache-Control"] == "no-store"
