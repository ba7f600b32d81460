"""The settings, read by a fresh process from a given environment."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from config.env import BASE_DIR

PRODUCTION = {
    "DATABASE_URL": "postgresql://maitre:secret@db.example:5432/maitre",
    "SECRET_KEY": "a-key-that-only-this-test-knows",
    "ALLOWED_HOSTS": "maitre.example",
}
# Read by a library, not by the project.
READ_ELSEWHERE = {"PROMETHEUS_MULTIPROC_DIR"}


def run(names: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Import the settings with nothing but `environment` set, and print the named ones."""
    program = (
        "import json, sys; from config import settings\n"
        "print(json.dumps({name: getattr(settings, name, None) for name in sys.argv[1].split()}, default=str))"
    )
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", program, names],
        cwd=BASE_DIR,
        env=kept | {"ENV_FILE": ""} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def read(names: str, environment: dict[str, str]) -> list[Any]:
    result = run(names, environment)
    assert result.returncode == 0, result.stderr
    return list(json.loads(result.stdout).values())


def test_production_speaks_https_alone_unless_told_otherwise() -> None:
    names = "DEBUG SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE"

    assert read(names, PRODUCTION) == [False, True, 31536000, True, True]
    assert read(names, PRODUCTION | {"HTTPS_ONLY": "false"}) == [False, False, 0, False, False]


def test_browsers_are_told_of_this_host_alone_unless_told_otherwise() -> None:
    names = "SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_HSTS_PRELOAD"
    all_hosts = PRODUCTION | {"HSTS_INCLUDE_SUBDOMAINS": "true"}

    assert read(names, PRODUCTION) == [False, False]
    assert read(names, all_hosts) == [True, False]
    assert read(names, all_hosts | {"HSTS_PRELOAD": "true"}) == [True, True]


def test_the_demo_speaks_http_on_this_machine_without_debug_and_without_throttle() -> None:
    names = "DEBUG SECURE_SSL_REDIRECT SESSION_COOKIE_SECURE ALLOWED_HOSTS THROTTLE_BOOKINGS THROTTLE_AVAILABILITY"

    assert read(names, {}) == [False, False, False, ["localhost", "127.0.0.1", "[::1]"], "off", "off"]
    assert read(names, PRODUCTION)[4:] == ["60/min", "120/min"]


def test_the_demo_makes_its_own_key_and_keeps_it() -> None:
    first, again = read("SECRET_KEY", {}), read("SECRET_KEY", {})

    assert first == again
    assert len(first[0]) >= 50


def test_production_without_a_key_does_not_start() -> None:
    result = run("DEBUG", {"DATABASE_URL": PRODUCTION["DATABASE_URL"]})

    assert result.returncode == 1
    assert "SECRET_KEY must be set where DATABASE_URL is set" in result.stderr


def test_manage_links_have_a_key_of_their_own_where_one_is_given() -> None:
    assert read("MANAGE_TOKEN_KEY", PRODUCTION) == [PRODUCTION["SECRET_KEY"]]
    assert read("MANAGE_TOKEN_KEY", PRODUCTION | {"MANAGE_TOKEN_KEY": "another"}) == ["another"]


def test_the_word_of_a_proxy_counts_only_where_there_is_one() -> None:
    assert read("SECURE_PROXY_SSL_HEADER", PRODUCTION) == [None]
    assert read("SECURE_PROXY_SSL_HEADER", PRODUCTION | {"NUM_PROXIES": "1"}) == [["HTTP_X_FORWARDED_PROTO", "https"]]


def test_behind_a_transaction_pooler_bookings_run_at_the_isolation_that_needs_no_gate() -> None:
    pooled = PRODUCTION | {"DATABASE_TRANSACTION_POOLER": "true"}

    assert read("BOOKING_ISOLATION", PRODUCTION) == ["serializable"]
    assert read("BOOKING_ISOLATION", pooled) == ["read committed"]
    assert read("BOOKING_ISOLATION", pooled | {"BOOKING_ISOLATION": "serializable"}) == ["serializable"]


