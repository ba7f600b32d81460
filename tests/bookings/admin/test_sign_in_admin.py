"""Signing in: how often a name may be tried from an address, and an address may try."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from pytest_django.fixtures import Settings

from tests.helpers.admin_screens import text_of
from tests.helpers.factories import UserFactory

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
ATTACKER, HOME = "203.0.113.1", "192.0.2.1"
RIGHT, WRONG = "a-long-secret", "not-that-one"
TRY_AGAIN = "Too many failed attempts from your address. Try again in 15 minutes."


@pytest.fixture
def owner() -> User:
    owner: User = UserFactory(username="owner", is_staff=True, is_superuser=True)
    owner.set_password(RIGHT)
    owner.save()
    return owner


def sign_in(name: str, password: str, address: str = ATTACKER, **headers: str) -> Any:
    body = {"username": name, "password": password}
    return Client().post(f"{LOGIN}?next=/admin/", body, REMOTE_ADDR=address, headers=headers)


def statuses(times: int, name: str = "owner", password: str = WRONG, address: str = ATTACKER) -> list[int]:
    return [sign_in(name, password, address).status_code for _ in range(times)]


def test_after_five_wrong_passwords_the_right_one_is_not_looked_at(owner: User) -> None:
    assert statuses(30) == [200] * 4 + [429] * 26

    answer = sign_in("owner", RIGHT)

    assert answer.status_code == 429
    assert answer.wsgi_request.user.is_anonymous
    assert TRY_AGAIN in text_of(answer)
    assert 880 <= int(answer["Retry-After"]) <= 900
    assert 'name="password"' in answer.content.decode()


def test_the_owner_at_home_gets_in_meanwhile(owner: User) -> None:
    statuses(30)

    assert sign_in("owner", RIGHT, HOME).status_code == 302


def test_others_at_the_same_address_get_in(owner: User) -> None:
    host: User = UserFactory(username="host", is_staff=True)
    host.set_password(RIGHT)
    host.save()
    statuses(6)

    assert sign_in("host", RIGHT).status_code == 302
    assert sign_in("owner", RIGHT).status_code == 429


def test_fewer_wrong_passwords_than_the_limit_cost_nothing_once_the_right_one_came(owner: User) -> None:
    for _ in range(3):
        assert statuses(4) == [200] * 4
        assert sign_in("owner", RIGHT).status_code == 302

    assert AccessAttempt.objects.count() == 0


def test_the_lockout_ends_by_itself_however_often_somebody_knocks(owner: User) -> None:
    statuses(5)
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=14))
    statuses(20)
    assert sign_in("owner", RIGHT).status_code == 429

    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=1))

    assert sign_in("owner", RIGHT).status_code == 302


def test_another_browser_is_no_other_caller(owner: User) -> None:
    answers = [sign_in("owner", WRONG, **{"user-agent": f"browser {n}"}).status_code for n in range(6)]

    assert answers == [200] * 4 + [429] * 2


@pytest.mark.parametrize("spelt", [f"::ffff:{ATTACKER}", f"64:ff9b::{ATTACKER}"])
def test_an_address_written_otherwise_is_no_other_caller(owner: User, spelt: str) -> None:
    statuses(5)

    assert sign_in("owner", RIGHT, spelt).status_code == 429


def test_behind_a_proxy_the_caller_is_whom_the_proxy_names(owner: User, settings: Settings) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}

    forged = [
        sign_in("owner", WRONG, "10.0.0.1", **{"x-forwarded-for": f"198.51.100.{n}, {ATTACKER}:{n}"}) for n in range(6)
    ]
    at_home = sign_in("owner", RIGHT, "10.0.0.1", **{"x-forwarded-for": HOME})

    assert [answer.status_code for answer in forged] == [200] * 4 + [429] * 2
    assert at_home.status_code == 302


def test_one_address_does_not_try_one_name_after_the_other_for_ever(owner: User, settings: Settings) -> None:
    settings.LOGIN_ADDRESS_FAILURE_LIMIT = 10

    assert [sign_in(f"guess-{n}", WRONG).status_code for n in range(12)] == [200] * 9 + [429] * 3
    answer = sign_in("owner", RIGHT)

    assert answer.status_code == 429
    assert TRY_AGAIN in text_of(answer)
    assert sign_in("owner", RIGHT, HOME).status_code == 302


def test_whoever_is_signed_in_stays_so_while_the_address_is_locked_out(owner: User) -> None:
    client = Client(REMOTE_ADDR=ATTACKER)
    client.post(LOGIN, {"username": "owner", "password": RIGHT})
    statuses(6)

    assert client.get("/admin/").status_code == 200


def test_every_failure_and_lockout_has_a_line_without_what_was_typed(
    owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    statuses(6)
    sign_in("my-password-by-mistake", WRONG)

    lines = [record for record in caplog.records if record.name == "bookings.admin.parts.sign_in"]
    said = [(line.getMessage(), line.username, line.caller, line.levelname) for line in lines]  # type: ignore[attr-defined]
    failed = ("sign-in failed", "owner", ATTACKER, "WARNING")
    locked = ("sign-in locked out", "owner", ATTACKER, "WARNING")
    assert said == [failed] * 4 + [locked] * 2 + [("sign-in failed", "<unknown>", ATTACKER, "WARNING")]
    assert not re.search(f"{RIGHT}|{WRONG}|by-mistake", " ".join(map(str, (vars(record) for record in caplog.records))))


def test_no_password_is_kept_with_a_failure(owner: User) -> None:
    statuses(3)

    (attempt,) = AccessAttempt.objects.all()
    assert WRONG not in " ".join(map(str, vars(attempt).values()))
    assert AccessLog.objects.count() == 0


@pytest.mark.parametrize("name", ["", " ", "\0", "a\0b", "x" * 5000, "é", "﷽" * 40])
@pytest.mark.parametrize("password", ["", "\0", "x" * 5000])
def test_whatever_is_typed_the_form_is_shown_again(name: str, password: str) -> None:
    assert [sign_in(name, password).status_code for _ in range(2)] == [200, 200]


def test_a_caller_in_python_without_a_request_is_no_door(owner: User) -> None:
    assert Client().login(username="owner", password=RIGHT)
    assert not Client().login(username="owner", password=WRONG)
