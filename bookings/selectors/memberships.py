"""The rights of users: what a role permits in its restaurant, read once for a user and a request."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.db import DEFAULT_DB_ALIAS
from django.db.models import BigIntegerField, Q, QuerySet

from bookings.models import Membership
from bookings.rights import permissions_of
from config.statements import Parameter, Statement
from tables.models import Restaurant

AnyUser = User | AnonymousUser
KEPT, KEPT_PERMISSIONS = "_memberships", "_given_permissions"


class AccountBackend(ModelBackend):
    """The accounts as Django has them; prepared statements find the user of a session and what was given to it."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the user of a session, None for one that is gone or no longer active; 1 query."""
        users = [User.from_db(DEFAULT_DB_ALIAS, _USER_COLUMNS, row) for row in _USER.run(user=user_id)]
        return next((user for user in users if self.user_can_authenticate(user)), None)

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return what was given to a user and its groups, all to a superuser; 1 query, kept with the user."""
        if not user_obj.is_active or user_obj.is_anonymous or user_obj.is_superuser or obj is not None:
            return super().get_all_permissions(user_obj, obj)
        kept: set[str] | None = getattr(user_obj, KEPT_PERMISSIONS, None)
        if kept is None:
            kept = {f"{app}.{name}" for app, name in _GIVEN.run(user=user_obj.pk)}
            setattr(user_obj, KEPT_PERMISSIONS, kept)
        return kept


def _given_query() -> QuerySet[Permission, tuple[Any, ...]]:
    user = Parameter("user", BigIntegerField())
    own = User.user_permissions.through.objects.filter(user=user).values("permission")
    of_groups = Permission.objects.filter(group__user=user).values("pk")
    given = Permission.objects.filter(Q(pk__in=own) | Q(pk__in=of_groups))
    return given.order_by().values_list("content_type__app_label", "codename")


def _user_query() -> QuerySet[User, tuple[Any, ...]]:
    return User.objects.filter(pk=Parameter("user", BigIntegerField())).values_list(*_USER_COLUMNS)


_USER_COLUMNS = [field.attname for field in User._meta.concrete_fields]
# Every screen asks for its user every few seconds.
_USER = Statement.of("user_of_session", _user_query)
# So does every page, of which the sidebar alone asks for twenty.
_GIVEN = Statement.of("permissions_of_user", _given_query)


class RoleBackend(BaseBackend):
    """The permissions by role, for `user.has_perm(permission, row)`: in the restaurant of the row, without one in any.

    What an owner gave to the account itself, by Django's own backend, holds in the user's restaurants.
    """

    def get_user(self, user_id: Any) -> Any:
        """Return the user of a session, as the backend of accounts does: this one is asked before it."""
        return AccountBackend().get_user(user_id)

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Say whether a user has a permission; what a role permits costs no query beside that of the memberships."""
        if not user_obj.is_active or user_obj.is_anonymous:
            return False
        roles = _roles_in(user_obj, obj)
        return perm in permissions_of(roles) or (obj is not None and bool(roles) and perm in _given(user_obj))

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the permissions of a user in the restaurant of a row, without a row in any restaurant."""
        if not user_obj.is_active or user_obj.is_anonymous:
            return set()
        roles = _roles_in(user_obj, obj)
        return set(permissions_of(roles) | (_given(user_obj) if roles and obj is not None else frozenset()))

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Say whether a role of a user permits anything in an app."""
        return any(permission.startswith(f"{app_label}.") for permission in self.get_user_permissions(user_obj))


def _roles_in(user: Any, row: Any) -> set[str]:
    """Return the roles of a user in the restaurant of a row, without a row in any restaurant."""
    memberships = list_memberships(user)
    return {own.role for own in memberships if row is None or own.restaurant_id == restaurant_id_of(row)}


def list_memberships(user: AnyUser) -> list[Membership]:
    """List the memberships of a user with their restaurants, by name; 1 query, kept with the user."""
    if user.is_anonymous:
        return []
    kept: list[Membership] | None = getattr(user, KEPT, None)
    if kept is None:
        kept = [_membership(row) for row in _OF_USER.run(user=user.pk)]
        setattr(user, KEPT, kept)
    return kept


def _membership(row: tuple[Any, ...]) -> Membership:
    own = Membership.from_db(DEFAULT_DB_ALIAS, _COLUMNS, row[: len(_COLUMNS)])
    own.restaurant = Restaurant.from_db(DEFAULT_DB_ALIAS, RESTAURANT_COLUMNS, row[len(_COLUMNS) :])
    return own


def _memberships_query() -> QuerySet[Membership, tuple[Any, ...]]:
    own = Membership.objects.filter(user=Parameter("user", BigIntegerField()))
    of_restaurant = (f"restaurant__{name}" for name in RESTAURANT_COLUMNS)
    return own.order_by("restaurant__name", "restaurant_id").values_list(*_COLUMNS, *of_restaurant)


RESTAURANT_COLUMNS = [field.attname for field in Restaurant._meta.concrete_fields]
_COLUMNS = [field.attname for field in Membership._meta.concrete_fields]
# Every screen of a host asks for them every few seconds.
_OF_USER = Statement.of("memberships_of_user", _memberships_query)


def list_restaurant_ids(user: AnyUser, *permissions: str) -> Collection[int] | None:
    """List the restaurants in which a user has one of some permissions, without any those of the user.

    None stands for every restaurant: the user is an owner.
    """
    if user.is_active and user.is_superuser:
        return None
    given = not permissions or any(permission in _given(user) for permission in permissions)
    return [
        membership.restaurant_id
        for membership in list_memberships(user)
        if given or not permissions_of([membership.role]).isdisjoint(permissions)
    ]


def restaurants_of(user: AnyUser, *permissions: str) -> QuerySet[Restaurant]:
    """Return the restaurants in which a user has one of some permissions, by name."""
    ids = list_restaurant_ids(user, *permissions)
    restaurants = Restaurant.objects.order_by("name", "pk")
    return restaurants if ids is None else restaurants.filter(pk__in=ids)


def restaurant_id_of(row: Any) -> int | None:
    """Return the restaurant that a row is of, None for a row of all or of none."""
    if isinstance(row, Restaurant):
        return row.pk
    restaurant_id: int | None = getattr(row, "restaurant_id", None)
    return restaurant_id


def _given(user: Any) -> frozenset[str]:
    return frozenset(AccountBackend().get_all_permissions(user))
