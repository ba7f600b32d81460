"""API keys in the admin: made and revoked by owners and engineers of the restaurant, shown once."""

import re

import pytest
from django.test import Client

from bookings.choices import Role
from bookings.models import ApiKey
from bookings.services.upkeep.api_keys import authenticate_api_key, create_api_key
from tests.helpers.admin_screens import member_of
from tests.helpers.factories import open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = "/admin/bookings/apikey/"


@pytest.fixture
def house():
    return open_restaurant()


def make(client: Client, house):
    return client.post(f"{KEYS}add/", {"restaurant": house.pk, "name": "till"})


def revoke(client: Client, *keys: ApiKey):
    return client.post(KEYS, {"action": "revoke", "_selected_action": [key.pk for key in keys]})


@pytest.mark.parametrize("role", [Role.OWNER, Role.ENGINEER])
def test_a_key_is_made_shown_once_and_revoked(house, role):
    client = member_of(house, role=role)

    page = make(client, house)
    (secret,) = re.findall(r"mtr_[\w-]{43}", page.content.decode())
    key = authenticate_api_key(secret=secret)

    assert (key, key.restaurant) == (ApiKey.objects.get(), house)
    assert "no-store" in page.headers["Cache-Control"]
    assert not [url for url in (KEYS, f"{KEYS}{key.pk}/change/") if secret in client.get(url).content.decode()]

    revoke(client, key)
    assert authenticate_api_key(secret=secret) is None


@pytest.mark.parametrize("role", [Role.HOST, Role.MANAGER, Role.CUSTOM])
def test_nobody_else_makes_or_sees_a_key(house, role):
    client = member_of(house, role=role)

    assert [make(client, house).status_code, client.get(KEYS).status_code] == [403, 403]
    assert ApiKey.objects.count() == 0


def test_a_key_of_another_restaurant_is_neither_made_nor_revoked(house):
    client, other = member_of(house, role=Role.OWNER), open_restaurant()
    theirs = create_api_key(restaurant_id=other.pk, name="till").api_key

    revoke(client, theirs)

    assert make(client, other).context["adminform"].errors.keys() == {"restaurant"}
    assert list(ApiKey.objects.values_list("pk", "revoked_at")) == [(theirs.pk, None)]
