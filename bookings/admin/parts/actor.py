"""Who acts."""

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def actor_of(request: HttpRequest) -> User:
    """Return the user who is signed in.

    Raises: `PermissionDenied` for nobody, which the admin itself never lets in.
    """
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user
