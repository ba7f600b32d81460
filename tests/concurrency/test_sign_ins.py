"""Thirty tries of one name from one address at once: no more passwords are looked at than one after the other."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client

from bookings.admin.parts import sign_in
from tests.helpers.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

TRIES = 30


def try_at_once() -> list[int]:
    """Return the statuses of thirty tries that begin together."""
    owner: Any = UserFactory(username="owner", is_staff=True)
    owner.set_password("right")
    owner.save()
    begin = Barrier(TRIES, timeout=30)

    def try_once(_: int) -> int:
        begin.wait()
        try:
            return Client().post("/admin/login/", {"username": "owner", "password": "wrong"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=TRIES) as pool:
        return list(pool.map(try_once, range(TRIES)))


def test_of_thirty_tries_at_once_five_passwords_are_looked_at(looked_at: list[str]) -> None:
    answers = try_at_once()

    assert sorted(answers) == [200] * 4 + [429] * 26
    assert looked_at == ["wrong"] * 5


def test_without_the_lock_all_of_them_are_looked_at(looked_at: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "lock_sign_in", lambda username, address: None)
    meet = Barrier(TRIES)
    look = MD5PasswordHasher.verify

    def look_together(hasher: MD5PasswordHasher, password: str, encoded: str) -> bool:
        # Everybody has passed the guard before the first failure is counted.
        meet.wait(timeout=60)
        return look(hasher, password, encoded)

    monkeypatch.setattr(MD5PasswordHasher, "verify", look_together)

    try_at_once()

    assert looked_at == ["wrong"] * TRIES


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of passwords that the hasher is asked about."""
    seen: list[str] = []
    look = MD5PasswordHasher.verify

    def noted(hasher: MD5PasswordHasher, password: str, encoded: str) -> bool:
        seen.append(password)
        return look(hasher, password, encoded)

    monkeypatch.setattr(MD5PasswordHasher, "verify", noted)
    return seen
