"""Rights and passwords of users: owners give them, whoever may change users corrects names and addresses."""

import pytest
from django.contrib.auth.models import Group, Permission, User

from tests.helpers.admin_screens import client_with, form_of
from tests.helpers.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
EVERY_RIGHT_OVER_PEOPLE = tuple(
    f"auth.{verb}_{model}" for verb in ("view", "add", "change", "delete") for model in ("user", "group", "permission")
)
NEW_PASSWORD = "a new horse battery staple"


def page_of(user, page="change"):
    return f"{USERS}{user.pk}/{page}/"


def own_account(client):
    return User.objects.get(pk=client.session["_auth_user_id"])


@pytest.fixture
def client():
    return client_with(*EVERY_RIGHT_OVER_PEOPLE)


@pytest.fixture
def colleague(client):
    return UserFactory(is_staff=True, first_name="Anna")


@pytest.fixture
def permission():
    return Permission.objects.get(codename="change_capacityrule")


def rights_of(user):
    user = User.objects.get(pk=user.pk)
    groups, permissions = user.groups.order_by("pk"), user.user_permissions.order_by("pk")
    flags = (user.is_active, user.is_staff, user.is_superuser)
    return flags, list(groups), list(permissions), user.password


@pytest.mark.parametrize("whose", ["own", "colleague"])
def test_who_may_change_users_gives_nobody_a_right(client, colleague, permission, whose):
    user = own_account(client) if whose == "own" else colleague
    before = rights_of(user)
    asked = {"is_superuser": "on", "is_staff": "", "groups": [Group.objects.create(name="all").pk]}
    asked |= {"user_permissions": [permission.pk], "password": "plain", "username": "boss", "usable_password": "true"}

    sent = client.post(page_of(user), {**form_of(client.get(page_of(user))), **asked, "first_name": "Ada"})

    assert sent.status_code == 302
    assert rights_of(user) == before
    assert (User.objects.get(pk=user.pk).first_name, User.objects.get(pk=user.pk).username) == ("Ada", user.username)


def test_the_form_offers_names_and_address_alone(client, colleague):
    assert set(form_of(client.get(page_of(colleague)))) == {"first_name", "last_name", "email"}


@pytest.mark.parametrize("page", ["change", "delete", "history", "password"])
def test_the_account_of_an_owner_is_nothing_to_others(client, admin_user, page):
    before = rights_of(admin_user)
    answer = client.post(
        page_of(admin_user, page), {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "post": "yes"}
    )

    assert answer.status_code in (302, 403)
    assert client.get(page_of(admin_user, page)).status_code in (302, 403)
    assert rights_of(admin_user) == before
    assert admin_user not in client.get(USERS).context["cl"].result_list


@pytest.mark.parametrize("whose", ["own", "colleague"])
def test_a_password_of_another_is_set_by_owners_alone(client, admin_client, colleague, whose):
    user = own_account(client) if whose == "own" else colleague
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}

    assert client.get(page_of(user, "password")).status_code == 403
    assert client.post(page_of(user, "password"), new).status_code == 403
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    assert admin_client.post(page_of(user, "password"), new).status_code == 302
    assert User.objects.get(pk=user.pk).check_password(NEW_PASSWORD)


def test_nobody_but_an_owner_adds_or_deletes_users(client, colleague):
    new = {"username": "eve", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}

    assert client.post(f"{USERS}add/", {**new, "is_superuser": "on"}).status_code == 403
    assert client.post(page_of(colleague, "delete"), {"post": "yes"}).status_code == 403
    client.post(USERS, {"action": "delete_selected", "_selected_action": [colleague.pk], "post": "yes"})
    assert set(User.objects.values_list("pk", flat=True)) == {own_account(client).pk, colleague.pk}


def test_a_group_takes_no_permission_from_one_of_its_members(client, permission):
    group = Group.objects.create(name="hosts")
    own_account(client).groups.add(group)
    asked = {"name": "hosts", "permissions": [permission.pk], "action": "delete_selected", "post": "yes"}

    paths = ("", "add/", f"{group.pk}/change/", f"{group.pk}/delete/", f"{group.pk}/history/")
    assert [client.get(f"{GROUPS}{path}").status_code for path in paths] == [403] * 5
    assert [client.post(f"{GROUPS}{path}", asked).status_code for path in paths] == [403] * 5
    assert list(group.permissions.all()) == []


def test_an_owner_gives_rights(admin_client, colleague, permission):
    page = page_of(colleague)

    admin_client.post(
        page, {**form_of(admin_client.get(page)), "is_superuser": "on", "user_permissions": [permission.pk]}
    )

    assert User.objects.get(pk=colleague.pk).is_superuser
    assert list(colleague.user_permissions.all()) == [permission]