def test_an_unknown_isolation_is_refused() -> None:
    result = run("DEBUG", PRODUCTION | {"BOOKING_ISOLATION": "repeatable read"})

    assert result.returncode == 1
    assert "BOOKING_ISOLATION is 'serializable' or 'read committed'" in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("LEDGER_DAYS", "-1", "LEDGER_DAYS is a whole number from 1 to 3650"),
        ("LEDGER_DAYS", "0", "LEDGER_DAYS is a whole number from 1 to 3650"),
        ("LEDGER_DAYS", "3651", "LEDGER_DAYS is a whole number from 1 to 3650"),
        ("BOOKING_DEADLINE_SECONDS", "-1", "BOOKING_DEADLINE_SECONDS is a number of seconds above 0"),
        ("BOOKING_DEADLINE_SECONDS", "0", "BOOKING_DEADLINE_SECONDS is a number of seconds above 0"),
        ("BOOKING_DEADLINE_SECONDS", "601", "BOOKING_DEADLINE_SECONDS is a number of seconds above 0"),
        ("DATABASE_REPLICA_MAX_LAG_SECONDS", "0", "DATABASE_REPLICA_MAX_LAG_SECONDS is a number of seconds above 0"),
        ("HSTS_PRELOAD", "true", "HSTS_PRELOAD needs HSTS_INCLUDE_SUBDOMAINS"),
        (
            "LOGIN_FAILURE_LIMIT",
            "0",
            "LOGIN_FAILURE_LIMIT, LOGIN_ADDRESS_FAILURE_LIMIT, LOGIN_COOLOFF_MINUTES: from 1 on",
        ),
        ("NUM_PROXIES", "-1", "NUM_PROXIES is a whole number from 0 on"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL'"),
    ],
)
def test_a_value_that_means_nothing_is_refused(name: str, value: str, message: str) -> None:
    result = run("DEBUG", PRODUCTION | {name: value})

    assert result.returncode == 1
    assert message in result.stderr.splitlines()[-1]


def test_the_ends_of_what_is_allowed_are_allowed() -> None:
    assert read("LEDGER_DAYS", PRODUCTION | {"LEDGER_DAYS": "1"}) == [1]
    assert read("LEDGER_DAYS", PRODUCTION | {"LEDGER_DAYS": "3650"}) == [3650]


def test_a_level_of_the_log_may_be_spelt_in_small_letters() -> None:
    (logging,) = read("LOGGING", PRODUCTION | {"LOG_LEVEL": "debug"})

    assert logging["root"]["level"] == "DEBUG"


def test_lists_may_have_spaces_between_their_values() -> None:
    names = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "CORS_ALLOWED_ORIGINS", "ALLOW_DROP_TABLES")

    values = read(" ".join(names), PRODUCTION | dict.fromkeys(names, "https://stage.example, https://web,"))

    assert values == [["https://stage.example", "https://web"]] * 4


def test_every_variable_is_documented_and_every_documented_one_is_read() -> None:
    sources = [
        path.read_text()
        for package in ("config", "tables", "capacity", "bookings", "demo")
        for path in (BASE_DIR / package).rglob("*.py")
    ]
    read_names = {
        name
        for source in sources
        for name in re.findall(r"""\b(?:env|os\.environ)(?:\.\w+)?[(\[]\s*["']([A-Z][A-Z_]+)["']""", source)
        if name != "DJANGO_SETTINGS_MODULE"
    }
    documented = set(re.findall(r"^#?([A-Z][A-Z_]+)=", (BASE_DIR / ".env.example").read_text(), re.MULTILINE))

    assert read_names | READ_ELSEWHERE == documented


# Whoever closes an answer looks at the connection.
@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/static/admin/css/base.css", "/static/unfold/css/styles.css"])
def test_static_files_are_served_without_debug_and_without_collectstatic(client: Client, path: str) -> None:
    answer = client.get(path)
    body = b"".join(answer)  # type: ignore[call-overload]
    answer.close()

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, 'text/css; charset="utf-8"')
    assert len(body) == int(answer.headers["Content-Length"]) > 1000
