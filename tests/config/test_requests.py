"""Every request has an id that runs through the logs; addresses of the API need no last slash."""

import logging
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from structlog.contextvars import get_contextvars

from config.middleware import current_request_id, working_for
from config.redaction import redact
from tests.helpers.factories import UserFactory

TOKEN = "IwhQMm78Gi-_z9cw3mFhaPiSMPRipm8Zo_wEuUpOjR8"


def test_a_sane_request_id_is_taken_and_answered(client: Client) -> None:
    answer = client.get("/api/nothing", headers={"x-request-id": "shop-7:42"})

    assert answer.headers["X-Request-ID"] == "shop-7:42"


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "a\tb", "é", "<script>", "odd+447946000958"])
def test_any_other_request_id_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/api/nothing", headers={"x-request-id": given})

    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_each_request_gets_an_id_of_its_own(client: Client) -> None:
    ids = {client.get("/api/nothing").headers["X-Request-ID"] for _ in range(3)}

    assert len(ids) == 3


def test_a_request_is_logged_under_its_id_without_its_query(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "config.access")

    client.get(f"/api/docs?token={TOKEN}", headers={"x-request-id": "mine"})

    [record] = [record for record in caplog.records if record.name == "config.access"]
    assert record.getMessage() == "request answered"
    assert (record.method, record.path, record.status) == ("GET", "/api/docs", 200)
    assert 0 <= record.milliseconds < 60_000
    assert current_request_id() == "mine"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "sent", "status", "logged"),
    [
        ("get", "/api/bookings/Zebedee%20Quuxworthy", 404, "<unknown>"),
        ("get", "/api/x%0a2026-01-01 ERROR forged", 404, "<unknown>"),
        ("get", "/api/bookings/Zebedee", 404, "/api/bookings/<slug:reference>"),
        ("delete", "/api/bookings/Zebedee/", 405, "/api/bookings/<slug:reference>"),
        ("post", "/api/bookings", 415, "/api/bookings"),
        ("get", "/admin/Zebedee%20Quuxworthy", 302, "/admin/(?P<url>.*)$"),
    ],
)
def test_of_what_is_refused_or_sent_elsewhere_the_route_is_logged_and_not_what_was_sent(
    client: Client, caplog: pytest.LogCaptureFixture, method: str, sent: str, status: int, logged: str
) -> None:
    caplog.set_level(logging.INFO, "config.access")

    getattr(client, method)(sent)

    [record] = [record for record in caplog.records if record.name == "config.access"]
    assert (record.status, record.path) == (status, logged)


def test_what_is_refused_before_it_is_resolved_has_a_route_as_well(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "config.access")

    client.get("/api/restaurants", headers={"host": "elsewhere.example"})

    [record] = [record for record in caplog.records if record.name == "config.access"]
    assert (record.status, record.path) == (400, "/api/restaurants")


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


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("to ada.lovelace+table@mail.example.com: refused", "to [email]: refused"),
        ("/api/bookings/ada%40example.com 404", "/api/bookings/[email] 404"),
        ("call +44 20 7946 0000 or +1 (212) 555-0199", "call [phone] or [phone]"),
        ("/x?phone=%2B442079460000", "/x?phone=[phone]"),
        ("2026-11-27T18:30:00+00:00 took +12 minutes", "2026-11-27T18:30:00+00:00 took +12 minutes"),
        ("user@host is no address", "user@host is no address"),
    ],
)
def test_addresses_and_numbers_of_people_are_redacted(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize("part", ["a", "a%40", "%40", "a@", "+", "+1 ", "%2B%20", "token=", "a.", "1-"])
def test_a_long_address_keeps_the_log_no_longer_than_a_short_one(part: str) -> None:
    def seconds(times: int) -> float:
        started = time.process_time()
        redact(part * times)
        return time.process_time() - started

    # Sixteen times the length: 256 times the time if every start looked at all that follows.
    assert seconds(64_000) < 100 * max(seconds(4_000), 0.001)


def test_work_for_a_request_is_logged_under_its_id_and_ends_with_it() -> None:
    with working_for("shop-7:42", job_id=3):
        assert (current_request_id(), get_contextvars()["job_id"]) == ("shop-7:42", 3)
        with working_for("another"):
            assert current_request_id() == "another"
        assert current_request_id() == "shop-7:42"
    assert "job_id" not in get_contextvars()


@pytest.mark.parametrize("given", [None, "", "two words"])
def test_work_that_nobody_asked_for_has_an_id_of_its_own(given: str | None) -> None:
    with working_for(given):
        assert re.fullmatch(r"[0-9a-f]{32}", current_request_id() or "")


def test_what_was_bound_by_one_request_is_not_said_of_the_next(client: Client) -> None:
    with working_for("earlier", restaurant_id=7):
        client.get("/api/nothing")

        assert "restaurant_id" not in get_contextvars()


def test_no_answer_of_the_api_is_stored_by_a_cache(client: Client) -> None:
    assert client.get("/api/nothing").headers["Cache-Control"] == "no-store"


# Sessions


@pytest.fixture
def staff(db: None) -> Client:
    staff = Client()
    staff.force_login(UserFactory(is_staff=True))
    return staff


def expiry_of(client: Client) -> float:
    stored: float = Session.objects.get(pk=client.session.session_key).expire_date.timestamp()
    return stored


def let_pass(client: Client, hours: float) -> float:
    """Let the hours pass for the session of a client, and return when it would end."""
    session = client.session
    session["seen_at"] = int(time.time() - hours * 3600)
    session.save()
    ends_at = datetime.now(UTC) + timedelta(hours=12 - hours)
    Session.objects.filter(pk=session.session_key).update(expire_date=ends_at)
    return ends_at.timestamp()


def test_whoever_opens_a_page_late_in_a_shift_has_all_hours_again(staff: Client) -> None:
    would_end = let_pass(staff, hours=11)

    answer = staff.get("/admin/")

    assert expiry_of(staff) - would_end >= 11 * 3600
    assert answer.cookies["sessionid"]["max-age"] == 12 * 3600


def test_what_a_screen_asks_by_itself_keeps_no_session(staff: Client) -> None:
    would_end = let_pass(staff, hours=11)

    staff.get("/admin/", headers={"hx-request": "true"})

    assert expiry_of(staff) == would_end


def test_the_next_page_writes_nothing_again(staff: Client) -> None:
    would_end = let_pass(staff, hours=0.1)

    staff.get("/admin/")

    assert expiry_of(staff) == would_end


def test_a_visitor_gets_no_session(db: None, client: Client) -> None:
    assert "sessionid" not in client.get("/admin/login/").cookies
    assert Session.objects.count() == 0
