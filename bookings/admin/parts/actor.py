"""The user behind a request."""

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def actor_of(request: HttpRequest) -> User:
    """Return the signed-in user.

    Raises: `PermissionDenied` without a user, though the admin itself never lets such a request in.
    """
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user
