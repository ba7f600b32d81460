"""Each record becomes one line of one shape, without what errors know of guests."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import structlog
from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from structlog.contextvars import clear_contextvars

from config.logs.configuration import LogFormatUnknown, logging_of, read_log_format
from config.logs.failures import database_facts, describe_error, describe_traceback
from config.logs.lines import line_formatter
from config.middleware import _request_id, working_for

TOKEN = "IwhQMm78Gi-_z9cw3mFhaPiSMPRipm8Zo_wEuUpOjR8"
HEAD = ["timestamp", "level", "logger", "event", "request_id"]


@pytest.fixture(autouse=True)
def outside_requests() -> Iterator[None]:
    """Let no test write under the id of a request that an earlier one made in this thread."""
    token = _request_id.set(None)
    clear_contextvars()
    yield
    _request_id.reset(token)


def record(message: object, *args: object, name: str = "config.test", **extra: object) -> logging.LogRecord:
    return logging.getLogger(name).makeRecord(name, logging.WARNING, "f.py", 1, message, args, None, extra=extra)


def failed(error: Exception, message: str = "failed") -> logging.LogRecord:
    """Return a record as `logger.exception` makes it."""
    made = record(message)
    try:
        raise error
    except type(error):
        made.exc_info = sys.exc_info()
    return made


def as_json(made: logging.LogRecord) -> dict[str, Any]:
    line = line_formatter("json").format(made)
    assert "\n" not in line
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def as_text(made: logging.LogRecord) -> str:
    return line_formatter("text").format(made)


# The shape


def test_a_line_begins_with_what_every_line_has() -> None:
    made = record("hello %s", "there")
    made.created = 1795804200.25

    with working_for("mine", restaurant_id=7):
        line = as_json(made)

    assert line == {
        "timestamp": "2026-11-27T18:30:00.250+00:00",
        "level": "warning",
        "logger": "config.test",
        "event": "hello there",
        "request_id": "mine",
        "restaurant_id": 7,
    }
    assert list(line)[:5] == HEAD


def test_the_same_as_text() -> None:
    made = record("hello", method="GET", status=200)
    made.created = 1795804200.25

    with working_for("mine"):
        assert as_text(made) == ("2026-11-27T18:30:00.250+00:00 WARNING config.test [mine] hello method=GET status=200")
    assert " [-] hello" in as_text(record("hello"))


def test_loggers_of_the_project_and_of_libraries_make_the_same_lines(caplog: pytest.LogCaptureFixture) -> None:
    line_formatter("json")
    structlog.stdlib.get_logger("config.one").warning("hello", number=3)
    logging.getLogger("config.two").warning("hello", extra={"number": 3})

    one, two = (as_json(made) | {"timestamp": ""} for made in caplog.records)

    assert one | {"logger": "config.two"} == two
    assert two["number"] == 3


def test_of_other_loggers_only_what_names_nobody_is_taken() -> None:
    job = {"id": 3, "task_name": "audit", "queue": "audits", "attempts": 1, "task_kwargs": {"name": "Ada"}}

    line = as_json(record("done", name="queue", request="<WSGIRequest ?token=x>", status_code=500, job=job))

    assert {name: value for name, value in line.items() if name not in HEAD} == {
        "status_code": 500,
        "job_id": 3,
        "task": "audit",
        "queue": "audits",
        "job_attempts": 1,
    }


def test_no_field_takes_the_place_of_one_that_every_line_has() -> None:
    assert as_json(record("hello", level="none", event="other"))["event"] == "hello"


def test_a_message_that_does_not_fit_its_arguments_is_written_without_them() -> None:
    assert as_json(record("%d covers", "Ada"))["event"] == "%d covers (its arguments do not fit)"
    assert as_json(record("%(name)s", {"other": "Ada"}))["event"].endswith("do not fit)")


def test_a_line_break_in_a_message_begins_no_other_line() -> None:
    assert "\n" not in as_text(record("refused: %s", "x\n2026-01-01 ERROR forged", path="a\nb"))


def test_what_json_does_not_know_is_written_as_text() -> None:
    line = as_json(record("hello", when={"at": [1.5, None, True]}, which=object))

    assert line["when"] == {"at": [1.5, None, True]}
    assert line["which"] == "<class 'object'>"


# Nothing of a guest


def test_tokens_addresses_and_numbers_are_redacted_in_every_field_and_traceback() -> None:
    secret = f"/x?token={TOKEN} ada@example.com +44 20 7946 0000"
    made = failed(RuntimeError(secret), message=secret)
    made.deep = {"list": [secret]}

    for written in (line_formatter("json").format(made), as_text(made)):
        assert TOKEN not in written
        assert "ada@" not in written
        assert "7946" not in written
        assert written.count("token=[redacted]") == 3


@pytest.mark.django_db(transaction=True)
def test_a_refused_row_is_in_no_part_of_a_chain() -> None:
    statement = "INSERT INTO tables_restaurant (slug, name) VALUES ('canary', 'Zebedee Quux')"
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except IntegrityError as error:
        refused = error
    assert "Zebedee" in str(refused)
    assert "Zebedee" in str(refused.__cause__)

    line = as_json(_wrapped(refused))

    assert "Zebedee" not in json.dumps(line)
    assert line["sqlstate"] == "23502"
    assert "psycopg.errors.NotNullViolation: [23502] null value in column" in line["exception"]
    assert line["exception"].count("was the direct cause") == 2
    assert line["exception"].endswith("builtins.RuntimeError: the booking failed")


def _wrapped(error: Exception) -> logging.LogRecord:
    made = record("failed: %s", error)
    try:
        raise RuntimeError("the booking failed") from error
    except RuntimeError:
        made.exc_info = sys.exc_info()
    return made


@pytest.mark.django_db
def test_a_constraint_is_named() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        try:
            cursor.execute("UPDATE tables_restaurant SET slot_minutes = 0 WHERE false")
            cursor.execute("INSERT INTO capacity_enforcementswitch VALUES (2, true, '', now(), null)")
        except IntegrityError as error:
            facts, said = database_facts(error), describe_error(error)
            transaction.set_rollback(True)

    assert facts["sqlstate"] == "23514"
    assert said.endswith(f"(constraint {facts['constraint']})")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SELECT 'Zebedee'::int", "[22P02] invalid input syntax for type integer: [value]"),
        ("SELECT 1 FROM 'Zebedee'", "[42601] syntax error at or near [value]"),
        ("DO $$ BEGIN RAISE EXCEPTION 'no room for \"Zebedee\"'; END $$", "[P0001] no room for [value]"),
    ],
)
def test_a_message_that_repeats_a_value_is_written_without_it(statement: str, said: str) -> None:
    with pytest.raises(Exception, match="Zebedee") as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert describe_error(caught.value).startswith(said)
    assert "Zebedee" not in describe_traceback(caught.value).partition("cursor.execute(")[2]


def test_an_error_about_a_value_is_written_without_it() -> None:
    assert describe_error(ValueError("can't read 'Zebedee'")) == "can[value]"
    assert describe_error(psycopg.DataError("cannot dump 'Zebedee'")) == "cannot dump [value]"
    assert describe_error(KeyError("Zebedee Quuxworthy")) == "[value]"
    assert describe_error(TypeError("unexpected keyword argument 'Zebedee'")) == "unexpected keyword argument [value]"
    assert describe_error(IndexError("list index out of range")) == "list index out of range"


def test_an_error_of_the_connection_says_where_it_failed() -> None:
    said = 'connection to server at "db.example" failed:\n\tConnection refused'

    assert describe_error(OperationalError(said)) == 'connection to server at "db.example" failed: Connection refused'


def test_a_traceback_has_no_local_variables_and_a_ring_of_causes_ends() -> None:
    def fail(guest: str) -> None:
        raise RuntimeError("outer")

    first, second = RuntimeError("first"), RuntimeError("second")
    first.__cause__, second.__cause__ = second, first

    made = record("failed")
    try:
        fail("Zebedee")
    except RuntimeError as error:
        made.exc_info = (RuntimeError, error, error.__traceback__)
    assert "Zebedee" not in as_json(made)["exception"].replace('fail("Zebedee")', "")
    assert describe_traceback(first).count("RuntimeError: ") == 2
    assert database_facts(first) == {}


def test_every_error_of_a_group_is_described() -> None:
    said = describe_traceback(ExceptionGroup("two", [ValueError("of 'Zebedee'"), RuntimeError("other")]))

    assert "  | builtins.ValueError: of [value]" in said
    assert "  | builtins.RuntimeError: other" in said
    assert "Zebedee" not in said


# The configuration


def test_every_logger_leads_to_the_one_handler() -> None:
    made = logging_of(log_format="json", level="INFO")

    assert {handler["formatter"] for handler in made["handlers"].values()} == {"line"}
    assert [name for name, logger in made["loggers"].items() if logger.get("handlers")] == []
    assert made["loggers"]["django.db.backends"]["level"] == "INFO"
    assert settings.LOGGING["handlers"] == made["handlers"]


def test_a_deployment_writes_json_and_the_demo_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOG_FORMAT", raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/maitre")
    assert read_log_format() == "json"
    monkeypatch.setenv("DATABASE_URL", "")
    assert read_log_format() == "text"
    monkeypatch.setenv("LOG_FORMAT", "json")
    assert read_log_format() == "json"


def test_an_unknown_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "xml")

    with pytest.raises(LogFormatUnknown):
        read_log_format()
