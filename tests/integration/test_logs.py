"""A guest of unusual name goes through everything: nothing of them is in the log, and each line can be read."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import httpx
import psycopg
import pytest
from django.test import Client

from config.logs.lines import line_formatter
from tests.helpers.endpoint_house import bistro, order
from tests.helpers.factories import TurnTimeFactory
from tests.helpers.web_servers import running_granian, test_database_url

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = {
    "name": "Zebedee Quuxworthy",
    "email": "zebedee.quuxworthy@canary.example",
    "phone": "+44 20 7946 0958",
    "notes": "brings a pangolin",
}
# Also parts of it, however they are spelt.
TRACES = ("zebedee", "quuxworthy", "canary.example", "7946", "2079460958", "pangolin")
REFUSED_BY_A_CONSTRAINT = "Zebedee Quuxworthy-Forced"
# Long enough for a busy machine to book within them.
SHORT = {"BOOKING_DEADLINE_SECONDS": "2", "DATABASE_STATEMENT_TIMEOUT_SECONDS": "4"}

Lines = list[dict[str, Any]]


@contextmanager
def a_constraint_that_nobody_expects() -> Iterator[None]:
    with psycopg.connect(test_database_url(), autocommit=True) as owner:
        owner.execute(
            "ALTER TABLE bookings_booking ADD CONSTRAINT scratch_name "
            f"CHECK (guest_name <> '{REFUSED_BY_A_CONSTRAINT}')"
        )
        try:
            yield
        finally:
            owner.execute("ALTER TABLE bookings_booking DROP CONSTRAINT scratch_name")


@contextmanager
def locked(statement: str) -> Iterator[None]:
    with psycopg.connect(test_database_url()) as blocker:
        blocker.execute(statement)
        yield
        blocker.rollback()


def go_through_everything(client: httpx.Client) -> list[int]:
    """Book, ask again, be refused in every way, fail, wait too long, and cancel; return the statuses."""

    def book(key: str | None = None, **changes: Any) -> httpx.Response:
        headers = {"x-request-id": "canary"} | ({"idempotency-key": key} if key else {})
        return client.post("/api/bookings", json=order(**CANARY | changes), headers=headers)

    created = book("first")
    booking, token = created.json()["booking"], created.json()["manageToken"]
    path = f"/api/bookings/{booking['reference']}"
    answers = [
        created,
        book("first"),
        book("first", name="Zebedee Other"),
        book(partySize="Zebedee", email="zebedee@", phone="pangolin"),
        book(zebedee=1),
        client.post("/api/bookings", content=b'{"name": "Zebedee Quux', headers={"content-type": "application/json"}),
        book(partySize=9),
        book(time="18:00", partySize=5),
        client.get(path, params={"token": token}),
        client.get(path, params={"token": CANARY["email"]}),
        client.get(f"/api/bookings/{CANARY['email']}"),
        client.get("/api/nothing", headers={"host": CANARY["email"], "referer": f"http://x/?token={token}"}),
        client.post("/admin/login/", data={"username": CANARY["email"], "password": CANARY["notes"]}),
    ]
    with a_constraint_that_nobody_expects():
        answers.append(book(name=REFUSED_BY_A_CONSTRAINT, time="19:30"))
    with locked("SELECT 1 FROM capacity_serviceday FOR UPDATE"):
        answers.append(book(time="20:00"))
    with locked("LOCK TABLE bookings_booking IN ACCESS EXCLUSIVE MODE"):
        answers.append(client.get(path, headers={"x-manage-token": token}))
    answers.append(client.post(f"{path}/cancel", headers={"x-manage-token": token}))
    return [answer.status_code for answer in answers]


EXPECTED = [201, 201, 422, 400, 400, 400, 422, 409, 200, 404, 404, 400, 403, 500, 409, 503, 200]


def traces_in(output: str) -> list[str]:
    return [line for line in output.splitlines() if any(trace in line.lower() for trace in TRACES)]


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_over_http_nothing_of_a_guest_is_in_the_log(capfd: pytest.CaptureFixture[str], log_format: str) -> None:
    bistro(pacing_covers=4)
    environment = {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": log_format, **SHORT}
    with (
        running_granian("--log-config", "config/logs/granian.json", **environment) as base_url,
        httpx.Client(base_url=base_url, timeout=30) as client,
    ):
        statuses = go_through_everything(client)

    output = "".join(capfd.readouterr())
    assert statuses == EXPECTED
    assert traces_in(output) == []
    assert output.count("scratch_name") >= 3
    if log_format == "json":
        require_full_account([json.loads(line) for line in output.splitlines()])


def require_full_account(lines: Lines) -> None:
    """Check that the log of the walk says what happened, under the id of the request."""
    assert {"_granian", "config.access", "config.transactions", "django.request"} <= {each["logger"] for each in lines}
    assert all({"timestamp", "level", "logger", "event", "request_id"} <= set(each) for each in lines)
    [failure] = [each for each in lines if each["logger"] == "django.request" and "exception" in each]
    assert failure["request_id"] == "canary"
    assert (failure["sqlstate"], failure["constraint"]) == ("23514", "scratch_name")
    assert "IntegrityError: [23514] new row for relation" in failure["exception"]
    [contention] = [each for each in lines if each["event"] == "contention"]
    assert (contention["gave_up"], contention["level"], contention["request_id"]) == (True, "warning", "canary")
    assert set(contention["sqlstates"]) <= {"55P03", "57014"}
    assert contention["operation"] == "create_booking"
    assert contention["restaurant_id"] == failure["restaurant_id"]
    [away] = [each for each in lines if each["event"] == "database not available"]
    assert away["sqlstate"] == "57014"


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_in_this_process_nothing_of_a_guest_is_in_the_log(client: Client, log_format: str) -> None:
    bistro()
    TurnTimeFactory()
    output = StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(line_formatter(log_format))
    client.raise_request_exception = False

    with written_by(handler), a_constraint_that_nobody_expects():
        statuses = [
            client.post("/api/bookings", order(**CANARY | changes), content_type="application/json").status_code
            for changes in ({}, {"partySize": "Zebedee"}, {"name": REFUSED_BY_A_CONSTRAINT})
        ]

    assert statuses == [201, 400, 500]
    assert traces_in(output.getvalue()) == []
    assert "scratch_name" in output.getvalue()
    if log_format == "json":
        assert all(json.loads(line) for line in output.getvalue().splitlines())


@contextmanager
def written_by(handler: logging.Handler) -> Iterator[None]:
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
