"""The callers of the API: the staff by admin session, a system of the house by its API key."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from bookings.models import ApiKey
from bookings.selectors.memberships import list_memberships, list_restaurant_ids
from bookings.selectors.second_factor import lacks_second_factor
from bookings.services.upkeep.api_keys import authenticate_api_key
from config.errors import RecordNotFound

SCHEME = "Bearer"


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`; `request.auth` is the `ApiKey`, and there is no user."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        """Return the key that the request carries, None if it carries none.

        Raises: `AuthenticationFailed`.
        """
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.casefold() != SCHEME.casefold():
            return None
        api_key = authenticate_api_key(secret=secret.strip())
        if api_key is None:
            raise AuthenticationFailed("This API key is not valid.")
        return AnonymousUser(), api_key

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return f'{SCHEME} realm="maitre"'


class IsStaffOrKeyOfRestaurant(BasePermission):
    """Let staff see what their roles permit, in their restaurants, and a key its own restaurant."""

    message = "This is for the staff of the restaurant."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether the caller is staff with the right in some restaurant, or holds a key.

        Raises: `PermissionDenied` for staff whose session lacks the second factor.
        """
        if isinstance(request.auth, ApiKey):
            return True
        if not (request.user and request.user.is_staff and request.user.has_perm(_right_of(view))):
            return False
        if lacks_second_factor(request.user, request.session):
            raise PermissionDenied("Sign in with your second factor first.")
        return True

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        """Say whether the caller may see a restaurant.

        Raises: `RecordNotFound` for a restaurant in which the user has no role.
        """
        if isinstance(request.auth, ApiKey):
            return bool(request.auth.restaurant_id == obj.pk)
        ids = list_restaurant_ids(request.user, _right_of(view))
        if ids is not None and obj.pk not in {own.restaurant_id for own in list_memberships(request.user)}:
            raise RecordNotFound
        return ids is None or obj.pk in ids


def _right_of(view: APIView) -> str:
    """Return the permission that a user needs for a view; a key has all of its restaurant."""
    right: str = view.right  # type: ignore[attr-defined]
    return right
