"""The permissions of owners alone: they are the superusers."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object


def is_owner(request: HttpRequest) -> bool:
    """Say whether the signed-in user is an owner."""
    return bool(request.user.is_active and request.user.is_superuser)


class OwnersOnly(Base):
    """The permissions of rows that owners alone see and write, whatever permission was given."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_owner(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_owner(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_owner(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_owner(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_owner(request) and super().has_delete_permission(request, obj)
