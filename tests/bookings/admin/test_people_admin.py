"""Rights and passwords of users: owners give them, whoever may change users corrects names and addresses."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User

from bookings.choices import Role
from bookings.models import Membership
from tests.helpers.admin_screens import client_with, form_of, member_of, text_of, user_of
from tests.helpers.factories import PASSWORD, UserFactory, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

USERS, GROUPS, PEOPLE = "/admin/auth/user/", "/admin/auth/group/", "/admin/bookings/membership/"
EVERY_RIGHT_OVER_PEOPLE = tuple(
    f"auth.{verb}_{model}" for verb in ("view", "add", "change", "delete") for model in ("user", "group", "permission")
)
NEW_PASSWORD = "a new horse battery staple"


def page_of(user, page="change"):
    return f"{USERS}{user.pk}/{page}/"


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
    user = user_of(client) if whose == "own" else colleague
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
    user = user_of(client) if whose == "own" else colleague
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
    assert set(User.objects.values_list("pk", flat=True)) == {user_of(client).pk, colleague.pk}


def test_a_group_takes_no_permission_from_one_of_its_members(client, permission):
    group = Group.objects.create(name="hosts")
    user_of(client).groups.add(group)
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


# Roles in restaurants


def new_colleague(house, role="host"):
    return {
        "username": "anna",
        "first_name": "Anna",
        "last_name": "",
        "email": "",
        "is_staff": "on",
        "usable_password": "true",
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-restaurant": house.pk,
        "memberships-0-role": role,
    }


def test_an_owner_adds_a_host_on_one_page(admin_client):
    house = open_restaurant()

    admin_client.post(f"{USERS}add/", new_colleague(house))

    anna = User.objects.get(username="anna")
    assert (anna.is_staff, anna.is_superuser, anna.first_name) == (True, False, "Anna")
    assert list(anna.memberships.values_list("restaurant", "role")) == [(house.pk, "host")]
    assert anna.has_perm("bookings.change_booking", house)
    assert not anna.has_perm("capacity.change_capacityrule", house)


def give(client, house, user, role="host"):
    return client.post(f"{PEOPLE}add/", {"username": user.username, "restaurant": house.pk, "role": role})


def test_the_owner_of_a_restaurant_gives_roles_there_and_nowhere_else():
    colleague = UserFactory(is_staff=True)
    house, other = open_restaurant(), open_restaurant()
    owner = member_of(house, role=Role.OWNER)

    assert give(owner, house, colleague).status_code == 302
    assert give(owner, other, colleague).status_code == 200
    assert [(row.restaurant, row.role) for row in colleague.memberships.all()] == [(house, "host")]

    page = f"{PEOPLE}{colleague.memberships.get().pk}/"
    owner.post(f"{page}change/", {"role": "manager"})
    assert colleague.memberships.get().role == "manager"
    owner.post(f"{page}delete/", {"post": "yes"})
    assert list(colleague.memberships.all()) == []


@pytest.mark.parametrize("role", [Role.HOST, Role.MANAGER, Role.ENGINEER, Role.CUSTOM])
def test_nobody_else_gives_a_role_whatever_the_account_may(role):
    house, every = open_restaurant(), Permission.objects.filter(content_type__model="membership")
    client = member_of(house, role=role)
    user_of(client).user_permissions.set(every)
    own = user_of(client).memberships.get()

    answers = [give(client, house, user_of(client), "owner"), client.get(PEOPLE)]
    answers += [client.post(f"{PEOPLE}{own.pk}/change/", {"role": "owner"})]

    assert len(every) == 4
    assert [answer.status_code for answer in answers] == [403] * 3
    assert user_of(client).memberships.get().role == role


def test_a_user_name_that_nobody_has_is_refused_at_its_field():
    house = open_restaurant()

    page = give(member_of(house, role=Role.OWNER), house, User(username="nobody"))

    assert page.context["adminform"].errors == {"username": ["No member of the staff signs in by this name."]}


def test_who_may_change_users_sees_those_of_the_same_restaurants(permission):
    house, other = open_restaurant(), open_restaurant()
    near, far = (user_of(member_of(place, role=Role.HOST)) for place in (house, other))
    client = client_with(*EVERY_RIGHT_OVER_PEOPLE)
    user_of(client).memberships.exclude(restaurant=house).delete()

    listed = set(client.get(USERS).context["cl"].result_list)

    assert listed == {near, user_of(client)}
    assert client.get(page_of(far)).status_code == client.get(f"{USERS}999999/change/").status_code


def test_staff_without_a_role_is_told_so(client):
    user_of(client).memberships.all().delete()

    assert "You have no role in a restaurant yet" in text_of(client.get("/admin/"))


def test_the_memberships_are_read_once_for_a_request(django_assert_num_queries):
    house = open_restaurant()
    user = user_of(member_of(house, open_restaurant(), role=Role.HOST))

    with django_assert_num_queries(2):  # Those of the account and of its groups, and the roles.
        assert user.has_perm("bookings.change_booking", house)
        assert not user.has_perm("capacity.change_capacityrule")
        assert user.has_perm("capacity.view_serviceday")


def test_an_upgrade_leaves_the_staff_the_restaurants_and_permissions_that_it_had(permission):
    houses = [open_restaurant(), open_restaurant()]
    staff, guest, owner = UserFactory(is_staff=True), UserFactory(), UserFactory(is_staff=True, is_superuser=True)
    staff.user_permissions.add(permission)

    migration = import_module("bookings.migrations.0019_staff_keep_their_restaurants")
    for _ in range(2):
        migration.keep_restaurants(apps, None)

    assert {(row.user, row.restaurant, row.role) for row in Membership.objects.all()} == {
        (staff, house, "custom") for house in houses
    }
    assert staff.has_perm("capacity.change_capacityrule", houses[0])
    assert not staff.has_perm("capacity.view_capacityrule", houses[0])
    assert not guest.has_perm("capacity.change_capacityrule", houses[0])
    assert owner.has_perm("capacity.view_capacityrule", houses[0])
