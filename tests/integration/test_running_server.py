"""Through a running granian: bodies without length, a database that is away, a pool that is empty."""

import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from tests.helpers.endpoint_house import bistro, count_rows, order, service_counters
from tests.helpers.stopping_points import wait_until_blocked
from tests.helpers.web_servers import running_granian, test_database_url

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"content-type": "application/json"}
SECONDS = 30.0
ROUNDS = 10


def in_chunks(body: bytes, size: int = 64 * 1024) -> Iterator[bytes]:
    """Yield a body in pieces; httpx sends an iterator with Transfer-Encoding: chunked."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


def test_a_chunked_body_is_read(browser: httpx.Client) -> None:
    bistro()
    body = json.dumps(order()).encode()

    answer = browser.post("/api/bookings", content=in_chunks(body, 7), headers=JSON)

    assert answer.request.headers["Transfer-Encoding"] == "chunked"
    assert (answer.status_code, answer.json()["booking"]["name"]) == (201, "Ada Lovelace")
    assert service_counters() == [(4, 1)]


def test_a_chunked_body_is_read_as_strictly(browser: httpx.Client) -> None:
    bistro()

    empty = browser.post("/api/bookings", content=in_chunks(b""), headers=JSON)
    broken = browser.post("/api/bookings", content=in_chunks(b'{"restaurantId": "bistro"'), headers=JSON)
    wrong_type = browser.post("/api/bookings", content=in_chunks(b"{}"), headers={"content-type": "text/plain"})

    assert (empty.status_code, len(empty.json()["details"])) == (400, 7)
    assert broken.json()["details"]["body"][0]["code"] == "malformed_json"
    assert (wrong_type.status_code, wrong_type.json()["error"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert set(count_rows().values()) == {0}


@pytest.mark.parametrize("size", [64 * 1024, 1024 * 1024, 8 * 1024 * 1024])
@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_body_that_is_too_large_is_refused_and_the_server_goes_on(
    browser: httpx.Client, size: int, is_chunked: bool
) -> None:
    body = json.dumps(order(notes="x" * size)).encode()

    answer = browser.post("/api/bookings", content=in_chunks(body) if is_chunked else body, headers=JSON)

    assert answer.status_code == 413
    assert answer.json() == {"error": "PAYLOAD_TOO_LARGE", "message": "The body is too large."}
    assert browser.get("/api/restaurants").status_code == 200


@pytest.mark.parametrize(
    ("path", "media_type", "status"),
    [
        ("/api/bookings", "text/plain", 415),
        ("/api/bookings", "application/json", 400),
        ("/api/bookings/MT-NOBODY/cancel", "application/json", 404),
        ("/nowhere", "application/json", 404),
    ],
)
def test_a_refusal_that_needs_no_body_keeps_the_connection_for_the_next_request(
    browser: httpx.Client, path: str, media_type: str, status: int
) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\nContent-Length: 2\r\n\r\n"
    with socket.create_connection((browser.base_url.host, browser.base_url.port or 80)) as connection:
        connection.settimeout(SECONDS)
        # As many clients do: the head first, the body in a packet of its own.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        statuses = []
        for _ in range(ROUNDS):
            connection.sendall(head.encode())
            # The server has read the head by the time it has answered somebody else.
            browser.get("/healthz")
            connection.sendall(b"{}")
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            answer.read()
            statuses.append(answer.status)

    assert statuses == [status] * ROUNDS


def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nobody(browser: httpx.Client) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
    for _ in range(8):
        with socket.create_connection((browser.base_url.host, browser.base_url.port or 80)) as connection:
            connection.sendall(head)
            browser.get("/healthz")

    assert browser.get("/api/restaurants").status_code == 200


def test_a_client_that_leaves_before_the_end_of_its_body_has_booked_nothing(browser: httpx.Client) -> None:
    bistro()
    body = json.dumps(order()).encode()
    head = (
        "POST /api/bookings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body) + 5}\r\n\r\n"
    )
    with socket.create_connection((browser.base_url.host, browser.base_url.port or 80)) as connection:
        connection.settimeout(SECONDS)
        connection.sendall(head.encode() + body)
        # The server waits for the rest by the time it has answered somebody else.
        browser.get("/healthz")
        connection.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        said = json.loads(answer.read())

    assert (answer.status, said["error"]) == (400, "VALIDATION_ERROR")
    assert said["details"]["body"][0]["code"] == "incomplete"
    assert set(count_rows().values()) == {0}


def test_every_answer_names_its_request_and_is_not_to_be_stored(browser: httpx.Client) -> None:
    for answer in (browser.get("/api/restaurants", headers={"x-request-id": "mine"}), browser.get("/api/nothing")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Request-ID"]
    assert browser.get("/api/nothing", headers={"x-request-id": "mine"}).headers["X-Request-ID"] == "mine"


def test_a_manage_token_in_a_link_is_in_no_log(capfd: pytest.CaptureFixture[str]) -> None:
    bistro()
    with running_granian("--access-log", LOG_LEVEL="DEBUG", LOG_FORMAT="text") as base_url:
        created = httpx.post(f"{base_url}/api/bookings", json=order()).json()
        token, reference = created["manageToken"], created["booking"]["reference"]
        answer = httpx.get(f"{base_url}/api/bookings/{reference}?token={token}", headers={"x-request-id": "mine"})
        httpx.get(f"{base_url}/api/bookings/{reference}/nothing?token={token}")

    output = re.sub(r" restaurant_id=\d+", "", "".join(capfd.readouterr()))
    assert answer.status_code == 200
    assert f"[mine] request answered method=GET path=/api/bookings/{reference} status=200" in output
    assert token not in output


def test_another_origin_may_call_only_if_it_is_listed() -> None:
    with running_granian(CORS_ALLOWED_ORIGINS="https://book.example") as base_url:
        listed = httpx.get(f"{base_url}/api/restaurants", headers={"origin": "https://book.example"})
        refused = httpx.get(f"{base_url}/api/nothing", headers={"origin": "https://book.example"})
        other = httpx.get(f"{base_url}/api/restaurants", headers={"origin": "https://evil.example"})
        asked = httpx.options(
            f"{base_url}/api/bookings",
            headers={
                "origin": "https://book.example",
                "access-control-request-method": "POST",
                "access-control-request-headers": "content-type,idempotency-key,if-match,x-manage-token",
            },
        )

    for answer in (listed, refused):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://book.example"
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"ETag", "Retry-After", "Idempotency-Replayed", "X-Request-ID"} <= set(exposed)
    assert "Access-Control-Allow-Origin" not in other.headers
    assert asked.status_code == 200
    for name in ("content-type", "idempotency-key", "if-match", "x-manage-token"):
        assert name in asked.headers["Access-Control-Allow-Headers"]


def test_without_a_database_every_call_says_when_to_come_back() -> None:
    unavailable = {
        "error": "SERVICE_UNAVAILABLE",
        "message": "The service is not available just now. Please try again.",
        "retryAfter": 2,
    }
    query = {"restaurantId": "bistro", "date": "2090-06-14", "partySize": "4"}
    away = {"DATABASE_URL": "postgresql://maitre@127.0.0.1:1/maitre", "DATABASE_POOL_TIMEOUT_SECONDS": "0.2"}
    with running_granian(**away) as base_url, httpx.Client(base_url=base_url, timeout=30) as client:
        answers = [
            client.get("/api/availability", params=query),
            client.get("/api/availability/days", params=query),
            client.post("/api/bookings", json=order()),
            client.get("/api/bookings/ABCDEFGHJK"),
            client.get("/api/restaurants"),
            client.get("/api/ops/capacity/utilization", headers={"authorization": "Bearer x"}),
            client.get("/readyz"),
            client.get("/healthz"),
            client.get("/admin/login/", headers={"accept": "text/html"}),
        ]

    statuses = [answer.status_code for answer in answers]
    assert statuses == [503, 400, 503, 503, 503, 503, 503, 200, 200]
    for answer in answers:
        if answer.status_code == 503 and "/api/" in str(answer.url):
            assert (answer.json(), answer.headers["Retry-After"]) == (unavailable, "2")


def test_an_empty_pool_is_said_at_once_and_only_as_long_as_it_is_empty() -> None:
    bistro()
    answers: list[Any] = []
    environment = {"DATABASE_POOL_SIZE": "1", "DATABASE_POOL_TIMEOUT_SECONDS": "0.2"}
    with running_granian("--blocking-threads", "4", **environment) as base_url:
        waiting = threading.Thread(target=lambda: answers.append(httpx.get(f"{base_url}/api/restaurants", timeout=30)))
        with psycopg.connect(test_database_url()) as blocker:
            blocker.execute("LOCK TABLE tables_restaurant IN ACCESS EXCLUSIVE MODE")
            waiting.start()
            wait_until_blocked()
            refused = httpx.get(f"{base_url}/api/restaurants", timeout=30)
        waiting.join(timeout=30)
        afterwards = httpx.get(f"{base_url}/api/restaurants", timeout=30)
        metrics = httpx.get(f"{base_url}/metrics", timeout=30).text

    assert (refused.status_code, refused.json()["error"]) == (503, "SERVICE_UNAVAILABLE")
    assert refused.headers["Retry-After"] == "2"
    assert [answers[0].status_code, afterwards.status_code] == [200, 200]
    waited = dict(line.split() for line in metrics.splitlines() if line.startswith("booking_pool_wait_seconds"))
    assert float(waited["booking_pool_wait_seconds_count"]) >= 3
    assert float(waited["booking_pool_wait_seconds_sum"]) >= 0.2


def test_the_docs_load_nothing_from_elsewhere(browser: httpx.Client) -> None:
    page = browser.get("/api/docs", headers={"accept": "text/html"})
    sources = [part.split('"')[0] for part in page.text.replace("src=", "href=").split('href="')[1:]]

    assert page.status_code == 200
    # The script of the page itself has an address of its own: the policy of the door lets none stand in a page.
    assert all(source.startswith(("/static/", "/api/docs?")) for source in sources)
    assert len(sources) >= 3
    for source in sources:
        assert browser.get(source).status_code == 200


def test_the_schema_is_published_as_yaml_and_as_json(browser: httpx.Client) -> None:
    as_json = browser.get("/api/schema", headers={"accept": "application/json"})
    as_yaml = browser.get("/api/schema/")

    assert as_json.json()["openapi"].startswith("3.")
    assert as_yaml.text.startswith("openapi: 3.")
