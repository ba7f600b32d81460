"""Tests of what was given to an account: as Django says it, in one query."""

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, Group, Permission, User

from bookings.selectors.memberships import AccountBackend

pytestmark = pytest.mark.django_db


@pytest.fixture
def given() -> User:
    """A user with a permission of its own, one by a group, one by both, and one by each of two groups."""
    user = User.objects.create_user("ada", is_staff=True)
    own, of_group, of_both, of_two = Permission.objects.order_by("pk")[:4]
    user.user_permissions.set([own, of_both])
    for name, permissions in (("first", [of_group, of_both, of_two]), ("second", [of_two])):
        group = Group.objects.create(name=name)
        group.permissions.set(permissions)
        group.user_set.add(user)
    other = Group.objects.create(name="of somebody else")
    other.permissions.set(Permission.objects.all())
    other.user_set.add(User.objects.create_user("bob"))
    return User.objects.get(pk=user.pk)


def test_an_account_has_what_django_says_that_it_has(given: User, django_assert_num_queries) -> None:
    """Its own and those of its groups, each once, read once."""
    with django_assert_num_queries(1):
        known = [AccountBackend().get_all_permissions(given) for _ in range(2)]
    assert known[0] == known[1] == ModelBackend().get_all_permissions(User.objects.get(pk=given.pk))
    assert len(known[0]) == 4


def test_in_a_row_nothing_is_given_to_an_account(given: User) -> None:
    """As with Django, whose permissions know no rows."""
    assert AccountBackend().get_all_permissions(given, given) == set()


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_superuser": True}])
def test_who_may_nothing_or_all_is_answered_as_by_django(given: User, change: dict[str, bool]) -> None:
    """An account that is closed, and a superuser."""
    for name, value in change.items():
        setattr(given, name, value)
    given.save()
    own, djangos = (User.objects.get(pk=given.pk) for _ in range(2))
    assert AccountBackend().get_all_permissions(own) == ModelBackend().get_all_permissions(djangos)


def test_nobody_is_given_nothing() -> None:
    """A visitor has no permissions, and asks for none."""
    assert AccountBackend().get_all_permissions(AnonymousUser()) == set()
