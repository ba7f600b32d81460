"""What the doctor says of settings and of Redis."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from bookings.management.doctor import deployment as checks
from bookings.management.doctor.cache import check_redis
from bookings.management.doctor.findings import Check, Deployment
from bookings.management.doctor.server import check_gate, check_pool
from config.backends import caches_of
from tests.helpers.doctor_findings import OK, PROBLEM, WARNING, levels, said

LONG_KEY = secrets.token_urlsafe(48)


@pytest.mark.parametrize(
    ("key", "level"),
    [(LONG_KEY, OK), ("short", PROBLEM), ("ab" * 30, PROBLEM), (LONG_KEY[:49], PROBLEM), (LONG_KEY[:50], OK)],
    ids=["long", "short", "of two letters", "of 49", "of 50"],
)
def test_a_key_that_can_be_guessed_is_a_problem_and_is_not_shown(settings: Settings, key: str, level: str) -> None:
    settings.SECRET_KEY = key

    assert levels(checks.check_secret_key) == [level]
    assert key not in said(checks.check_secret_key)


def test_one_key_for_sessions_and_links_is_a_hint(settings: Settings) -> None:
    settings.MANAGE_TOKEN_KEY = settings.SECRET_KEY = LONG_KEY
    assert levels(checks.check_manage_token_key) == [WARNING]
    assert LONG_KEY not in said(checks.check_manage_token_key)

    settings.MANAGE_TOKEN_KEY = "another"
    assert levels(checks.check_manage_token_key) == [OK]


@pytest.mark.parametrize(("debug", "level"), [(True, PROBLEM), (False, OK)])
def test_debug_is_a_problem(settings: Settings, debug: bool, level: str) -> None:
    settings.DEBUG = debug

    assert levels(checks.check_debug) == [level]


@pytest.mark.parametrize(
    ("hosts", "level"),
    [(["book.example"], OK), (["book.example", "*"], PROBLEM), (["localhost", "127.0.0.1"], WARNING), ([], WARNING)],
)
def test_hosts_are_named_and_not_all_of_them(settings: Settings, hosts: list[str], level: str) -> None:
    settings.ALLOWED_HOSTS = hosts

    assert levels(checks.check_allowed_hosts) == [level]


@pytest.mark.parametrize(
    ("https_only", "proxies", "level"), [(True, 1, OK), (True, 0, WARNING), (False, 1, WARNING), (False, 0, WARNING)]
)
def test_https_wants_a_proxy_that_is_known(settings: Settings, https_only: bool, proxies: int, level: str) -> None:
    settings.HTTPS_ONLY = https_only
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": proxies}

    assert levels(checks.check_https) == [level]


def test_throttles_that_are_off_are_named(settings: Settings) -> None:
    settings.THROTTLE_BOOKINGS, settings.THROTTLE_AVAILABILITY = "60/min", "off"
    assert said(checks.check_throttles) == "warning off: THROTTLE_AVAILABILITY -> Set THROTTLE_AVAILABILITY=60/min."

    settings.THROTTLE_AVAILABILITY = "120/min"
    assert levels(checks.check_throttles) == [OK]


def test_files_that_were_not_collected_are_missed(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = None
    assert levels(checks.check_static_files) == [OK]

    settings.STATIC_ROOT = str(tmp_path)
    assert said(checks.check_static_files) == (
        f"problem STATIC_ROOT is {tmp_path}, and nothing was collected there"
        " -> Run: manage.py collectstatic, or leave STATIC_ROOT empty."
    )

    (tmp_path / "staticfiles.json").touch()
    assert levels(checks.check_static_files) == [OK]


@pytest.mark.parametrize(
    "check",
    [
        checks.check_manage_token_key,
        checks.check_allowed_hosts,
        checks.check_https,
        checks.check_throttles,
        check_redis,
    ],
)
def test_what_the_demo_does_is_no_warning_there(settings: Settings, check: Check) -> None:
    settings.MANAGE_TOKEN_KEY = settings.SECRET_KEY
    settings.ALLOWED_HOSTS, settings.HTTPS_ONLY, settings.REDIS_URL = ["localhost"], False, ""
    assert levels(check) == [WARNING]

    settings.IS_EMBEDDED = True
    assert levels(check) == [OK]


def test_the_checks_of_the_framework_are_passed_on(settings: Settings) -> None:
    assert levels(checks.check_framework) == [OK]

    settings.X_FRAME_OPTIONS = "SAMEORIGIN"
    assert said(checks.check_framework).startswith("warning security.W019: ")

    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    settings.SESSION_CACHE_ALIAS = "nowhere"
    settings.CSRF_TRUSTED_ORIGINS = ["book.example"]
    assert PROBLEM in levels(checks.check_framework)


def test_the_gate_behind_a_transaction_pooler_is_a_problem(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(check_gate) == [OK]
    monkeypatch.setitem(settings.DATABASES["default"], "DISABLE_SERVER_SIDE_CURSORS", True)

    settings.BOOKING_GATE, settings.BOOKING_ISOLATION = True, "serializable"
    assert levels(check_gate) == [PROBLEM]
    assert "Set BOOKING_GATE=off" in said(check_gate)

    settings.BOOKING_GATE = False
    assert levels(check_gate) == [OK]


@pytest.mark.parametrize(
    ("size", "threads", "level"),
    [("16", None, OK), ("16", 16, OK), ("16", 17, PROBLEM), ("4", 16, PROBLEM), ("0", 16, OK)],
)
def test_a_pool_smaller_than_its_threads_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, size: str, threads: int | None, level: str
) -> None:
    monkeypatch.setenv("DATABASE_POOL_SIZE", size)

    assert levels(check_pool, Deployment(threads=threads)) == [level]


# Redis


def test_a_redis_that_answers_is_well(settings: Settings, valkey: str) -> None:
    settings.REDIS_URL, settings.CACHES = valkey, caches_of(valkey)

    assert said(check_redis) == "ok it answers -> "


@pytest.mark.parametrize("address", ["redis://:hidden-word@127.0.0.1:1/0", "nonsense://:hidden-word@127.0.0.1/0"])
def test_a_redis_that_does_not_answer_is_a_problem_and_its_password_is_not_shown(
    settings: Settings, address: str
) -> None:
    settings.REDIS_URL, settings.CACHES = address, caches_of(address)

    assert levels(check_redis) == [PROBLEM]
    assert "REDIS_URL" in said(check_redis)
    assert "hidden-word" not in said(check_redis)


def test_a_redis_that_keeps_nothing_is_a_problem(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = settings.CACHES | {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    assert levels(check_redis) == [PROBLEM]


def test_no_redis_is_a_warning(settings: Settings) -> None:
    settings.REDIS_URL = ""

    assert levels(check_redis) == [WARNING]
    assert "each of 4 workers" in said(check_redis, Deployment(workers=4))
