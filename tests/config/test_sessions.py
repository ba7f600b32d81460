"""Sessions and their users, found by prepared statements at every request."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils.timezone import now

from config.sessions import SessionStore

pytestmark = pytest.mark.django_db

PAGE = "/admin/"
SIGN_IN = f"/admin/login/?next={PAGE}"


def test_what_is_kept_in_a_session_is_found_by_its_key() -> None:
    kept = SessionStore()
    kept["restaurant"] = "bistro"
    kept.save()

    assert dict(SessionStore(kept.session_key).items()) == {"restaurant": "bistro"}


def test_a_session_that_is_over_holds_nothing_and_its_key_is_not_used_again(admin_client: Client) -> None:
    key = admin_client.session.session_key
    Session.objects.update(expire_date=now() - timedelta(seconds=1))

    over = SessionStore(key)

    assert (dict(over.items()), over.session_key) == ({}, None)
    assert admin_client.get(PAGE)["Location"] == SIGN_IN


@pytest.mark.parametrize("key", ["a-key-that-was-never-there", "short", r'"\000\000\000\000\000\000\000\000"'])
def test_a_key_that_is_none_is_asked_to_sign_in(client: Client, key: str) -> None:
    answer = client.get(PAGE, headers={"cookie": f"{settings.SESSION_COOKIE_NAME}={key}"})

    assert (answer.status_code, answer["Location"]) == (302, SIGN_IN)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_user_who_is_deactivated_or_gone_is_out_at_the_next_request(admin_client: Client, is_deleted: bool) -> None:
    assert admin_client.get(PAGE).status_code == 200
    if is_deleted:
        User.objects.get().delete()
    else:
        User.objects.update(is_active=False)

    assert admin_client.get(PAGE)["Location"] == SIGN_IN


def test_a_changed_password_ends_the_sessions_of_before(admin_client: Client) -> None:
    user = User.objects.get()
    user.set_password("another-one")
    user.save()

    assert admin_client.get(PAGE)["Location"] == SIGN_IN


def test_who_signs_in_by_password_is_found_by_the_same_statement(client: Client) -> None:
    User.objects.create_superuser("ops", password="a-good-password")

    client.post("/admin/login/", {"username": "ops", "password": "a-good-password"})

    assert client.session["_auth_user_backend"] == "bookings.selectors.memberships.AccountBackend"
    assert client.get(PAGE).status_code == 200
