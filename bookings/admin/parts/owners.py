"""The permissions of owners alone: they are the superusers."""

from typing import Any

from django.http import HttpRequest


def is_owner(request: HttpRequest) -> bool:
    """Say whether the signed-in user is an owner."""
    return bool(request.user.is_active and request.user.is_superuser)


class OwnersOnly:
    """The permissions of rows that owners alone see, whatever permission was given."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_owner(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_owner(request)
